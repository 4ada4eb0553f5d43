"""Values that pass from one stage to the next.

Units: `*_seconds` are seconds of wall time, temperatures are degrees C, epochs and forecast steps
count from 1, days count from 0.
"""

from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import Field

from components.records.against import ChampionEvidence
from components.records.record import Record
from params.names import Architecture
from params.section import is_none


class SplitFacts(Record):
    """What ingest found in one split; `positives` or the range is absent where meaningless."""

    num_examples: int
    missing: int
    repeats: int
    positives: int | None = None
    minimum: float | None = None
    maximum: float | None = None


class Ingested(Record):
    """A verified table in the store, one Parquet file a split, and what is known of it."""

    path: Path
    source: str
    fingerprint: str
    splits: dict[str, SplitFacts]
    repeats_across: int
    caveat: str | None = None
    reused: bool = False


class SequenceSpec(Record):
    """What a network must know of its data: token ids or features in, how many values out."""

    num_embeddings: int | None
    input_size: int
    output_size: int


class Scaler(Record):
    """Fitted on the training part: scaled = (value - mean) / scale, both in degrees C."""

    mean: float
    scale: float


class Truncation(Record):
    """How much of a text networks read: `max_length` words, cut at the `start` or the `end`."""

    max_length: int
    side: Literal["start", "end"]


class Prepared(Record):
    """Encoded splits in the store, ready to be batched. `truncation` is there for texts alone.

    `points` has what each point of a grid reads, in their order, where they do not all read this.
    """

    path: Path
    key: str
    fingerprint: str
    train: int
    val: int
    test: int
    spec: SequenceSpec
    scaler: Scaler | None = None
    truncation: Truncation | None = None
    points: tuple["Prepared", ...] = Field(default=(), exclude_if=lambda points: not points)
    notes: tuple[str, ...] = ()
    reused: bool = False

    def at(self, place: int) -> "Prepared":
        """What the point at `place` of the grid reads, counted from 0."""
        return self.points[place] if self.points else self


class Epoch(Record):
    """Metrics at the end of one epoch, by key such as `val/loss`."""

    epoch: int
    seconds: float
    metrics: dict[str, float]


class Trained(Record):
    """One finished run: one architecture with one seed. The weights are those of `best_epoch`.

    `peak_memory_bytes` is the most that its process held, libraries included. `row` is the name of
    its row where that is not the architecture's.
    """

    path: Path
    architecture: Architecture
    seed: int
    num_parameters: int
    train_seconds: float
    peak_memory_bytes: int
    best_epoch: int
    epochs: tuple[Epoch, ...]
    reused: bool = False
    row: str | None = None

    @property
    def name(self) -> str:
        """The name of the row that it belongs to."""
        return self.row or self.architecture

    @property
    def seconds_per_epoch(self) -> float:
        """The mean over its epochs, each with its validation."""
        return fmean(epoch.seconds for epoch in self.epochs)

    @property
    def best_metrics(self) -> dict[str, float]:
        """The metrics of the epoch whose weights stay."""
        return self.epochs[self.best_epoch - 1].metrics


class Missing(Record):
    """A run, or a baseline (which has no seed), that has no result, and why.

    One that is RUNNING had none yet when it was looked at. `label` is that of its row, where the
    name alone would not say which it is.
    """

    name: str
    label: str | None = Field(default=None, exclude_if=is_none)
    seed: int | None
    status: Literal["FAILED", "KILLED", "RUNNING"]
    reason: str


class Scored(Record):
    """Test metrics of one run or baseline; the predictions behind them lie in `path`.

    `truth_digest` is that of the test examples and what was true of them. `train_seconds` and
    `peak_memory_bytes` are those of the process that trained or fitted it, libraries included.
    `num_parameters` counts what it learned. `new_texts` has a network's probability of label 1 for
    each text that nobody labelled.
    """

    path: Path
    fingerprint: str
    kind: Literal["network", "baseline"]
    name: str
    seed: int | None
    truth_digest: str = ""
    num_parameters: int | None
    train_seconds: float
    peak_memory_bytes: int
    metrics: dict[str, float]
    new_texts: tuple[float, ...] = ()
    run_id: str | None = None


class Answering(Record):
    """How fast and how big a row is, by the run of its first seed, alone on one thread.

    Latency is that of one sequence from a text or a window in degrees C to its answer, throughput
    in sequences a second in batches of 256. `size_bytes` is that of the files it needs.
    `busy_cores` is how many cores other processes kept busy while the rows were measured, on
    average; an older version did not look.
    """

    name: str
    size_bytes: int
    latency_median_seconds: float
    latency_p99_seconds: float
    throughput: float
    busy_cores: float | None = Field(default=None, exclude_if=is_none)


class NamedRow(Record):
    """One of several rows of an architecture or a baseline: its name, and what sets it apart.

    `changed` has the params in which these rows differ from each other, by dotted key.
    """

    name: str
    label: str
    architecture: Architecture | None
    changed: dict[str, str]


class Evidence(Record):
    """All that a comparison is made from: what was trained and scored, and what did not finish.

    `answering` is that of each architecture and baseline which could be measured. `named` has the
    rows that are called otherwise than their architecture or baseline. `champion` is the last one,
    where the best of these is from another training.
    """

    ingested: Ingested
    prepared: Prepared
    trained: tuple[Trained, ...]
    scored: tuple[Scored, ...]
    answering: tuple[Answering, ...] = ()
    named: tuple[NamedRow, ...] = ()
    missing: tuple[Missing, ...]
    champion: ChampionEvidence | None = None
