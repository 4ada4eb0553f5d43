"""A comparison: its rows, what sets them apart, and all that a page shows beside them."""

from typing import Literal

from pydantic import Field

from components.records.against import Against
from components.records.analysis import SeriesErrors, TextErrors
from components.records.pairs import Method, Pair
from components.records.record import Record
from components.records.spread import Spread
from components.records.stages import Epoch, Missing
from components.records.texts import NewText, TextNumbers
from params.names import Architecture, Task
from params.section import is_none


class Cost(Record):
    """What a row costs beside its quality, mean over its runs where there are several.

    `peak_memory_bytes` is that of the child process that trained or fitted it, libraries included;
    `size_bytes` of the files that it needs to answer. Latency is of one sequence at a time, from a
    text or a window in degrees C to its answer, throughput in sequences a second in batches of 256:
    both on one thread, measured in the same way for every row. Nothing else of the run goes on
    meanwhile; other work kept `busy_cores` cores busy, where that is known.
    """

    seconds_per_epoch: float | None
    peak_memory_bytes: int
    size_bytes: int
    latency_median_seconds: float
    latency_p99_seconds: float
    throughput: float
    busy_cores: float | None = Field(default=None, exclude_if=is_none)


class Row(Record):
    """One line of the comparison. `train_seconds` is the mean over its seeds.

    `name` stands for the row everywhere in the comparison. It is that of the architecture or the
    baseline, with a number after it where one architecture has several rows, which `changed` tells
    apart by the params in which they differ. `run_ids` are the MLflow runs behind it, one a seed.
    """

    kind: Literal["network", "baseline"]
    name: str
    label: str
    architecture: Architecture | None = None
    changed: dict[str, str] = Field(default_factory=dict)
    num_parameters: int | None
    train_seconds: float
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...] = ()
    metrics: dict[str, Spread]
    cost: Cost | None = None
    best: bool = False


class Curve(Record):
    """The learning curve of one run, of the row called `name`."""

    name: str
    architecture: Architecture
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


class Chosen(Record):
    """The row with the least validation loss, as the mean over its seeds.

    A setting is chosen by it: by the test split the best of many looks better than it is.
    """

    name: str
    val_loss: float


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
    the data are generated and their true mean is known. `cautions` are whole sentences. `chosen` is
    there where one architecture was trained with several params, `against` where the experiment had
    a champion from another training than the best of these.
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
    method: Method | None = None
    missing: tuple[Missing, ...]
    curves: tuple[Curve, ...]
    forecast: ForecastPicture | None
    errors: TextErrors | SeriesErrors | None = None
    numbers: TextNumbers | None = None
    new_texts: tuple[NewText, ...] = ()
    floor: dict[str, float]
    provenance: Provenance
    cautions: tuple[str, ...] = ()
    chosen: Chosen | None = Field(default=None, exclude_if=is_none)
    against: Against | None = Field(default=None, exclude_if=is_none)
