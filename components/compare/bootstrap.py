"""How sure a score and a difference of two scores are, over test examples and seeds.

Two sources of doubt are measured apart and added: which examples the test split happens to hold,
by a bootstrap in which every row gets the same draw, so that rows are compared on the same
examples; and which seeds the runs happen to have, by the spread of the runs beyond what different
examples explain. Examples of a series are drawn in blocks of neighbours, since days are not
independent. The interval is Student's, since three seeds are few.

Sources: Efron, "Bootstrap methods", 1979; Politis & Romano, "A circular block-resampling procedure
for stationary data", 1992; Satterthwaite, "An approximate distribution of estimates of variance
components", 1946.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

NUM_DRAWS = 2_000
MOST_COUNTS = 5_000_000  # numbers that are held at a time while blocks are drawn: 40 MB
MOST_PATTERNS = 2_000
LEVEL = 0.95

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; `p_value` is two-sided, of the value being 0."""

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Variance:
    """A part of the variance of a score, and on how many independent values it rests, less one."""

    value: float
    freedom: float


class Bootstrap:
    """The scores of several rows under the same draws of test examples, and their seeds' spread.

    Same values, same draws: the generator's seed is fixed.
    """

    def __init__(self, values: dict[str, Values], *, block_length: int = 1):
        """Draws for each row's `values` `(S, N)`: what each of its S runs scored on N examples.

        Args:
            values: By name of the row; a score is the mean over the examples, then over the seeds.
            block_length: Neighbouring examples that are drawn together; 1 where they are
                independent.
        """
        self.means = {name: float(one.mean()) for name, one in values.items()}
        rows = np.stack([one.mean(axis=0) for one in values.values()])  # (rows, N)
        drawn = draw_examples(rows, block_length, np.random.default_rng(0))
        self.draws: dict[str, Values] = dict(zip(values, drawn, strict=True))
        self.num_blocks = rows.shape[1] / min(block_length, rows.shape[1])
        self.seeds = {name: variance_of_seeds(one) for name, one in values.items()}

    def score(self, name: str) -> Estimate:
        """The score of a row."""
        examples = self.variance_of_examples(self.draws[name])
        return estimate(self.means[name], [examples, self.seeds[name]])

    def difference(self, first: str, second: str) -> Estimate:
        """The score of `first` minus that of `second`."""
        examples = self.variance_of_examples(self.draws[first] - self.draws[second])
        return estimate(
            self.means[first] - self.means[second],
            [examples, self.seeds[first], self.seeds[second]],
        )

    def variance_of_examples(self, draws: Values) -> Variance:
        """What other test examples would change."""
        return Variance(float(draws.var()), max(self.num_blocks - 1, 1))


def variance_of_seeds(values: Values) -> Variance:
    """What other seeds would change of the mean of `values` `(S, N)`; nothing is known of it if S
    is 1.

    Runs also differ because each example is hard for another one of them; that part shrinks with
    the examples, is in their draws already, and is taken off here.
    """
    num_seeds, number = values.shape
    if num_seeds == 1:
        return Variance(0.0, 1)
    between = values.mean(axis=1).var(ddof=1) / num_seeds
    within = values.var(axis=0, ddof=1).mean() / (number * num_seeds)
    return Variance(max(float(between - within), 0.0), num_seeds - 1)


def draw_examples(rows: Values, block_length: int, random: np.random.Generator) -> Values:
    """The means of `rows` `(R, N)` under draws of N of their examples, `(R, NUM_DRAWS)`."""
    if block_length == 1:
        patterns, counts = np.unique(rows, axis=1, return_counts=True)
        if patterns.shape[1] <= MOST_PATTERNS:
            # Right or wrong, run by run: a few patterns stand for many thousand examples.
            number = int(counts.sum())
            drawn = random.multinomial(number, counts / number, size=NUM_DRAWS)
            return np.asarray(patterns @ drawn.T / number)
    return draw_blocks(rows, block_length, random)


def draw_blocks(rows: Values, block_length: int, random: np.random.Generator) -> Values:
    """The same, of so many neighbours together that they are N at least."""
    num_rows, number = rows.shape
    length = min(block_length, number)
    num_blocks = -(-number // length)
    # The mean over a block that starts at each example, going on at the start after the end.
    around = np.concatenate([rows, rows[:, : length - 1]], axis=1)
    sums = np.cumsum(np.concatenate([np.zeros((num_rows, 1)), around], axis=1), axis=1)
    blocks = (sums[:, length:] - sums[:, :-length]) / length  # (R, N)
    drawn = np.empty((num_rows, NUM_DRAWS))
    step = min(max(MOST_COUNTS // number, 1), NUM_DRAWS)
    for first in range(0, NUM_DRAWS, step):
        size = min(step, NUM_DRAWS - first)
        starts = random.integers(number, size=(size, num_blocks))
        starts += np.arange(size)[:, None] * number
        counts = np.bincount(starts.ravel(), minlength=size * number).reshape(size, number)
        drawn[:, first : first + size] = blocks @ counts.T.astype(np.float64) / num_blocks
    return drawn


def estimate(value: float, parts: list[Variance]) -> Estimate:
    """A value with its interval, whose variance is the sum of `parts`."""
    variance = sum(part.value for part in parts)
    if variance == 0:
        return Estimate(value, value, value, 1.0 if value == 0 else 0.0)
    freedom = variance**2 / sum(part.value**2 / part.freedom for part in parts)
    error = float(np.sqrt(variance))
    half = float(stdtrit(freedom, (1 + LEVEL) / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(value) / error))
    return Estimate(value, value - half, value + half, p_value)
