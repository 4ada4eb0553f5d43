"""What sets two sets of params apart, by dotted key."""

from collections.abc import Mapping
from dataclasses import dataclass

from params.flat import flatten
from params.schema import Experiment

LONGEST = 60  # characters of a value in a line; a list of texts can be long
ABSENT = "(not set)"


@dataclass(frozen=True)
class Change:
    """A key with its value in the one and in the other; None where it is not set."""

    key: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        """Such as `train.max_epochs: 3 -> 5`."""
        return f"{self.key}: {self.values}"

    @property
    def values(self) -> str:
        """Such as `3 -> 5`."""
        return " -> ".join(self.sides)

    @property
    def sides(self) -> tuple[str, str]:
        """The old value and the new one as they stand in a line, where they differ."""
        old, new = shortened(self.old), shortened(self.new)
        if old == new:  # they differ further on
            old, new = (f"{len(value or ''):,} characters" for value in (self.old, self.new))
            new += ", otherwise" if old == new else ""
        return old, new


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """Every key whose value is not the same, in the order of the old, then of the new."""
    keys = [*old, *(key for key in new if key not in old)]
    return [Change(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def flat(experiment: Experiment) -> dict[str, str]:
    """All params of an experiment by dotted key."""
    return flatten(experiment.model_dump(mode="json"))


def shortened(value: str | None) -> str:
    """A value as it stands in a line, on one line and cut where it is long."""
    if value is None:
        return ABSENT
    text = " ".join(value.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
