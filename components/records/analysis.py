"""Where each row goes wrong: the error analysis of a comparison.

Everything is by the name of the row. A value over several seeds is their mean, or a `Spread` with
its interval where a reader would compare two of them.
"""

from components.records.record import Record
from components.records.spread import Spread


class Confusion(Record):
    """How many test examples of each label were given each label, on average over the seeds.

    `positive` and `negative` are what was said, `true` and `false` whether it was right.
    """

    true_negative: float
    false_positive: float
    false_negative: float
    true_positive: float


class LengthBin(Record):
    """The test texts of `low` to `high` words, both included, and each row's accuracy on them."""

    low: int
    high: int
    num_examples: int
    accuracy: dict[str, Spread]


class ReliabilityBin(Record):
    """Examples whose probability of label 1 lies from `low` up to `high`.

    `said` is their mean probability and `found` the share of them with label 1, both pooled over
    the seeds, as is `num_examples`.
    """

    low: float
    high: float
    num_examples: int
    said: float
    found: float


class Reliability(Record):
    """How far a row's probabilities can be taken at their word.

    `error` is the expected calibration error: the mean of |said - found| over the bins, weighted by
    their examples, of each seed. Bins without an example are left out.
    """

    error: Spread
    bins: tuple[ReliabilityBin, ...]


class Mistake(Record):
    """A test text that a row got wrong: its row in the split, and the mean probability of label 1.

    `excerpt` is the end or the beginning that networks read, None where texts are not to be shown.
    """

    row: int
    label: int
    probability: float
    num_words: int
    excerpt: str | None


class Disagreement(Record):
    """Two networks on the same test texts, each right where it is in most of its seeds.

    The four counts add up to the test texts. `only_first` has examples of what `first` gets right
    and `second` wrong, as mistakes of `second`, the most confident first of those that its runs
    kept; `only_second` likewise.
    """

    first: str
    second: str
    num_both_right: int
    num_only_first: int
    num_only_second: int
    num_both_wrong: int
    only_first: tuple[Mistake, ...]
    only_second: tuple[Mistake, ...]


class TextErrors(Record):
    """The error analysis of a classification; `mistakes` are each row's most confident ones."""

    confusion: dict[str, Confusion]
    lengths: tuple[LengthBin, ...]
    reliability: dict[str, Reliability]
    mistakes: dict[str, tuple[Mistake, ...]]
    disagreements: tuple[Disagreement, ...]


class SeasonBin(Record):
    """The forecast days of one part of the season, and each row's MAE on them, in degrees C."""

    label: str
    num_days: int
    mae: dict[str, Spread]


class Residuals(Record):
    """Forecast minus truth one step ahead, in degrees C, mean over the seeds, day by day.

    `autocorrelation` is theirs at lags 1, 2, ...: what of an error could have been known before.
    """

    values: tuple[float, ...]
    autocorrelation: tuple[float, ...]


class SeriesErrors(Record):
    """The error analysis of a forecast.

    `horizon` has each row's MAE by forecast step, from the first, in degrees C. `days` are those of
    the residuals. An autocorrelation within `band` of 0 is that of noise, 95 times in 100.
    """

    horizon: dict[str, tuple[Spread, ...]]
    days: tuple[int, ...]
    residuals: dict[str, Residuals]
    band: float
    seasons: tuple[SeasonBin, ...]
