"""Metrics against values worked by hand."""

import math

import numpy as np
import pytest

from components import metrics, scores
from components.scores import Predictions
from params.errors import InputError
from params.names import Task

# Probabilities 0.9, 0.4, 0.5, 0.2 for the labels 1, 1, 0, 0: half are right.
LABELS = Predictions(np.array([1.0, 1, 0, 0]), np.array([0.9, 0.4, 0.5, 0.2]))
# Two windows of two days; errors +1, -1, +3, -3.
DEGREES = Predictions(
    truth=np.array([[10.0, 20], [20, 30]]),
    estimate=np.array([[11.0, 19], [23, 27]]),
    true_mean=np.array([[10.5, 20], [20, 29]]),
    naive_mae=0.8,
    scale=4.0,
)


@pytest.mark.parametrize(
    ("task", "predictions", "expected"),
    [
        (
            "classification",
            LABELS,
            {
                "test/accuracy": 0.5,
                "test/f1": 0.5,  # one hit, one miss, one false alarm
                "test/roc_auc": 0.75,  # three of the four pairs are in order
                "test/log_loss": -math.log(0.9 * 0.4 * 0.5 * 0.8) / 4,
            },
        ),
        (
            "forecast",
            DEGREES,
            {
                "test/mae": 2.0,
                "test/scaled_mae": 0.5,
                "test/rmse": math.sqrt(5),
                "test/mase": 2.5,
                "test/regret": 2 - 1.5 / 4,
            },
        ),
    ],
)
def test_worked_values(task: Task, predictions: Predictions, expected: dict[str, float]) -> None:
    found = metrics.score(task, predictions)
    assert found == pytest.approx(expected)
    assert list(found) == list(expected)


def test_one_half_counts_as_1() -> None:
    halves = Predictions(np.array([1.0, 0, 1]), np.full(3, 0.5))
    assert scores.accuracy(halves) == pytest.approx(2 / 3)
    assert scores.f1(halves) == pytest.approx(4 / 5)


def test_what_is_not_defined_is_left_out() -> None:
    one_class = Predictions(np.zeros(3), np.array([0.1, 0.2, 0.3]))
    assert list(metrics.score("classification", one_class)) == [
        *("test/accuracy", "test/f1", "test/log_loss"),
    ]
    assert scores.f1(one_class) == 0
    no_mean = Predictions(DEGREES.truth, DEGREES.estimate, None, 1.0, 1.0)
    assert list(metrics.score("forecast", no_mean)) == [
        *("test/mae", "test/scaled_mae", "test/rmse", "test/mase"),
    ]


def test_a_certain_mistake_costs_much_but_not_everything() -> None:
    certain = Predictions(np.array([0.0, 1]), np.array([1.0, 1]))
    assert 10 < scores.log_loss(certain) < 100


def test_each_metric_once_with_label_unit_and_direction() -> None:
    keys = [(metric.task, metric.key) for metric in metrics.METRICS]
    assert len(set(keys)) == len(keys)
    better = {metric.key: metric.better for metric in metrics.METRICS}
    higher = {"test/accuracy", "test/f1", "test/roc_auc", "val/accuracy"}
    assert {key for key, direction in better.items() if direction == "higher"} == higher
    units = {metric.key: metric.unit for metric in metrics.METRICS}
    degrees = {"test/mae", "test/rmse", "test/regret", "val/mae"}
    assert {key for key, unit in units.items() if unit == "°C"} == degrees
    assert all(metric.label for metric in metrics.METRICS)


@pytest.mark.parametrize("key", ["test/f1", "test/roc_auc", "test/accuracy", "test/log_loss"])
def test_every_test_metric_can_rank(key: str) -> None:
    assert metrics.ranking_metric("classification", key).key == key


@pytest.mark.parametrize("key", ["test/mae", "val/loss", "test/acuracy"])
def test_others_cannot_rank(key: str) -> None:
    with pytest.raises(InputError) as caught:
        metrics.ranking_metric("classification", key)
    assert str(caught.value) == (
        "compare.metric must be one of test/accuracy, test/f1, test/roc_auc, test/log_loss for a "
        f"classification, got '{key}'"
    )
