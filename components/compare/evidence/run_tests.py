"""Single runs of two rows -> the textbook tests of them, for all pairs at once.

They are a check on the pairs of rows, and say nothing of other seeds. Every quantity that they need
of two runs comes from sums over the examples of products of two runs, so one matrix of such sums
serves all pairs of a seed.

Sources: McNemar, "Note on the sampling error of the difference between correlated proportions or
percentages", 1947; Diebold & Mariano, "Comparing predictive accuracy", 1995; Harvey, Leybourne &
Newbold, "Testing the equality of prediction mean squared errors", 1997.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import bdtr, chdtrc, stdtr

from components.compare.evidence.bootstrap import Values
from components.compare.evidence.sample import RowSample, Sample
from components.records import RunTest
from params.names import Task

RunTestName = Literal["mcnemar", "diebold_mariano"]
RUN_TESTS: dict[Task, RunTestName] = {"classification": "mcnemar", "forecast": "diebold_mariano"}
EXACT_BELOW = 25  # examples that one of two runs gets right: from here on, chi-squared is close
LEAST_WINDOWS_A_STEP = 20  # at 7, 12 of 100 tests found a difference where there was none
ROUNDING = 1e-12  # of the variances that are subtracted: a difference below it is none


@dataclass(frozen=True)
class Tested:
    """The test of run i against run j at `[i, j]`; NaN where it has no value.

    The statistic of McNemar's test is chi-squared; that of Diebold and Mariano is above 0 where run
    i has the greater error.
    """

    statistic: Values
    p_value: Values


def mcnemar(runs: Values) -> Tested:
    """McNemar's test of every two of `runs` `(R, N)`, which are 1 where an example is right.

    Where fewer than 25 examples are right in one run only, p is the exact binomial one; otherwise
    that of chi-squared without correction for continuity, which is closer to the truth than with it
    (Fagerland, Lydersen & Laake, "The McNemar test for binary matched-pairs data", 2013). Two runs
    that are right on the same examples have statistic 0 and p 1.
    """
    both = (runs @ runs.T).astype(np.float64)
    right = np.diag(both)
    only_first, only_second = right[:, None] - both, right[None, :] - both
    apart = only_first + only_second
    statistic = (only_first - only_second) ** 2 / np.maximum(apart, 1)
    few = apart < EXACT_BELOW
    fewer = np.where(few, np.minimum(only_first, only_second), 0)
    exact = np.minimum(2 * bdtr(fewer, np.where(few, apart, 0).astype(int), 0.5), 1.0)
    return Tested(statistic, np.where(few, exact, chdtrc(1, statistic)))


def diebold_mariano(losses: Values, horizon: int) -> Tested:
    """The test of every two of `losses` `(R, N)`, with the correction for small samples.

    The variance of the mean difference has the autocovariances up to lag horizon - 1, since windows
    overlap so far. Where it comes out at 0 or below, which such a sum can, they are weighted by
    1 - lag / horizon (Newey & West, 1987). Two runs of the same losses have statistic 0 and p 1;
    without a variance otherwise, there is no test.
    """
    number = losses.shape[1]
    means = losses.mean(axis=1)
    centred = losses - means[:, None]
    sums = np.zeros((2, len(losses), len(losses)))
    for lag in range(horizon):
        products = centred[:, lag:] @ centred[:, : number - lag].T / number
        both = products + products.T if lag else products
        sums += both * np.array([1.0, 1 - lag / horizon])[:, None, None]
        if lag == 0:
            least = ROUNDING * (np.diag(both)[:, None] + np.diag(both)[None, :])
    plain, weighted = (variance_of_differences(one) / number for one in sums)
    variance = np.where(plain > least / number, plain, weighted)
    variance = np.where(variance > least / number, variance, np.nan)
    correction = (number + 1 - 2 * horizon + horizon * (horizon - 1) / number) / number
    difference = means[:, None] - means[None, :]
    statistic = difference * np.sqrt(correction / variance)
    same = np.isnan(variance) & (np.abs(difference) <= ROUNDING * np.abs(means)[:, None])
    statistic = np.where(same, 0.0, statistic)
    return Tested(statistic, 2 * stdtr(number - 1, -np.abs(statistic)))


def variance_of_differences(covariance: Values) -> Values:
    """The variance of row i minus row j at `[i, j]`, from the covariance `(R, R)` of the rows."""
    own = np.diag(covariance)
    return np.asarray(own[:, None] + own[None, :] - covariance - covariance.T)


def run_tests(
    task: Task, sample: Sample, pairs: Sequence[tuple[str, str]]
) -> list[tuple[RunTest, ...]]:
    """The tests of each pair of rows, better and worse by name, in order of seed.

    Two networks are tested by the runs of each common seed, a baseline against every run of a
    network. None are tested where there are too few windows for so long a forecast.
    """
    if not can_test(sample):
        return [() for _ in pairs]
    rows = sample.rows
    seeds = sorted({seed for row in rows.values() for seed in row.runs if seed is not None})
    tested: dict[int | None, tuple[dict[str, int], Tested]] = {}
    for seed in [*seeds, None]:
        some = {name: run_of(row, seed) for name, row in rows.items()}
        runs = {name: run for name, run in some.items() if run is not None}
        if runs:
            places = {name: place for place, name in enumerate(runs)}
            tested[seed] = (places, test(task, np.stack(list(runs.values())), sample.horizon))
    return [tuple(tests_of(better, worse, rows, tested)) for better, worse in pairs]


def can_test(sample: Sample) -> bool:
    """Whether there are enough examples for the test to keep what it promises."""
    return sample.horizon == 1 or sample.num_examples >= LEAST_WINDOWS_A_STEP * sample.horizon


def test(task: Task, runs: Values, horizon: int) -> Tested:
    """The test of every two of `runs` `(R, N)`."""
    return mcnemar(runs) if task == "classification" else diebold_mariano(runs, horizon)


def run_of(row: RowSample, seed: int | None) -> Values | None:
    """The run of `seed`, or the only one of a baseline."""
    return row.runs.get(seed, row.runs.get(None))


def tests_of(
    better: str,
    worse: str,
    rows: dict[str, RowSample],
    tested: dict[int | None, tuple[dict[str, int], Tested]],
) -> Iterable[RunTest]:
    """The tests of one pair."""
    first, second = (
        [seed for seed in rows[name].runs if seed is not None] for name in (better, worse)
    )
    common = [seed for seed in first or second if seed in (second or first)]
    for seed in common if first or second else [None]:
        places, found = tested[seed]
        place = (places[worse], places[better])
        if np.isfinite(found.statistic[place]):
            yield RunTest(
                better_seed=seed if first else None,
                worse_seed=seed if second else None,
                statistic=float(found.statistic[place]),
                p_value=float(found.p_value[place]),
            )
