"""Each metric once: its key, label, unit, direction and function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components import scores
from components.scores import Predictions, Values
from params.errors import InputError
from params.names import Task
from params.sections import Compare

TRAIN_LOSS = "train/loss"
VAL_LOSS = "val/loss"
VAL_ACCURACY = "val/accuracy"
VAL_MAE = "val/mae"
TEST_MAE = "test/mae"
TEST_REGRET = "test/regret"


@dataclass(frozen=True)
class Metric:
    """How one number is computed and shown. `compute` is absent for what training itself logs.

    `per_example` gives values `(N,)` whose mean the number is, NaN where it is not defined; every
    test metric has it. `lowest` and `highest` are the least and the most that it can be, and
    `smallest_difference` is the least that two rows must differ by for anybody to care.
    """

    key: str
    label: str
    task: Task
    better: Literal["higher", "lower"]
    unit: str = ""
    digits: int = 4
    explanation: str = ""
    compute: Callable[[Predictions], float] | None = None
    per_example: Callable[[Predictions], Values] | None = None
    smallest_difference: float | None = None
    lowest: float = 0.0
    highest: float = math.inf
    needs_true_mean: bool = False
    needs_both_labels: bool = False

    @property
    def is_share(self) -> bool:
        """Whether it is a share of 1, whose differences are said in points of a hundred."""
        return self.highest == 1.0


METRICS = (
    Metric(
        "test/accuracy",
        "Accuracy",
        "classification",
        "higher",
        explanation="share of test examples classified correctly",
        compute=scores.accuracy,
        per_example=scores.correct,
        smallest_difference=0.005,
        highest=1.0,
    ),
    Metric(
        "test/f1",
        "F1",
        "classification",
        "higher",
        compute=scores.f1,
        per_example=scores.f1_of_examples,
        smallest_difference=0.005,
        highest=1.0,
    ),
    Metric(
        "test/roc_auc",
        "ROC AUC",
        "classification",
        "higher",
        compute=scores.roc_auc,
        per_example=scores.roc_auc_of_examples,
        smallest_difference=0.005,
        highest=1.0,
        needs_both_labels=True,
    ),
    Metric(
        "test/log_loss",
        "Log loss",
        "classification",
        "lower",
        unit="nats",
        compute=scores.log_loss,
        per_example=scores.log_loss_of_examples,
        smallest_difference=0.01,
    ),
    Metric(VAL_ACCURACY, "Validation accuracy", "classification", "higher", highest=1.0),
    Metric(
        TEST_MAE,
        "MAE",
        "forecast",
        "lower",
        unit="°C",
        digits=3,
        explanation="mean absolute error on the test days",
        compute=scores.mae,
        per_example=scores.absolute_error,
        smallest_difference=0.05,
    ),
    Metric(
        "test/scaled_mae",
        "Scaled MAE",
        "forecast",
        "lower",
        digits=3,
        explanation="MAE in standard deviations of the training days, the unit of the networks",
        compute=scores.scaled_mae,
        per_example=scores.scaled_error,
        smallest_difference=0.01,
    ),
    Metric(
        "test/rmse",
        "RMSE",
        "forecast",
        "lower",
        unit="°C",
        digits=3,
        compute=scores.rmse,
        per_example=scores.rmse_of_windows,
        smallest_difference=0.05,
    ),
    Metric(
        "test/mase",
        "MASE",
        "forecast",
        "lower",
        digits=3,
        explanation="MAE over that of 'tomorrow is as today' on the training part",
        compute=scores.mase,
        per_example=scores.naive_ratio,
        smallest_difference=0.02,
    ),
    Metric(
        TEST_REGRET,
        "Regret",
        "forecast",
        "lower",
        unit="°C",
        digits=3,
        explanation="MAE above that of the true mean, which no forecast can be expected to beat",
        compute=scores.regret,
        per_example=scores.excess_error,
        smallest_difference=0.05,
        lowest=-math.inf,
        needs_true_mean=True,
    ),
    Metric(VAL_MAE, "Validation MAE", "forecast", "lower", unit="°C", digits=3),
    Metric(VAL_LOSS, "Validation loss", "classification", "lower"),
    Metric(VAL_LOSS, "Validation loss", "forecast", "lower"),
    Metric(TRAIN_LOSS, "Training loss", "classification", "lower"),
    Metric(TRAIN_LOSS, "Training loss", "forecast", "lower"),
)


def metrics_of(task: Task) -> dict[str, Metric]:
    """Key -> metric of one task, in the order in which they are shown."""
    return {metric.key: metric for metric in METRICS if metric.task == task}


def metrics_asked(task: Task, compare: Compare) -> tuple[Metric, ...]:
    """The metric that orders the rows of a comparison, and that of its alert if it is another.

    Raises:
        InputError: If one is no test metric of the task, or no drop of the alert's could be as big.
    """
    ranks = ranking_metric(task, compare.metric)
    if compare.alert is None:
        return (ranks,)
    watched = ranking_metric(task, compare.alert.metric, "compare.alert.metric")
    if watched.is_share and compare.alert.drop >= 1:
        raise InputError(
            f"compare.alert.drop must be less than 1, got {compare.alert.drop:g}: {watched.key} is "
            "a share, of which 0.01 is one point"
        )
    return (ranks,) if watched == ranks else (ranks, watched)


def ranking_metric(task: Task, key: str, asked: str = "compare.metric") -> Metric:
    """The test metric that orders the rows of a comparison, or that `asked` names otherwise.

    Raises:
        InputError: If the task has no test metric of that key.
    """
    computed = {key: metric for key, metric in metrics_of(task).items() if metric.compute}
    if key not in computed:
        raise InputError(f"{asked} must be one of {', '.join(computed)} for a {task}, got {key!r}")
    return computed[key]


def score(task: Task, predictions: Predictions) -> dict[str, float]:
    """Every test metric of the task that is defined for these predictions, by key."""
    values = {
        metric.key: metric.compute(predictions)
        for metric in metrics_of(task).values()
        if metric.compute and (predictions.true_mean is not None or not metric.needs_true_mean)
    }
    return {key: value for key, value in values.items() if np.isfinite(value)}


def values_of_examples(task: Task, predictions: Predictions) -> dict[str, Values]:
    """For every test metric that is defined for these predictions, values `(N,)` by key.

    The mean of the values is the metric.
    """
    values = {
        metric.key: metric.per_example(predictions)
        for metric in metrics_of(task).values()
        if metric.per_example and (predictions.true_mean is not None or not metric.needs_true_mean)
    }
    return {key: one for key, one in values.items() if np.isfinite(one).all()}
