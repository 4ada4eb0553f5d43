"""Every two rows on the same examples, the better one first, in the direction of the metric."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from components.compare.evidence.pairs import holm, with_evidence
from components.evaluate.predictions import PREDICTIONS
from components.metrics import ranking_metric, score
from components.records import Row, Scored, Spread
from components.scores import Predictions

ACCURACY = ranking_metric("classification", "test/accuracy")
MAE = ranking_metric("forecast", "test/mae")


def row(name: str, key: str, value: float) -> Row:
    spread = Spread(mean=value, low=value, high=value, values=(value,))
    return Row(
        kind="network",
        name=name,
        label=name,
        num_parameters=1,
        train_seconds=1,
        seeds=(1,),
        metrics={key: spread},
    )


def scored(path: Path, name: str, seed: int, table: pd.DataFrame) -> Scored:
    folder = path / f"{name}-{seed}"
    folder.mkdir()
    table.to_parquet(folder / PREDICTIONS)
    return Scored(
        path=folder,
        fingerprint="",
        kind="network",
        name=name,
        seed=seed,
        num_parameters=1,
        train_seconds=1,
        peak_memory_bytes=1,
        metrics={},
    )


def classified(right: list[bool]) -> pd.DataFrame:
    label = np.arange(len(right)) % 2
    probability = np.where(np.array(right) == (label == 1), 0.9, 0.1)
    return pd.DataFrame({"row": range(len(right)), "label": label, "probability": probability})


def test_the_better_row_comes_first_and_the_interval_is_on_its_side(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    good, bad = (list(random.random(2_000) < share) for share in (0.9, 0.6))
    runs = [
        scored(tmp_path, "rnn", 1, classified(bad)),
        scored(tmp_path, "lstm", 1, classified(good)),
        scored(tmp_path, "lstm", 2, classified(good)),
    ]
    rows = [row("rnn", "test/accuracy", np.mean(bad)), row("lstm", "test/accuracy", np.mean(good))]
    found, (one,), _ = with_evidence(rows, runs, ACCURACY)
    assert (one.better, one.worse) == ("lstm", "rnn")
    assert one.difference == pytest.approx(np.mean(good) - np.mean(bad))
    # Independent rows: the variances of two binomials add up.
    half = 1.96 * np.sqrt((0.9 * 0.1 + 0.6 * 0.4) / 2_000)
    assert one.interval == pytest.approx((one.difference - half, one.difference + half), abs=0.004)
    assert one.shown
    assert one.p_value < 0.001
    assert one.adjusted_p == one.p_value  # there is no other pair
    assert one.needed is None
    (test,) = one.runs
    assert (test.better_seed, test.worse_seed) == (1, 1)
    only_good = np.sum(np.greater(good, bad))
    only_bad = np.sum(np.greater(bad, good))
    assert test.statistic == pytest.approx((only_good - only_bad) ** 2 / (only_good + only_bad))
    interval = found[0].metrics["test/accuracy"].interval
    assert interval is not None
    assert interval[0] < np.mean(bad) < interval[1]


def forecasts(error: float, steps: int) -> pd.DataFrame:
    windows = np.arange(60).repeat(steps)
    truth = np.zeros(60 * steps)
    step = np.tile(np.arange(1, steps + 1), 60)
    return pd.DataFrame({"window": windows, "step": step, "truth": truth, "forecast": error * step})


def test_a_lower_error_is_better_and_windows_count_once(tmp_path: Path) -> None:
    runs = [
        scored(tmp_path, "gru", 1, forecasts(1.0, 3)),
        scored(tmp_path, "rnn", 1, forecasts(-2.0, 3)),
    ]
    rows = [row("rnn", "test/mae", 4.0), row("gru", "test/mae", 2.0)]
    found, (one,), method = with_evidence(rows, runs, MAE)
    assert (one.better, one.worse, one.difference) == ("gru", "rnn", pytest.approx(2.0))
    assert one.interval == pytest.approx((2.0, 2.0))
    assert found[1].metrics["test/mae"].interval == pytest.approx((2.0, 2.0))
    assert one.runs == ()  # errors that do not vary cannot be tested
    assert method is not None
    assert (method.run_test, method.block_length) == ("diebold_mariano", 12)


def test_no_difference_is_not_shown(tmp_path: Path) -> None:
    runs = [
        scored(tmp_path, "a", 1, classified([False, True] * 20)),
        scored(tmp_path, "b", 1, classified([True, False] * 20)),
    ]
    rows = [row(name, "test/accuracy", 0.5) for name in ("a", "b")]
    _, (found,), _ = with_evidence(rows, runs, ACCURACY)
    assert (found.better, found.worse, found.difference) == ("a", "b", 0)
    assert found.interval[0] < 0 < found.interval[1]
    assert not found.shown
    assert found.p_value == 1
    assert found.needed is not None
    assert (found.needed.difference, found.needed.more_seeds) == (0.005, None)
    # Forty differences of 1: the error is 2.8 times less than 0.005 with 40 / (0.005 / 2.8)^2 / 40.
    assert found.needed.more_examples == pytest.approx((2.8016 / 0.005) ** 2, rel=0.03)


def test_every_two_rows_are_compared_and_corrected_for_their_number(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    shares = {"rnn": 0.5, "gru": 0.56, "lstm": 0.6, "bilstm": 0.62}
    runs = [
        scored(tmp_path, name, 1, classified(list(random.random(400) < share)))
        for name, share in shares.items()
    ]
    rows = [row(name, "test/accuracy", share) for name, share in shares.items()]
    _, pairs, method = with_evidence(rows, runs, ACCURACY)
    assert len({frozenset((one.better, one.worse)) for one in pairs}) == 6
    ordered = sorted(pairs, key=lambda one: one.p_value)
    least = [min((6 - place) * one.p_value, 1.0) for place, one in enumerate(ordered)]
    assert [one.adjusted_p for one in ordered] == pytest.approx(np.maximum.accumulate(least))
    assert [one.needed is None for one in pairs] == [one.shown for one in pairs]
    assert any(one.p_value < 0.05 and not one.shown for one in pairs)
    assert method is not None
    assert method.num_pairs == 6


def test_holm_by_hand() -> None:
    found = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert found.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(5)
    p_values = np.concatenate([random.random(30) ** 3, [0.0, 1.0, 0.2, 0.2]])
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected, abs=1e-15)


def test_seeds_widen_what_one_run_seems_to_know(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    runs, once = [], []
    for name, shares in (("gru", (0.80, 0.84, 0.88)), ("rnn", (0.72, 0.76, 0.80))):
        for seed, share in enumerate(shares, 1):
            run = scored(tmp_path, name, seed, classified(list(random.random(2_000) < share)))
            runs.append(run)
            once += [run] * (seed == 1)
    rows = [row("gru", "test/accuracy", 0.84), row("rnn", "test/accuracy", 0.76)]
    (several, _), (pair,), _ = with_evidence(rows, runs, ACCURACY, 0.02)
    (single, _), (single_pair,), method = with_evidence(rows, once, ACCURACY)
    widths = [np.ptp(found.metrics["test/accuracy"].interval) for found in (several, single)]
    assert widths[0] > 3 * widths[1]
    assert len(pair.runs) == 3
    assert single_pair.shown
    assert not pair.shown  # 8 points, where seeds are 4 points apart
    assert pair.needed is not None
    # Two points of seeds that are 4 apart, by the usual table: 64 in each group.
    assert pair.needed.more_seeds == pytest.approx(64 - 3, abs=8)
    assert pair.needed.more_examples is None
    assert method is not None
    assert "Every network ran once" in " ".join(method.sentences)


@pytest.mark.parametrize(("asked", "taken"), [(None, 0.005), (0.02, 0.02)])
def test_the_smallest_difference_is_the_metrics_unless_asked_for(
    tmp_path: Path, asked: float | None, taken: float
) -> None:
    runs = [scored(tmp_path, name, 1, classified([True, False] * 20)) for name in ("a", "b")]
    rows = [row(name, "test/accuracy", 0.5) for name in ("a", "b")]
    _, (pair,), method = with_evidence(rows, runs, ACCURACY, asked)
    assert pair.needed is not None
    assert method is not None
    assert pair.needed.difference == method.smallest_difference == taken


def test_every_test_metric_has_an_interval(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    table = classified(list(random.random(500) < 0.8))
    table["probability"] = (table["probability"] + random.random(500) / 10).clip(0, 1)
    predictions = Predictions(table["label"].to_numpy(float), table["probability"].to_numpy())
    values = score("classification", predictions)
    known = row("gru", "val/loss", 0.1)
    for key, value in values.items():
        known.metrics.update(row("gru", key, value).metrics)
    (found,), _, _ = with_evidence([known], [scored(tmp_path, "gru", 1, table)], ACCURACY)
    assert len(values) == 4
    for key, value in values.items():
        interval = found.metrics[key].interval
        assert interval is not None
        assert interval[0] < value < interval[1]
    assert found.metrics["val/loss"].interval is None


def test_rows_on_examples_that_both_find_hard_are_still_told_apart(tmp_path: Path) -> None:
    """One of them is right on one example in fifty more: each interval is wider than that."""
    random = np.random.default_rng(4)
    worse = random.random(2_000) < 0.7
    better = worse | (random.random(2_000) < 0.06)
    runs = [
        scored(tmp_path, "a", 1, classified(list(better))),
        scored(tmp_path, "b", 1, classified(list(worse))),
    ]
    rows = [row("a", "test/accuracy", 0.72), row("b", "test/accuracy", 0.70)]
    (one, other), (pair,), _ = with_evidence(rows, runs, ACCURACY)
    of_one, of_other = (found.metrics["test/accuracy"].interval for found in (one, other))
    assert of_one is not None
    assert of_other is not None
    assert of_one[0] < of_other[1]
    assert pair.shown


def test_an_interval_stays_where_the_metric_can_be(tmp_path: Path) -> None:
    runs = [scored(tmp_path, "gru", 1, classified([True] * 39 + [False]))]
    (found,), pairs, _ = with_evidence([row("gru", "test/accuracy", 39 / 40)], runs, ACCURACY)
    interval = found.metrics["test/accuracy"].interval
    assert interval is not None
    assert 0.8 < interval[0] < 39 / 40 < interval[1] < 1
    assert pairs == []


def test_an_error_is_not_below_0_but_a_regret_can_be(tmp_path: Path) -> None:
    """One window in sixty is off, on a side on which the true mean is worse or better."""
    table = forecasts(0.0, 1)
    table.loc[::20, "forecast"] = 1.0
    table["true_mean"] = 0.0
    both = row("gru", "test/mae", 0.05)
    both.metrics.update(row("gru", "test/regret", 0.05).metrics)
    (found,), _, _ = with_evidence([both], [scored(tmp_path, "gru", 1, table)], MAE)
    of_mae, of_regret = (found.metrics[key].interval for key in ("test/mae", "test/regret"))
    assert of_mae is not None
    assert of_regret is not None
    assert of_mae[0] == 0.0
    assert of_regret[0] < 0
    assert of_mae[1] == of_regret[1]


def test_few_examples_have_no_interval(tmp_path: Path) -> None:
    runs = [scored(tmp_path, name, 1, classified([True] * 29)) for name in ("rnn", "gru")]
    rows = [row(name, "test/accuracy", 1.0) for name in ("rnn", "gru")]
    assert with_evidence(rows, runs, ACCURACY) == (rows, [], None)
    assert with_evidence([], [], ACCURACY) == ([], [], None)
