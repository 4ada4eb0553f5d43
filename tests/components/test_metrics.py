"""Metrics against values worked by hand."""

import math

import numpy as np
import pytest

from components import metrics, scores
from components.scores import Predictions
from params.errors import InputError
from params.names import Task
from params.sections import Alert, Compare

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


CASES: list[tuple[Task, Predictions]] = [("classification", LABELS), ("forecast", DEGREES)]


@pytest.mark.parametrize(("task", "predictions"), CASES)
def test_values_of_examples_have_the_metric_as_their_mean(
    task: Task, predictions: Predictions
) -> None:
    values = metrics.values_of_examples(task, predictions)
    assert {key: one.mean() for key, one in values.items()} == pytest.approx(
        metrics.score(task, predictions)
    )
    assert {len(one) for one in values.values()} == {len(predictions.truth)}


def test_values_of_examples_by_hand() -> None:
    """F1 is 2 hits / (4 said or true); AUC: placements 1 and 1/2, and 1/2 and 1."""
    values = metrics.values_of_examples("classification", LABELS)
    # F1 = mean(2, 0, 0, 0) / mean(2, 1, 1, 0) = 1/2; influences (2 - 1, -1/2, -1/2, 0) / 1.
    assert values["test/f1"].tolist() == [1.5, 0.0, 0.0, 0.5]
    # Of two positives and two negatives, each placement counts twice its distance from 3/4.
    assert values["test/roc_auc"].tolist() == [1.25, 0.25, 0.25, 1.25]
    windows = metrics.values_of_examples("forecast", DEGREES)
    # Squared errors 1 and 9, mean 5: RMSE 2.236, and each is 4 away from the mean.
    root = math.sqrt(5)
    assert windows["test/rmse"] == pytest.approx([root - 4 / (2 * root), root + 4 / (2 * root)])
    assert windows["test/mase"] == pytest.approx([1 / 0.8, 3 / 0.8])
    assert windows["test/scaled_mae"] == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("key", ["test/f1", "test/roc_auc", "test/log_loss"])
def test_an_influence_is_what_one_more_example_changes(key: str) -> None:
    """An example that is there twice moves the metric by its influence over their number."""
    random = np.random.default_rng(0)
    truth = (random.random(2_000) < 0.4).astype(float)
    estimate = (random.random(2_000) * 0.6 + 0.3 * truth).round(2)  # with equals
    values = metrics.values_of_examples("classification", Predictions(truth, estimate))[key]
    before = values.mean()
    for place in (0, 1, 2, 3):
        twice = [*range(2_000), place]
        after = metrics.score("classification", Predictions(truth[twice], estimate[twice]))[key]
        assert after - before == pytest.approx((values[place] - before) / 2_001, rel=0.01, abs=1e-7)


def test_the_doubt_of_roc_auc_is_delongs() -> None:
    """DeLong's own variance has one example less of each class in its denominators."""
    random = np.random.default_rng(1)
    truth = np.arange(80) < 30
    estimate = random.random(80).round(1) + 0.2 * truth
    positive, negative = estimate[truth], estimate[~truth]
    above = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    delong = above.mean(axis=1).var(ddof=1) / 30 + above.mean(axis=0).var(ddof=1) / 50
    values = scores.roc_auc_of_examples(Predictions(truth.astype(float), estimate))
    assert values.mean() == pytest.approx(above.mean())
    assert values.var() / 80 == pytest.approx(delong, rel=1 / 29)
    exact = above.mean(axis=1).var() / 30 + above.mean(axis=0).var() / 50
    assert values.var() / 80 == pytest.approx(exact)


def test_equals_count_half() -> None:
    values, among = np.array([3.0, 1, 3, 2, 3]), np.array([True, True, False, False, True])
    found, others = scores.count_below(values, among)
    assert found.tolist() == [2, 0.5, 2, 1, 2]
    assert others.tolist() == [1.5, 0, 1.5, 0.5, 1.5]


def test_values_that_are_not_defined_are_left_out() -> None:
    one_class = Predictions(np.zeros(3), np.array([0.1, 0.2, 0.3]))
    assert list(metrics.values_of_examples("classification", one_class)) == [
        *("test/accuracy", "test/f1", "test/log_loss"),
    ]
    unknown = Predictions(DEGREES.truth, DEGREES.estimate)
    assert list(metrics.values_of_examples("forecast", unknown)) == ["test/mae", "test/rmse"]
    perfect = Predictions(DEGREES.truth, DEGREES.truth, naive_mae=0.0)
    assert metrics.values_of_examples("forecast", perfect)["test/rmse"].tolist() == [0, 0]
    assert "test/mase" not in metrics.values_of_examples("forecast", perfect)


def test_every_test_metric_says_what_an_interval_and_a_verdict_need() -> None:
    for metric in metrics.METRICS:
        needs = (metric.compute, metric.per_example, metric.smallest_difference)
        assert all(needs) if metric.key.startswith("test/") else not any(needs)
    shares = {metric.key for metric in metrics.METRICS if metric.is_share}
    assert shares == {"test/accuracy", "test/f1", "test/roc_auc", "val/accuracy"}


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


def asked(metric: str, drop: float | None = None, ranks: str = "test/accuracy") -> list[str]:
    alert = None if drop is None else Alert(metric=metric, drop=drop)
    found = metrics.metrics_asked("classification", Compare(metric=ranks, alert=alert))
    return [one.key for one in found]


def test_the_metrics_asked_for_are_the_ranking_one_and_that_of_the_alert() -> None:
    assert asked("test/accuracy") == ["test/accuracy"]
    assert asked("test/accuracy", 0.01) == ["test/accuracy"]
    assert asked("test/log_loss", 1.5) == ["test/accuracy", "test/log_loss"]
    with pytest.raises(InputError, match=r"^compare\.alert\.metric must be one of test/accuracy, "):
        asked("test/mae", 0.1)
    with pytest.raises(InputError) as caught:
        asked("test/accuracy", 1.0)
    assert str(caught.value) == (
        "compare.alert.drop must be less than 1, got 1: test/accuracy is a share, of which 0.01 is "
        "one point"
    )
