"""What a search for better params is, and what it found; every value is of validation data."""

from typing import Literal

from pydantic import Field, JsonValue

from components.records.record import Record
from params.names import Architecture, Task
from params.tune import Dimension

TrialState = Literal["complete", "pruned", "failed"]


class Search(Record):
    """A search: what may change, what is better, how often it tries.

    It tries `num_trials` times for each architecture, with every seed, and judges no trial before
    it is past `warm_up` epochs. `id` is the same for searches that can go on from each other.
    `first` has the values with which each architecture begins, those of the params file; none if
    they are not all in the space.
    """

    id: str
    experiment: str
    task: Task
    metric: str
    better: Literal["higher", "lower"]
    architectures: tuple[Architecture, ...]
    num_trials: int
    seeds: tuple[int, ...]
    space: dict[str, Dimension]
    space_from: str
    warm_up: int
    first: dict[str, JsonValue] | None

    def study(self, architecture: Architecture) -> str:
        """What the study of an architecture is called."""
        return f"{self.id}-{architecture}"


class Claimed(Record):
    """A trial that this process does. `number` is Optuna's, `place` counts from 1.

    A trial that was interrupted is done again under another number in the same place.
    """

    architecture: Architecture
    number: int
    place: int
    values: dict[str, JsonValue]

    @property
    def name(self) -> str:
        """What people call it, such as `lstm trial 7`."""
        return f"{self.architecture} trial {self.place}"


class TrialOutcome(Record):
    """How a trial ended. `value` is the metric at the epoch whose weights are kept.

    That of a pruned trial is the last that it reached; a failed one has none, but a `reason`.
    `epochs` are those of the first seed.
    """

    architecture: Architecture
    place: int
    state: TrialState
    values: dict[str, JsonValue]
    value: float | None
    epochs: int
    seconds: float | None = None
    reason: str | None = None
    run_id: str | None = None


class Tuned(Record):
    """What the search found for one architecture; `best` is none if no trial is complete.

    `as_in_file` is the trial with the values of the params file, if it is complete. `running` are
    the trials that another process is at.
    """

    architecture: Architecture
    trials: tuple[TrialOutcome, ...]
    best: TrialOutcome | None
    as_in_file: TrialOutcome | None
    running: int = 0

    def count(self, state: TrialState) -> int:
        """How many trials ended so."""
        return sum(trial.state == state for trial in self.trials)


class Tuning(Record):
    """All that a search found, by architecture, the best value first; `files` are to be run."""

    search: Search
    tuned: tuple[Tuned, ...]
    run_id: str | None = None
    files: dict[Architecture, str] = Field(default_factory=dict)
