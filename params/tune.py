"""What a search may change: the params section `tune`.

A run does not read it. It stands in the params file so that a search can be made again.
"""

import json
from typing import Self

from pydantic import Field, JsonValue, model_validator

from params.section import Section, is_none

SEARCHED = ("train", "model", "preprocess")  # the sections whose values a search may change
# Trials that validate on different examples have values that cannot be compared.
CHOOSE_VALIDATION = frozenset(
    f"preprocess.{name}"
    for name in (
        "val_fraction",
        "split_seed",
        "test_fraction",
        "context_length",
        "prediction_length",
    )
)


class Dimension(Section):
    """The values that a search may give to one param: a range from low to high, or choices."""

    low: int | float | None = Field(
        default=None, exclude_if=is_none, description="Least value of a range."
    )
    high: int | float | None = Field(
        default=None, exclude_if=is_none, description="Greatest value of a range."
    )
    log: bool = Field(
        default=False,
        exclude_if=lambda log: not log,
        description="Whether each power of ten of the range is as likely as every other.",
    )
    step: int | float | None = Field(
        default=None,
        exclude_if=is_none,
        gt=0,
        description="Distance of two values of a range; left out, every value is possible.",
    )
    choices: tuple[JsonValue, ...] | None = Field(
        default=None, exclude_if=is_none, description="The values, where they are no range."
    )

    @model_validator(mode="after")
    def _range_or_choices(self) -> Self:
        if self.choices is not None:
            given = [name for name in ("low", "high", "step") if getattr(self, name) is not None]
            if given or self.log:
                raise ValueError(f"choices must stand alone, without {(given or ['log'])[0]}")
            if len(set(map(as_text, self.choices))) < max(2, len(self.choices)):
                raise ValueError(
                    f"choices must be at least two different values, got {as_text(self.choices)}"
                )
            return self
        for name in ("low", "high"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} is missing: a range has low and high, or else choices")
        self._check_range(*self.ends)
        return self

    def _check_range(self, low: float, high: float) -> None:
        """Refuse a range that holds nothing to choose from.

        Raises:
            ValueError: If the ends, the step and the scale do not go together.
        """
        if low >= high:
            raise ValueError(f"low must be less than high, got {low} and {high}")
        if self.log and low <= 0:
            raise ValueError(f"low must be more than 0 for a range with log, got {low}")
        if self.log and self.step is not None:
            raise ValueError("step must be left out of a range with log")
        if self.step is not None and self.step > high - low:
            raise ValueError(f"step must be at most high - low, {high - low}, got {self.step}")

    @property
    def ends(self) -> tuple[int | float, int | float]:
        """The least and the greatest value of a range."""
        assert self.low is not None, "a range has it"
        assert self.high is not None, "a range has it"
        return self.low, self.high

    def holds(self, value: JsonValue) -> bool:
        """Whether `value` is one that the search may give."""
        if self.choices is not None:
            return as_text(value) in map(as_text, self.choices)
        low, high = self.ends
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        steps = 0.0 if self.step is None else (value - low) / self.step
        return low <= value <= high and abs(steps - round(steps)) < 1e-9


class Tune(Section):
    """What `unroll tune` may change; the architectures are each searched on their own."""

    space: dict[str, Dimension] = Field(
        min_length=1, description="Values by dotted key, such as train.learning_rate."
    )

    @model_validator(mode="after")
    def _keys_that_can_be_compared(self) -> Self:
        for key in self.space:
            if key.split(".")[0] not in SEARCHED or "." not in key:
                raise ValueError(
                    f"space must only have keys of {', '.join(SEARCHED)}, such as "
                    f"train.learning_rate, got {key!r}"
                )
            if key in CHOOSE_VALIDATION:
                raise ValueError(
                    f"space must not have {key}: it chooses the validation examples, so that "
                    "values of trials could not be compared"
                )
        return self


def as_text(value: object) -> str:
    """A value of a params file as JSON, by which two of them are the same or not."""
    return json.dumps(value, sort_keys=True)
