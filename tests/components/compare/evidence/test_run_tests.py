"""McNemar and Diebold-Mariano against worked examples, and which runs are set against which."""

import math

import numpy as np
import pytest
from statsmodels.stats import contingency_tables
from statsmodels.tsa.stattools import diebold_mariano_test

from components.compare.evidence.run_tests import diebold_mariano, mcnemar, run_tests
from components.compare.evidence.sample import RowSample, Sample
from components.records import RunTest


def two_runs(both: int, only_first: int, only_second: int, neither: int) -> np.ndarray:
    counts = (both, only_first, only_second, neither)
    return np.repeat([[1.0, 1, 0, 0], [1, 0, 1, 0]], counts, axis=1).astype(np.float32)


def test_mcnemar_of_two_surveys() -> None:
    """Agresti, "An introduction to categorical data analysis", on a prime minister's performance.

    Of 1,600 asked twice, 150 approved at first only and 86 later only: (150 - 86)^2 / 236.
    """
    found = mcnemar(two_runs(794, 150, 86, 570))
    assert found.statistic[0, 1] == pytest.approx(17.355932203, abs=1e-6)
    assert found.p_value[0, 1] == pytest.approx(math.erfc(math.sqrt(17.355932203 / 2)), abs=1e-9)
    assert found.p_value[0, 1] == pytest.approx(3.0993e-05, abs=1e-8)


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        (1, 9, 22 / 1024),  # twice the chance of at most 1 of 10: 2 (1 + 10) / 2^10
        (0, 5, 2 / 32),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_is_exact_for_few(first: int, second: int, p_value: float) -> None:
    found = mcnemar(two_runs(20, first, second, 7))
    assert found.p_value[0, 1] == pytest.approx(p_value, abs=1e-9)


@pytest.mark.parametrize("apart", [(3, 21), (10, 15), (40, 70)])
def test_mcnemar_is_that_of_statsmodels(apart: tuple[int, int]) -> None:
    found = mcnemar(two_runs(50, *apart, 30))
    table = [[50, apart[0]], [apart[1], 30]]
    theirs = contingency_tables.mcnemar(table, exact=sum(apart) < 25, correction=False)
    assert found.p_value[0, 1] == pytest.approx(theirs.pvalue, abs=1e-12)
    if sum(apart) >= 25:
        assert found.statistic[0, 1] == pytest.approx(theirs.statistic)


def test_runs_alike_are_not_apart() -> None:
    found = mcnemar(two_runs(5, 0, 0, 5))
    assert (found.statistic[0, 1], found.p_value[0, 1]) == (0, 1)


def losses(*differences: float) -> np.ndarray:
    second = np.linspace(3, 4, len(differences))
    return np.stack([second + np.array(differences), second])


def test_diebold_mariano_two_steps_ahead_by_hand() -> None:
    """Mean 1, autocovariances 12/8 and 5/8: variance (1.5 + 1.25) / 8, corrected by 5.25 / 8."""
    found = diebold_mariano(losses(1, 2, 3, 2, 0, -1, 1, 0), horizon=2)
    statistic = 1 / math.sqrt(0.34375) * math.sqrt(5.25 / 8)
    assert found.statistic[0, 1] == pytest.approx(statistic, abs=1e-9)
    assert found.statistic[0, 1] == pytest.approx(1.381698559, abs=1e-6)
    assert found.p_value[0, 1] == pytest.approx(0.209550994, abs=1e-6)  # t with 7 degrees, by parts
    assert found.statistic[1, 0] == pytest.approx(-1.381698559, abs=1e-6)


def test_a_variance_below_0_is_weighted() -> None:
    """Autocovariances 12/8 and -8/8 add up to -0.5; at half the weight to 0.5."""
    found = diebold_mariano(losses(1, 2, 0, 3, -1, 1, 2, 0), horizon=2)
    assert found.statistic[0, 1] == pytest.approx(3.240370349, abs=1e-6)  # 4 sqrt(5.25 / 8)
    assert found.p_value[0, 1] == pytest.approx(0.014245753, abs=1e-6)


def test_diebold_mariano_one_step_ahead_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(0)
    truth, *forecasts = random.normal(size=(3, 40))
    theirs = diebold_mariano_test(truth, *forecasts, lags=0, criterion="mae", harvey_adj=True)
    found = diebold_mariano(np.abs(np.array(forecasts) - truth), horizon=1)
    assert found.statistic[0, 1] == pytest.approx(theirs.statistic, abs=1e-9)
    assert found.p_value[0, 1] == pytest.approx(theirs.pvalue, abs=1e-9)


def test_losses_alike_and_losses_apart_by_a_constant() -> None:
    alike = diebold_mariano(losses(0, 0, 0, 0, 0), horizon=2)
    assert (alike.statistic[0, 1], alike.p_value[0, 1]) == (0, 1)
    assert np.isnan(diebold_mariano(losses(1, 1, 1, 1, 1), horizon=2).statistic[0, 1])


def sample(rows: dict[str, dict[int | None, np.ndarray]], horizon: int = 1) -> Sample:
    number = len(next(iter(next(iter(rows.values())).values())))
    found = {name: RowSample({}, np.zeros(number), runs) for name, runs in rows.items()}
    return Sample(found, number, horizon, 1)


def seeds(tests: tuple[RunTest, ...]) -> list[tuple[int | None, int | None]]:
    return [(test.better_seed, test.worse_seed) for test in tests]


def test_runs_of_a_common_seed_and_all_runs_against_a_baseline() -> None:
    random = np.random.default_rng(0)

    def run() -> np.ndarray:
        return (random.random(40) < 0.7).astype(np.float32)

    found = sample(
        {
            "lstm": {1: run(), 2: run(), 4: run()},
            "rnn": {2: run(), 3: run(), 4: run()},
            "gru": {9: run()},
            "majority": {None: run()},
            "tfidf": {None: run()},
        }
    )
    pairs = [("rnn", "lstm"), ("majority", "lstm"), ("gru", "tfidf"), ("gru", "rnn")]
    pairs.append(("tfidf", "majority"))
    tests = run_tests("classification", found, pairs)
    assert [seeds(one) for one in tests] == [
        [(2, 2), (4, 4)],
        [(None, 1), (None, 2), (None, 4)],
        [(9, None)],
        [],
        [(None, None)],
    ]
    rows = found.rows
    alone = mcnemar(np.stack([rows["rnn"].runs[4], rows["lstm"].runs[4]]))
    assert tests[0][1].statistic == pytest.approx(alone.statistic[0, 1])
    assert tests[0][1].p_value == pytest.approx(alone.p_value[0, 1])


def test_the_statistic_of_a_series_is_above_0_where_the_better_run_is_better() -> None:
    low, high = np.random.default_rng(0).random((2, 60))
    found = sample({"gru": {1: low}, "rnn": {1: high + 1}}, horizon=3)
    ((better,), (worse,)) = run_tests("forecast", found, [("gru", "rnn"), ("rnn", "gru")])
    assert better.statistic > 3
    assert worse.statistic == -better.statistic


def test_too_few_windows_for_so_long_a_forecast_are_not_tested() -> None:
    runs = np.random.default_rng(0).random((2, 59))
    found = sample({"a": {1: runs[0]}, "b": {1: runs[1]}}, horizon=3)
    assert run_tests("forecast", found, [("a", "b")]) == [()]


def test_losses_apart_by_a_constant_have_no_test() -> None:
    run = np.linspace(0, 1, 40)
    found = sample({"a": {1: run}, "b": {1: run + 1}})
    assert run_tests("forecast", found, [("a", "b")]) == [()]
