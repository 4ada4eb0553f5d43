"""Pairs without a shown difference -> how many more seeds or test examples would show one.

A difference of a given size is shown in four of five repetitions if it is as large as the two
quantiles of Student's t, of the level and of the power, times its standard error. The level is that
of a pair alone: with Holm's correction, more is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from components.compare.bootstrap import Values
from components.compare.estimates import LEVEL, Variance, total

POWER = 0.8
MOST_SEEDS = 1_000  # more than this many more cannot be had
MOST_EXAMPLES = 10_000_000

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class PairVariances:
    """The parts of the variance of many differences, and what they rest on; all `(P,)` or `(2, P)`.

    `own` is the part of `examples` that is the two rows' own, which shrinks with their seeds, and
    `seeds` what other seeds change beyond it. A row without seeds, a baseline, has `num_seeds` 0.
    """

    examples: Values
    freedom: float
    own: Values
    seeds: Values
    num_seeds: Counts

    def parts(self, more_seeds: Counts | int = 0, more: Values | float = 0.0) -> list[Variance]:
        """The variances with so many more seeds of each network, and `more` times more examples."""
        now = np.maximum(self.num_seeds, 1)
        then = now + np.where(self.num_seeds > 0, more_seeds, 0)
        shrunk = now / then
        less = (self.own * (1 - shrunk)).sum(axis=0)
        examples = np.asarray(np.maximum(self.examples - less, 0.0) / (1 + more))
        return [
            Variance(examples, (self.freedom + 1) * (1 + more) - 1),
            *(
                Variance(seeds, np.maximum(number - 1, 1))
                for seeds, number in zip(self.seeds * shrunk, then, strict=True)
            ),
        ]


def more_seeds(variances: PairVariances, difference: float) -> Counts:
    """How many more seeds of each network show `difference`; -1 where none do, or unknown."""
    found = fewest(
        lambda number: variances.parts(more_seeds=number), difference, MOST_SEEDS, variances
    )
    known = (variances.num_seeds != 1).all(axis=0) & (variances.num_seeds > 0).any(axis=0)
    return np.where(known, found, -1)


def more_examples(variances: PairVariances, difference: float, num_examples: int) -> Counts:
    """How many more test examples show `difference`; -1 where none do."""
    return fewest(
        lambda number: variances.parts(more=number / num_examples),
        difference,
        MOST_EXAMPLES,
        variances,
    )


def fewest(
    parts: Callable[[Counts], list[Variance]],
    difference: float,
    most: int,
    variances: PairVariances,
) -> Counts:
    """The least number from 0 to `most` that shows `difference`, pair by pair; -1 for none."""
    low = np.full(len(variances.examples), -1)  # does not do, as far as is known
    high = np.full(len(variances.examples), most)
    possible = shows(parts(high), difference)
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = shows(parts(middle), difference)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(possible, high, -1)


def shows(parts: list[Variance], difference: float) -> NDArray[np.bool_]:
    """Whether a difference of this size is shown in four of five repetitions."""
    variance, degrees = total(parts)
    quantiles = stdtrit(degrees, (1 + LEVEL) / 2) + stdtrit(degrees, POWER)
    return np.asarray(difference >= quantiles * np.sqrt(variance))
