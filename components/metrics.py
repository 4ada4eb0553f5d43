"""Each metric once: its key, label, unit, direction and function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from params.errors import InputError
from params.names import Task

Values = NDArray[np.float64]

TRAIN_LOSS = "train/loss"
VAL_LOSS = "val/loss"
VAL_ACCURACY = "val/accuracy"
VAL_MAE = "val/mae"
TEST_MAE = "test/mae"
TEST_REGRET = "test/regret"


@dataclass(frozen=True)
class Predictions:
    """What a row said on the test split, beside the truth; all arrays have the same shape.

    For a classification `truth` is 0 or 1 and `estimate` the probability of 1, both `(N,)`. For a
    forecast both are degrees C, `(N, prediction_length)`, as is the noiseless `true_mean` where it
    is known; `naive_mae` is the mean absolute day-to-day change of the training part and `scale`
    its standard deviation, which is the unit that the networks compute in.
    """

    truth: Values
    estimate: Values
    true_mean: Values | None = None
    naive_mae: float | None = None
    scale: float | None = None


@dataclass(frozen=True)
class Metric:
    """How one number is computed and shown. `compute` is absent for what training itself logs.

    `per_example` gives the values `(N,)` whose mean the number is, for those that are a mean, and
    `highest` is the most that it can be; none of them can be below 0.
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
    highest: float = math.inf
    needs_true_mean: bool = False
    needs_both_labels: bool = False


def correct(predictions: Predictions) -> Values:
    """1 for each example whose more probable class is the right one; exactly 0.5 counts as 1."""
    right = (predictions.estimate >= 0.5) == (predictions.truth == 1)
    return np.asarray(right, dtype=np.float64)


def accuracy(predictions: Predictions) -> float:
    """Share of examples whose more probable class is the right one."""
    return float(correct(predictions).mean())


# scikit-learn takes a second to import, and the keys above are needed before anything is computed.
def f1(predictions: Predictions) -> float:
    """Harmonic mean of precision and recall of class 1; 0 where neither is defined."""
    from sklearn.metrics import f1_score

    return float(f1_score(predictions.truth, predictions.estimate >= 0.5, zero_division=0.0))


def roc_auc(predictions: Predictions) -> float:
    """Chance that a random positive is ranked above a random negative; NaN with one class only."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(predictions.truth)) < 2:
        return float("nan")
    return float(roc_auc_score(predictions.truth, predictions.estimate))


def log_loss(predictions: Predictions) -> float:
    """Mean negative log-likelihood of the truth, in nats."""
    from sklearn.metrics import log_loss as mean_log_loss

    return float(mean_log_loss(predictions.truth, predictions.estimate, labels=[0, 1]))


def absolute_error(predictions: Predictions) -> Values:
    """The mean absolute error of each window, in degrees C."""
    return np.asarray(np.abs(predictions.estimate - predictions.truth).mean(axis=1))


def mae(predictions: Predictions) -> float:
    """Mean absolute error, in degrees C."""
    return float(absolute_error(predictions).mean())


def scaled_mae(predictions: Predictions) -> float:
    """MAE in standard deviations of the training part, as the networks see it."""
    assert predictions.scale is not None, "a forecast carries the scale of its training part"
    return mae(predictions) / predictions.scale


def rmse(predictions: Predictions) -> float:
    """Root of the mean squared error, in degrees C."""
    return float(np.sqrt(((predictions.estimate - predictions.truth) ** 2).mean()))


def mase(predictions: Predictions) -> float:
    """MAE over that of 'tomorrow is as today' on the training part; NaN where that is 0.

    Source: Hyndman & Koehler, "Another look at measures of forecast accuracy", 2006.
    """
    assert predictions.naive_mae is not None, "a forecast carries the scale of its training part"
    return mae(predictions) / predictions.naive_mae if predictions.naive_mae else float("nan")


def regret(predictions: Predictions) -> float:
    """MAE above that of the true mean on the same days, in degrees C."""
    assert predictions.true_mean is not None, "only a generated series has a true mean"
    floor = np.abs(predictions.true_mean - predictions.truth).mean()
    return mae(predictions) - float(floor)


METRICS = (
    Metric(
        "test/accuracy",
        "Accuracy",
        "classification",
        "higher",
        explanation="share of test examples classified correctly",
        compute=accuracy,
        per_example=correct,
        highest=1.0,
    ),
    Metric("test/f1", "F1", "classification", "higher", compute=f1),
    Metric(
        "test/roc_auc",
        "ROC AUC",
        "classification",
        "higher",
        compute=roc_auc,
        needs_both_labels=True,
    ),
    Metric("test/log_loss", "Log loss", "classification", "lower", unit="nats", compute=log_loss),
    Metric(VAL_ACCURACY, "Validation accuracy", "classification", "higher"),
    Metric(
        TEST_MAE,
        "MAE",
        "forecast",
        "lower",
        unit="°C",
        digits=3,
        explanation="mean absolute error on the test days",
        compute=mae,
        per_example=absolute_error,
    ),
    Metric(
        "test/scaled_mae",
        "Scaled MAE",
        "forecast",
        "lower",
        digits=3,
        explanation="MAE in standard deviations of the training days, the unit of the networks",
        compute=scaled_mae,
    ),
    Metric("test/rmse", "RMSE", "forecast", "lower", unit="°C", digits=3, compute=rmse),
    Metric(
        "test/mase",
        "MASE",
        "forecast",
        "lower",
        digits=3,
        explanation="MAE over that of 'tomorrow is as today' on the training part",
        compute=mase,
    ),
    Metric(
        TEST_REGRET,
        "Regret",
        "forecast",
        "lower",
        unit="°C",
        digits=3,
        explanation="MAE above that of the true mean, which no forecast can be expected to beat",
        compute=regret,
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


def ranking_metric(task: Task, key: str) -> Metric:
    """The test metric that orders the rows of a comparison.

    Raises:
        InputError: If the task has no test metric of that key.
    """
    computed = {key: metric for key, metric in metrics_of(task).items() if metric.compute}
    if key not in computed:
        raise InputError(
            f"compare.metric must be one of {', '.join(computed)} for a {task}, got {key!r}"
        )
    return computed[key]


def score(task: Task, predictions: Predictions) -> dict[str, float]:
    """Every test metric of the task that is defined for these predictions, by key."""
    values = {
        metric.key: metric.compute(predictions)
        for metric in metrics_of(task).values()
        if metric.compute and (predictions.true_mean is not None or not metric.needs_true_mean)
    }
    return {key: value for key, value in values.items() if np.isfinite(value)}
