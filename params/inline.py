"""Texts that stand in a params file itself."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from params.section import Section

# More belong in a file: the params travel whole, and Prefect takes half a megabyte of them.
MAX_TEXTS = 200
MAX_CHARACTERS = 10_000


class LabelledText(Section):
    """One example of an inline source."""

    text: str = Field(description="The text.")
    label: Literal[0, 1] = Field(description="Its label, 0 or 1.")


class InlineTexts(Section):
    """A small data set inside the params file."""

    train: tuple[LabelledText, ...] = Field(
        min_length=1, max_length=MAX_TEXTS, description="Texts to train and validate on."
    )
    test: tuple[LabelledText, ...] = Field(
        min_length=1, max_length=MAX_TEXTS, description="Texts that no network is trained on."
    )

    @model_validator(mode="after")
    def _small(self) -> Self:
        require_few("train and test", [one.text for one in (*self.train, *self.test)])
        return self


def require_few(name: str, texts: Sequence[str]) -> None:
    """Refuse texts that together are too long for a params file.

    Raises:
        ValueError: If they are.
    """
    total = sum(map(len, texts))
    if total > MAX_CHARACTERS:
        raise ValueError(
            f"{name} must hold at most {MAX_CHARACTERS:,} characters together, got {total:,}; "
            "more texts belong in a folder (ingest.source)"
        )
