"""How much scores would change with other test examples: the bootstrap, in closed form.

A bootstrap draws N examples again and again, or N / length blocks of neighbours where examples
follow one another, and looks how the mean varies. Of a mean, that variance needs no drawing: it is
what infinitely many draws would give. All rows share the draws, so they are compared on the same
examples.

Sources: Efron & Tibshirani, "An introduction to the bootstrap", 1993 (the ideal bootstrap);
Politis & Romano, "A circular block-resampling procedure for stationary data", 1992; Lazarus, Lewis,
Stock & Watson, "HAR inference: recommendations for practice", 2018 (the length of a block).
"""

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LEAST_EXAMPLES = 30  # fewer say more of themselves than of others
LEAST_BLOCKS = 3


def covariance(rows: Values, length: int = 1) -> Values:
    """The covariance `(R, R)` of the means of `rows` `(R, N)` over draws of their examples.

    The spread of blocks around their own mean is a little less than around the true one; that is
    put right as it is in any sample variance, by one block less.

    Args:
        rows: What each row scored on each example.
        length: Neighbouring examples that are drawn together, going on at the start after the end;
            1 where examples are independent.
    """
    number = rows.shape[1]
    apart = deviations(rows, length)
    return np.asarray(apart @ apart.T / number / freedom(number, length))


def variance(values: Values, length: int = 1) -> float:
    """The variance of the mean of `values` `(N,)` over the same draws."""
    # No matrix product: on busy cores its threads wait for each other twenty times as long.
    squares = deviations(values[None], length) ** 2
    return float(squares.mean() / freedom(len(values), length))


def deviations(rows: Values, length: int) -> Values:
    """How far the mean of the block that starts at each example is from that of its row."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred if length == 1 else block_means(centred, length)


def block_means(rows: Values, length: int) -> Values:
    """The mean over the block that starts at each example, `(R, N)`."""
    around = np.concatenate([rows, rows[:, : length - 1]], axis=1)
    sums = np.cumsum(np.pad(around, ((0, 0), (1, 0))), axis=1)
    return np.asarray((sums[:, length:] - sums[:, :-length]) / length)


def freedom(number: float, length: int) -> float:
    """On how many independent blocks a variance rests, less one."""
    return number / length - 1


def block_length(num_windows: int, horizon: int) -> int:
    """How many neighbouring windows are drawn together.

    Enough for errors that follow one another, and the days that a window shares with its neighbours
    on top: they forecast the same days but one. Long blocks widen intervals a little, short ones
    make them promise too much.
    """
    return round(1.3 * math.sqrt(num_windows)) + horizon - 1


def are_enough(num_examples: int, length: int) -> bool:
    """Whether a bootstrap of so many examples says anything."""
    return num_examples >= max(LEAST_EXAMPLES, LEAST_BLOCKS * length)
