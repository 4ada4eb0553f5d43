"""The last champion of an experiment, and what sets the new best network apart from it."""

from pathlib import Path

from components.records.pairs import Pair
from components.records.record import Record
from params.names import Architecture


class Champion(Record):
    """The network that was the champion of an experiment when a comparison of it began.

    `version` is that of its registered model and `registered` the day it became one, ISO 8601.
    `comparison` is the one that trained it, as the MLflow run `run_id`, on the data `source` with
    the `fingerprint`. `training` is the same for trainings with the same result.
    """

    version: str
    registered: str
    comparison: str
    run_id: str
    architecture: Architecture
    seed: int
    training: str
    source: str
    fingerprint: str


class Said(Record):
    """What one network said of a test split: its metrics, and the folder with its predictions.

    `truth_digest` is that of the test examples and what was true of them.
    """

    path: Path
    truth_digest: str
    metrics: dict[str, float]


class ChampionEvidence(Record):
    """The last champion, and what it said of the test split of a later comparison."""

    champion: Champion
    said: Said


class Score(Record):
    """The new best network and the last champion on the same test examples, by one metric.

    `pair` calls them `NEW` and `LAST`; it is absent where there are too few test examples.
    """

    metric: str
    new: float
    last: float
    pair: Pair | None = None


class Guard(Record):
    """What `compare.alert` found: whether the new best network is worse by more than `drop`.

    `fired` says that it is, and that the paired test of the two finds a difference.
    """

    metric: str
    drop: float
    fired: bool


class Against(Record):
    """The new best network, one run of the row called `row`, against the last champion.

    `new_data` says that the champion was trained on other data than the new one. `scores` has the
    ranking metric first.
    """

    champion: Champion
    row: str
    architecture: Architecture
    seed: int
    run_id: str | None
    new_data: bool
    num_examples: int
    scores: tuple[Score, ...]
    guard: Guard | None = None


NEW, LAST = "new", "last"  # what the two are called in a pair
