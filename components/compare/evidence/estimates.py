"""Values with their doubts -> 95 % intervals and p-values.

Two sources of doubt are measured apart and added: which examples the test split happens to hold,
as far as they are hard or easy for all runs of a row, and which runs there happen to be. The
interval is Student's, since three seeds are few.

Source: Satterthwaite, "An approximate distribution of estimates of variance components", 1946.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, stdtr, stdtrit

from components.compare.evidence.bootstrap import Values, variance

COVERAGE = 0.95  # of an interval


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
    """The score of one row, a mean over its seeds, and what its variance is made of.

    `examples` is what other test examples would change. Each example is also hard for another run
    by chance: that part of it, `own`, shrinks with more seeds. `runs` is what other runs would
    change, which have another seed and are right by chance on other examples: `own` is in it as
    well. Nothing is known of either where there is one seed; then both are 0.
    """

    score: float
    examples: float
    own: float
    runs: float
    num_seeds: int

    def parts(self, freedom_of_examples: float) -> list[Variance]:
        """The parts of the variance of the score: what all runs have in common, and the runs."""
        return [
            Variance(self.examples - self.own, freedom_of_examples),
            Variance(self.runs, max(self.num_seeds - 1, 1)),
        ]


def doubt(runs: Values, length: int = 1) -> Doubt:
    """The score of a row whose runs `(S, N)` scored on N examples, in blocks of `length`."""
    num_seeds = len(runs)
    examples = variance(runs.mean(axis=0), length)
    if num_seeds == 1:
        return Doubt(float(runs.mean()), examples, own=0.0, runs=0.0, num_seeds=1)
    # How much a run varies with the examples beyond what all of them have in common.
    of_runs = sum(variance(run, length) for run in runs)  # without those of one with another
    own = (of_runs - num_seeds * examples) / (num_seeds - 1)
    return Doubt(
        score=float(runs.mean()),
        examples=examples,
        own=min(max(own / num_seeds, 0.0), examples),
        runs=float(runs.mean(axis=1).var(ddof=1)) / num_seeds,
        num_seeds=num_seeds,
    )


def estimate(value: Values | float, parts: Sequence[Variance]) -> Estimates:
    """Values with intervals, whose variance is the sum of `parts`; exact where that is 0."""
    values = np.asarray(value, dtype=np.float64)
    variance, degrees = total(parts)
    variance, degrees = (np.broadcast_to(one, values.shape) for one in (variance, degrees))
    exact = variance == 0
    error = np.sqrt(np.where(exact, 1.0, variance))
    half = np.where(exact, 0.0, stdtrit(degrees, (1 + COVERAGE) / 2) * error)
    p_value = np.where(exact, values == 0, 2 * stdtr(degrees, -np.abs(values) / error))
    return Estimates(values, half, p_value)


def total(parts: Sequence[Variance]) -> tuple[Values, Values]:
    """The sum of the parts, and by Satterthwaite on how many independent values it rests.

    These are never more than those of the first part, the examples: where blocks are few, parts
    that are each known badly would seem to be known well together.
    """
    variance = np.asarray(sum(part.value for part in parts), dtype=np.float64)
    doubtful = np.asarray(sum(part.value**2 / part.freedom for part in parts), dtype=np.float64)
    known = doubtful > 0
    degrees = np.where(known, variance**2 / np.where(known, doubtful, 1.0), 1.0)
    return variance, np.minimum(degrees, parts[0].freedom)


def ends_of_share(share: float, half: float, num_examples: int) -> tuple[float, float]:
    """The ends of the interval of a share of 1, whose interval would be `share` +- `half`.

    They are found on the scale of log odds, on which a share near 0 or 1 is as likely to be off to
    either side. Of a share that is 0 or 1 itself, the one end is as far as no exception among so
    many examples can tell (Clopper & Pearson, 1934).
    """
    if share in (0.0, 1.0):
        other = ((1 - COVERAGE) / 2) ** (1 / num_examples)
        return (other, 1.0) if share else (0.0, 1 - other)
    width = half / (share * (1 - share))
    low, high = expit(logit(share) + np.array([-width, width]))
    return float(low), float(high)
