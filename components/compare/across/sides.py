"""What is set side by side when runs of several comparisons meet, and when that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.records import Recalled, Scored
from params.errors import InputError
from params.schema import Experiment


@dataclass(frozen=True)
class Side:
    """A comparison, or some of its runs, that takes part; `called` is what a person calls it."""

    called: str
    recalled: Recalled

    @property
    def experiment(self) -> Experiment:
        """What it asked."""
        return self.recalled.experiment

    @property
    def created(self) -> str:
        """When it was made, ISO 8601."""
        return self.recalled.evidence.created

    @property
    def scored(self) -> tuple[Scored, ...]:
        """The scores of its runs and baselines."""
        return (*(run.scored for run in self.recalled.runs), *self.recalled.baselines)


def require_same(sides: tuple[Side, ...]) -> None:
    """See that all sides did the same task on the same data and the same test split.

    Raises:
        InputError: If they did not; it says who did what.
    """
    require_one("tasks", {side.called: side.experiment.task for side in sides})
    require_one(
        "data", {side.called: side.recalled.evidence.ingested.fingerprint for side in sides}
    )
    splits: dict[str, str] = {}
    for side in sides:
        digests = sorted({one.truth_digest for one in side.scored})
        if digests:
            splits[side.called] = " and ".join(digests)
    require_one("test splits", splits)


def require_one(what: str, found: Mapping[str, str]) -> None:
    """See that every side has the same value.

    Raises:
        InputError: If not.
    """
    by_value: dict[str, list[str]] = {}
    for called, value in found.items():
        by_value.setdefault(value, []).append(called)
    if len(by_value) > 1:
        said = "; ".join(f"{value}: {', '.join(who)}" for value, who in by_value.items())
        raise InputError(f"runs on different {what} cannot be compared: {said}")
