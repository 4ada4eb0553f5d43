"""Values that cross a stage border: frozen, small, and written as JSON.

Units: `*_seconds` are seconds of wall time, temperatures are degrees C, epochs and forecast steps
count from 1, days count from 0.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from params.names import Architecture, Task


class Record(BaseModel):
    """A frozen value that survives JSON unchanged."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class Prepared(Record):
    """Encoded splits in the store, ready to be batched."""

    path: Path
    key: str
    fingerprint: str
    train: int
    val: int
    test: int
    spec: SequenceSpec
    scaler: Scaler | None = None
    notes: tuple[str, ...] = ()
    reused: bool = False


class Epoch(Record):
    """Metrics at the end of one epoch, by key such as `val/loss`."""

    epoch: int
    seconds: float
    metrics: dict[str, float]


class Trained(Record):
    """One finished run: one architecture with one seed. The weights are those of `best_epoch`."""

    path: Path
    architecture: Architecture
    seed: int
    num_parameters: int
    train_seconds: float
    best_epoch: int
    epochs: tuple[Epoch, ...]
    reused: bool = False

    @property
    def best_metrics(self) -> dict[str, float]:
        """The metrics of the epoch whose weights stay."""
        return self.epochs[self.best_epoch - 1].metrics


class Missing(Record):
    """A run, or a baseline (which has no seed), that did not finish, and why."""

    name: str
    seed: int | None
    status: Literal["FAILED", "KILLED"]
    reason: str


class Scored(Record):
    """Test metrics of one run or baseline; the predictions behind them lie in `path`.

    `new_texts` has a network's probability of label 1 for each text that nobody labelled.
    """

    path: Path
    fingerprint: str
    kind: Literal["network", "baseline"]
    name: str
    seed: int | None
    num_parameters: int | None
    train_seconds: float
    metrics: dict[str, float]
    new_texts: tuple[float, ...] = ()
    run_id: str | None = None


class Evidence(Record):
    """All that a comparison is made from: what was trained and scored, and what did not finish."""

    ingested: Ingested
    prepared: Prepared
    trained: tuple[Trained, ...]
    scored: tuple[Scored, ...]
    missing: tuple[Missing, ...]


class Spread(Record):
    """A metric over the seeds: mean, smallest, largest, and every value in order of seed.

    `interval` is the 95 % interval of the mean over test examples and seeds, where there is one.
    """

    mean: float
    low: float
    high: float
    values: tuple[float, ...]
    interval: tuple[float, float] | None = None


class Row(Record):
    """One line of the comparison. `train_seconds` is the mean over its seeds.

    `run_ids` are the MLflow runs behind it, one a seed.
    """

    kind: Literal["network", "baseline"]
    name: str
    label: str
    num_parameters: int | None
    train_seconds: float
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...] = ()
    metrics: dict[str, Spread]
    best: bool = False


class Pair(Record):
    """Two rows on the same test examples: how much `better` is ahead by the ranking metric.

    `difference` is at least 0; `interval` is its 95 % interval and `p_value`, two-sided, belongs to
    no difference. Neither is corrected for the number of pairs.
    """

    better: str
    worse: str
    difference: float
    interval: tuple[float, float]
    p_value: float

    @property
    def shown(self) -> bool:
        """Whether the data show a difference: its interval does not reach 0."""
        return self.interval[0] > 0


class Curve(Record):
    """The learning curve of one run."""

    name: str
    seed: int
    best_epoch: int
    epochs: tuple[Epoch, ...]


class ForecastPicture(Record):
    """Truth against one-step forecasts on the first test days, in degrees C.

    A forecast is that of a row's first seed, by the name of the row.
    """

    days: tuple[int, ...]
    truth: tuple[float, ...]
    true_mean: tuple[float, ...] | None
    forecasts: dict[str, tuple[float, ...]]


class EncodedText(Record):
    """A text beside its numbers, both by their beginnings.

    `words` and `ids` belong together and count from its first word; `row` is the padded row that
    is made of it, `row_words` the words at its places. `num_words` counts all words of the text,
    `num_tokens` the places of the row that are no padding.
    """

    excerpt: str
    words: tuple[str, ...]
    ids: tuple[int, ...]
    row: tuple[int, ...]
    row_words: tuple[str, ...]
    num_words: int
    num_tokens: int


class TextNumbers(Record):
    """How texts become numbers: the most frequent words with their ids, and one training text."""

    vocab_size: int
    num_texts: int
    top: tuple[tuple[str, int], ...]
    example: EncodedText
    max_length: int
    truncation_side: Literal["start", "end"]
    padding_idx: int
    unknown_idx: int


class NewText(Record):
    """A text that nobody labelled, and the probability of label 1 by the name of each network.

    `num_words` counts the words of it that networks read, `num_known` those of them with an id.
    """

    text: str
    num_words: int
    num_known: int
    said: dict[str, Spread]


class ComparedData(Record):
    """What the comparison was made on; `train`, `val` and `test` count examples."""

    source: str
    fingerprint: str
    train: int
    val: int
    test: int
    caveat: str | None = None
    facts: tuple[str, ...] = ()


class Provenance(Record):
    """How to make the comparison again. `params` is the resolved params file."""

    params: str
    params_digest: str
    command: str
    code_revision: str
    versions: dict[str, str]
    machine: str


class Comparison(Record):
    """All runs of one experiment with its baselines, best first within each kind.

    `floor` holds the least value that any forecast can be expected to reach, by metric key, where
    the data are generated and their true mean is known. `cautions` are whole sentences.
    """

    id: str
    experiment: str
    title: str
    task: Task
    created: str
    metric: str
    data: ComparedData
    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...] = ()
    missing: tuple[Missing, ...]
    curves: tuple[Curve, ...]
    forecast: ForecastPicture | None
    numbers: TextNumbers | None = None
    new_texts: tuple[NewText, ...] = ()
    floor: dict[str, float]
    provenance: Provenance
    cautions: tuple[str, ...] = ()
