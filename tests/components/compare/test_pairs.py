"""Every two rows on the same examples, the better one first, in the direction of the metric."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.compare.bootstrap import Bootstrap
from components.compare.pairs import block_length, pair, with_evidence
from components.evaluate.predictions import PREDICTIONS
from components.metrics import ranking_metric
from components.records import Row, Scored, Spread

ACCURACY = ranking_metric("classification", "test/accuracy")
MAE = ranking_metric("forecast", "test/mae")
F1 = ranking_metric("classification", "test/f1")


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
    found, (one,) = with_evidence(rows, runs, ACCURACY)
    assert (one.better, one.worse) == ("lstm", "rnn")
    assert one.difference == pytest.approx(np.mean(good) - np.mean(bad))
    # Independent rows: the variances of two binomials add up.
    half = 1.96 * np.sqrt((0.9 * 0.1 + 0.6 * 0.4) / 2_000)
    assert one.interval == pytest.approx((one.difference - half, one.difference + half), abs=0.004)
    assert one.shown
    assert one.p_value < 0.001
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
    found, (one,) = with_evidence(rows, runs, MAE)
    assert (one.better, one.worse, one.difference) == ("gru", "rnn", pytest.approx(2.0))
    assert one.interval == pytest.approx((2.0, 2.0))
    assert found[1].metrics["test/mae"].interval == pytest.approx((2.0, 2.0))


def test_no_difference_is_not_shown() -> None:
    values = {"a": np.array([[0.0, 1] * 20]), "b": np.array([[1.0, 0] * 20])}
    found = pair("a", "b", ACCURACY, Bootstrap(values))
    assert found.difference == 0
    assert found.interval[0] < 0 < found.interval[1]
    assert not found.shown
    assert found.p_value > 0.5


def test_every_two_rows_are_compared(tmp_path: Path) -> None:
    names = ["rnn", "gru", "lstm", "bilstm"]
    runs = [scored(tmp_path, name, 1, classified([True, False] * 15)) for name in names]
    rows = [row(name, "test/accuracy", 0.5) for name in names]
    _, pairs = with_evidence(rows, runs, ACCURACY)
    assert len({frozenset((one.better, one.worse)) for one in pairs}) == 6


def test_a_metric_that_is_no_mean_has_no_interval(tmp_path: Path) -> None:
    rows = [row("rnn", "test/f1", 0.5)]
    assert with_evidence(rows, [], F1) == (rows, [])
    assert with_evidence([], [], ACCURACY) == ([], [])


def test_an_interval_stays_where_the_metric_can_be(tmp_path: Path) -> None:
    right = [True] * 39 + [False]
    runs = [scored(tmp_path, "gru", 1, classified(right))]
    (found,), _ = with_evidence([row("gru", "test/accuracy", 39 / 40)], runs, ACCURACY)
    assert Bootstrap({"gru": np.array([right], float)}).score("gru").high > 1.0
    interval = found.metrics["test/accuracy"].interval
    assert interval is not None
    assert interval[1] == 1.0


def test_few_examples_have_no_interval(tmp_path: Path) -> None:
    runs = [scored(tmp_path, name, 1, classified([True] * 29)) for name in ("rnn", "gru")]
    rows = [row(name, "test/accuracy", 1.0) for name in ("rnn", "gru")]
    assert with_evidence(rows, runs, ACCURACY) == (rows, [])


def test_length_of_blocks() -> None:
    lengths = [block_length(number, 1) for number in (1, 5, 213, 1_000)]
    assert lengths == [1, 2, 6, 10]
    assert [block_length(213, horizon) for horizon in (2, 7, 30)] == [6, 14, 60]
