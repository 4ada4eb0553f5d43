"""How sure a score and a difference of two scores are: the bootstrap over test examples and seeds.

Both sources of doubt are drawn anew, together: which examples the test split happens to hold (the
same draw for every row, so that rows are compared on the same examples) and which seeds the runs
happen to have. Examples of a series are drawn in blocks of neighbours, since days are not
independent.

Sources: Efron, "Bootstrap methods", 1979; Politis & Romano, "A circular block-resampling procedure
for stationary data", 1992; Owen, "The pigeonhole bootstrap", 2007, for two crossed sources.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUM_DRAWS = 2_000
CHUNK = 100  # draws made at a time, which bounds the memory: 100 x 25,000 counts are 20 MB
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


class Bootstrap:
    """The scores of several rows under the same draws of test examples and draws of their seeds.

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
        random = np.random.default_rng(0)
        runs = np.concatenate(list(values.values()))  # (all runs, N)
        drawn = draw_examples(runs, block_length, random)  # (all runs, draws)
        self.draws: dict[str, Values] = {}
        start = 0
        for name, one in values.items():
            self.draws[name] = draw_seeds(drawn[start : start + len(one)], random)
            start += len(one)

    def score(self, name: str) -> Estimate:
        """The score of a row."""
        return estimate(self.means[name], self.draws[name])

    def difference(self, first: str, second: str) -> Estimate:
        """The score of `first` minus that of `second`."""
        return estimate(
            self.means[first] - self.means[second], self.draws[first] - self.draws[second]
        )


def draw_examples(runs: Values, block_length: int, random: np.random.Generator) -> Values:
    """The means of `runs` `(R, N)` under draws of N of their examples, `(R, NUM_DRAWS)`."""
    if block_length == 1:
        patterns, counts = np.unique(runs, axis=1, return_counts=True)
        if patterns.shape[1] <= MOST_PATTERNS:
            # Right or wrong, run by run: a few patterns stand for many thousand examples.
            number = int(counts.sum())
            drawn = random.multinomial(number, counts / number, size=NUM_DRAWS)
            return np.asarray(patterns @ drawn.T / number)
    return draw_blocks(runs, block_length, random)


def draw_blocks(runs: Values, block_length: int, random: np.random.Generator) -> Values:
    """The same, of so many neighbours together that they are N."""
    num_runs, number = runs.shape
    length = min(block_length, number)
    num_blocks = -(-number // length)
    # The mean over a block that starts at each example, going on at the start after the end.
    around = np.concatenate([runs, runs[:, : length - 1]], axis=1)
    sums = np.cumsum(np.concatenate([np.zeros((num_runs, 1)), around], axis=1), axis=1)
    blocks = (sums[:, length:] - sums[:, :-length]) / length  # (R, N)
    drawn = np.empty((num_runs, NUM_DRAWS))
    for first in range(0, NUM_DRAWS, CHUNK):
        starts = random.integers(number, size=(CHUNK, num_blocks), dtype=np.int32)
        starts += np.arange(CHUNK, dtype=np.int32)[:, None] * number
        counts = np.bincount(starts.ravel(), minlength=CHUNK * number).reshape(CHUNK, number)
        drawn[:, first : first + CHUNK] = blocks @ counts.T.astype(np.float64) / num_blocks
    return drawn


def draw_seeds(runs: Values, random: np.random.Generator) -> Values:
    """The mean over drawn seeds for each draw, `(D,)`, of runs `(S, D)`.

    A draw of S out of S seeds varies less than S new seeds would, by (S - 1) / S, which matters for
    three of them: the deviation is enlarged by the root of the inverse. One seed has no deviation.
    """
    num_seeds, num_draws = runs.shape
    overall: Values = runs.mean(axis=0)
    if num_seeds == 1:
        return overall
    chosen = random.integers(num_seeds, size=(num_seeds, num_draws))
    deviation = np.take_along_axis(runs, chosen, axis=0).mean(axis=0) - overall
    return np.asarray(overall + deviation * np.sqrt(num_seeds / (num_seeds - 1)))


def estimate(value: float, draws: Values) -> Estimate:
    """A value with the percentile interval of its draws."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # One more draw on either side: no finite number of draws shows that a chance is 0.
    tail = min((draws <= 0).sum(), (draws >= 0).sum()) + 1
    p_value = min(1.0, 2 * float(tail) / (len(draws) + 1))
    return Estimate(value, float(low), float(high), p_value)
