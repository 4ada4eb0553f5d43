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

from components.compare.evidence.bootstrap import Values
from components.compare.evidence.estimates import COVERAGE, Variance, total

POWER = 0.8
MOST_SEEDS = 1_000  # more than this many more cannot be had
MOST_EXAMPLES = 10_000_000

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class PairVariances:
    """The parts of the variance of many differences; `(P,)`, or `(2, P)` for the two rows of each.

    `shared` is what test examples change that all runs have in common, and rests on `freedom`
    independent ones, less one. `own` and `runs` are those of the rows' `Doubt`. A row without
    seeds, a baseline, has `num_seeds` 0.
    """

    shared: Values
    freedom: float
    own: Values
    runs: Values
    num_seeds: Counts

    def parts(self, more_seeds: Counts | int = 0, more: Values | float = 0.0) -> list[Variance]:
        """The variances with so many more seeds of each network, and `more` times more examples."""
        now = np.maximum(self.num_seeds, 1)
        then = now + np.where(self.num_seeds > 0, more_seeds, 0)
        less = np.minimum(self.own, self.runs) * (more / (1 + more))
        return [
            Variance(self.shared / (1 + more), (self.freedom + 1) * (1 + more) - 1),
            *(
                Variance(runs, np.maximum(number - 1, 1))
                for runs, number in zip((self.runs - less) * now / then, then, strict=True)
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
    low = np.full(len(variances.shared), -1)  # does not do, as far as is known
    high = np.full(len(variances.shared), most)
    possible = shows(parts(high), difference)
    while (high - low > 1).any():
        middle = np.maximum((low + high) // 2, 0)  # one that is found waits for the others
        enough = shows(parts(middle), difference)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(possible, high, -1)


def shows(parts: list[Variance], difference: float) -> NDArray[np.bool_]:
    """Whether a difference of this size is shown in four of five repetitions."""
    variance, degrees = total(parts)
    quantiles = stdtrit(degrees, (1 + COVERAGE) / 2) + stdtrit(degrees, POWER)
    return np.asarray(difference >= quantiles * np.sqrt(variance))
