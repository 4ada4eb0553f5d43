"""Values with their doubts -> 95 % intervals and p-values.

Two sources of doubt are measured apart and added: which examples the test split happens to hold,
and which seeds the runs happen to have. The interval is Student's, since three seeds are few.

Source: Satterthwaite, "An approximate distribution of estimates of variance components", 1946.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from components.compare.bootstrap import Values, covariance

LEVEL = 0.95


@dataclass(frozen=True)
class Variance:
    """A part of the variance of some values, and on how many independent ones it rests, less one.

    Both are of one shape, or broadcast to that of the values.
    """

    value: Values | float
    freedom: Values | float


@dataclass(frozen=True)
class Estimates:
    """Values with their 95 % intervals; `p_value` is two-sided, of the value being 0."""

    value: Values
    half: Values
    p_value: Values


@dataclass(frozen=True)
class Doubt:
    """The score of one row, a mean over its seeds, and the parts of its variance.

    `examples` is what other test examples would change. Runs also differ because each example is
    hard for another one of them: that part, `own`, is in `examples` and shrinks with more seeds as
    well. `seeds` is what other seeds would change beyond it; nothing is known of either where there
    is one seed.
    """

    score: float
    examples: float
    own: float
    seeds: float
    num_seeds: int

    def parts(self, freedom_of_examples: float) -> list[Variance]:
        """The parts of the variance of the score."""
        return [
            Variance(self.examples, freedom_of_examples),
            Variance(self.seeds, max(self.num_seeds - 1, 1)),
        ]


def doubt(runs: Values, length: int = 1) -> Doubt:
    """The score of a row whose runs `(S, N)` scored on N examples, in blocks of `length`."""
    num_seeds = len(runs)
    of_runs = covariance(runs, length)
    examples = float(of_runs.mean())
    if num_seeds == 1:
        return Doubt(float(runs.mean()), examples, own=0.0, seeds=0.0, num_seeds=1)
    # How much a run varies with the examples beyond what all of them have in common.
    own = (float(np.trace(of_runs)) - num_seeds * examples) / (num_seeds - 1)
    between = float(runs.mean(axis=1).var(ddof=1))
    return Doubt(
        score=float(runs.mean()),
        examples=examples,
        own=min(max(own / num_seeds, 0.0), examples),
        seeds=max(between - own, 0.0) / num_seeds,
        num_seeds=num_seeds,
    )


def estimate(value: Values | float, parts: Sequence[Variance]) -> Estimates:
    """Values with intervals, whose variance is the sum of `parts`; exact where that is 0."""
    values = np.asarray(value, dtype=np.float64)
    variance, degrees = total(parts)
    variance, degrees = (np.broadcast_to(one, values.shape) for one in (variance, degrees))
    exact = variance == 0
    error = np.sqrt(np.where(exact, 1.0, variance))
    half = np.where(exact, 0.0, stdtrit(degrees, (1 + LEVEL) / 2) * error)
    p_value = np.where(exact, values == 0, 2 * stdtr(degrees, -np.abs(values) / error))
    return Estimates(values, half, p_value)


def total(parts: Sequence[Variance]) -> tuple[Values, Values]:
    """The sum of the parts, and by Satterthwaite on how many independent values it rests."""
    variance = np.asarray(sum(part.value for part in parts), dtype=np.float64)
    doubtful = np.asarray(sum(part.value**2 / part.freedom for part in parts), dtype=np.float64)
    known = doubtful > 0
    return variance, np.where(known, variance**2 / np.where(known, doubtful, 1.0), 1.0)
