"""Intervals and p-values of given variances, and what runs of a row say of each other."""

import math

import numpy as np
import pytest

from components.compare.evidence.bootstrap import covariance
from components.compare.evidence.estimates import Variance, doubt, ends_of_share, estimate, total


def test_interval_and_p_value_of_given_variances() -> None:
    """As many degrees as of one part alone; by Satterthwaite of two equal parts the harmonic mean.

    Never more than the examples have.
    """
    alone = estimate(1.0, [Variance(0.25, 4), Variance(0.0, 1)])
    assert float(alone.half) == pytest.approx(2.776445 * 0.5, rel=1e-5)
    assert float(alone.p_value) == pytest.approx(0.116117, rel=1e-4)  # t = 2, 4 degrees of freedom
    both = [Variance(0.125, 8), Variance(0.125, 8 / 3)]
    assert float(total(both)[1]) == pytest.approx(4 / (1 / 8 + 3 / 8))  # 8
    assert float(estimate(1.0, both).half) == pytest.approx(2.306004 * 0.5, rel=1e-5)
    assert float(total([Variance(0.125, 4), Variance(0.125, 4)])[1]) == 4


def test_what_does_not_vary_is_exact() -> None:
    found = estimate(np.array([0.5, 0.0, 0.5]), [Variance(np.array([0.0, 0.0, 1.0]), 9)])
    assert found.half[:2].tolist() == [0, 0]
    assert found.p_value[:2].tolist() == [0, 1]
    assert 0 < found.p_value[2] < 1


def test_one_run_is_as_sure_as_its_examples() -> None:
    values = np.zeros((1, 10_000))
    values[0, :8_000] = 1
    found = doubt(values)
    half = float(estimate(found.score, found.parts(9_999)).half)
    assert (found.score, found.own, found.runs) == (0.8, 0, 0)
    assert half == pytest.approx(1.9602 * math.sqrt(0.8 * 0.2 / 9_999), rel=1e-4)


def test_seeds_widen_the_interval_even_where_all_examples_are_alike() -> None:
    """Student's interval of three values: 0.84 +- 4.303 * 0.04 / sqrt(3)."""
    found = doubt(np.array([[0.80], [0.84], [0.88]]).repeat(1_000, axis=1))
    half = float(estimate(found.score, found.parts(999)).half)
    assert half == pytest.approx(4.302653 * 0.04 / math.sqrt(3), rel=1e-6)


def test_what_runs_share_is_told_from_what_is_their_own() -> None:
    """Variances of examples 1 for all runs and 4 for each: of the mean over four runs, 1 + 1."""
    random = np.random.default_rng(0)
    runs = random.normal(size=20_000) + 2 * random.normal(size=(4, 20_000))
    found = doubt(runs)
    assert found.examples * 20_000 == pytest.approx(2, rel=0.05)
    assert found.own * 20_000 == pytest.approx(1, rel=0.05)


def test_two_runs_by_hand() -> None:
    """Runs 1, 0, 1 and 1, 1, 1: means 2/3 and 1, which differ by chance or by seed."""
    found = doubt(np.array([[1.0, 0, 1], [1, 1, 1]]))
    of_first = (2 * (1 / 3) ** 2 + (2 / 3) ** 2) / 3 / 2  # 1/9; the second does not vary
    assert found.score == pytest.approx(5 / 6)
    assert found.examples == pytest.approx(of_first / 4)
    assert found.own == pytest.approx(of_first / 4)  # (1/9 - 2/36) / 1, over two runs
    assert found.runs == pytest.approx((1 / 3) ** 2 / 2 / 2)


@pytest.mark.parametrize("length", [1, 6])
def test_parts_are_those_of_all_covariances_of_the_runs(length: int) -> None:
    """Off the diagonal is what two runs share; what the diagonal has beyond it is a run's own."""
    random = np.random.default_rng(1)
    runs = random.normal(size=60) + random.normal(size=(5, 60))
    every = covariance(runs, length)
    shared = (every.sum() - every.trace()) / (5 * 4)
    found = doubt(runs, length)
    assert found.examples == pytest.approx(every.mean())
    assert found.examples - found.own == pytest.approx(shared)


@pytest.mark.parametrize(
    ("share", "half", "ends"),
    [
        (0.5, 0.1, (0.401312, 0.598688)),  # log odds 0 -+ 0.4
        (0.975, 0.05, (0.833728, 0.996714)),  # log odds 3.663562 -+ 2.051282
        (1.0, 0.0, (0.025 ** (1 / 40), 1.0)),
        (0.0, 0.0, (0.0, 1 - 0.025 ** (1 / 40))),
    ],
)
def test_ends_of_a_share_stay_between_0_and_1(
    share: float, half: float, ends: tuple[float, float]
) -> None:
    assert ends_of_share(share, half, 40) == pytest.approx(ends, abs=1e-6)
