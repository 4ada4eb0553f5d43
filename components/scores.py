"""What each test metric computes: its value, and values of single examples whose mean it is.

Where a metric is a mean over examples, those are its terms. Where it is not, as with F1, ROC AUC
and RMSE, each example has the metric's value plus its own influence: what the metric would change
if that example weighed a little more, times the number of examples. Influences add up to 0, and
the variance of such a mean is that of the metric, as far as many examples go.

Source: Efron, "The jackknife, the bootstrap and other resampling plans", 1982, chapter 6 (the
infinitesimal jackknife).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


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


def correct(predictions: Predictions) -> Values:
    """1 for each example whose more probable class is the right one; exactly 0.5 counts as 1."""
    right = (predictions.estimate >= 0.5) == (predictions.truth == 1)
    return np.asarray(right, dtype=np.float64)


def accuracy(predictions: Predictions) -> float:
    """Share of examples whose more probable class is the right one."""
    return float(correct(predictions).mean())


# scikit-learn takes a second to import, and the keys of metrics are needed before anything is
# computed.
def f1(predictions: Predictions) -> float:
    """Harmonic mean of precision and recall of class 1; 0 where neither is defined."""
    from sklearn.metrics import f1_score

    return float(f1_score(predictions.truth, predictions.estimate >= 0.5, zero_division=0.0))


def f1_of_examples(predictions: Predictions) -> Values:
    """F1 plus the influence of each example, `(N,)`: it is one mean divided by another."""
    said = (predictions.estimate >= 0.5).astype(np.float64)
    hits, whole = 2 * said * predictions.truth, said + predictions.truth
    if not whole.any():
        return np.zeros(len(whole))
    value = hits.mean() / whole.mean()
    return np.asarray(value + (hits - value * whole) / whole.mean())


def roc_auc(predictions: Predictions) -> float:
    """Chance that a random positive is ranked above a random negative; NaN with one class only."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(predictions.truth)) < 2:
        return float("nan")
    return float(roc_auc_score(predictions.truth, predictions.estimate))


def roc_auc_of_examples(predictions: Predictions) -> Values:
    """ROC AUC plus the influence of each example, `(N,)`; NaN with one class only.

    The placement of a positive is the share of negatives ranked below it, that of a negative the
    share of positives above it; equals count half.

    Sources: DeLong, DeLong & Clarke-Pearson, "Comparing the areas under two or more correlated
    receiver operating characteristic curves", 1988; by ranks as in Sun & Xu, "Fast implementation
    of DeLong's algorithm", 2014.
    """
    positive = predictions.truth == 1
    number, num_positives = len(positive), int(positive.sum())
    if num_positives in (0, number):
        return np.full(number, np.nan)
    ranks = midranks(predictions.estimate)
    values = np.empty(number)
    for among, others in ((positive, number - num_positives), (~positive, num_positives)):
        below = (ranks[among] - midranks(predictions.estimate[among])) / others
        placement = below if among is positive else 1 - below
        area = placement.mean()
        values[among] = area + (placement - area) * number / (number - others)
    return values


def midranks(values: Values) -> Values:
    """The rank of each value from 1, equals sharing the mean of theirs, `(N,)`."""
    order = np.argsort(values)
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    after = np.append(first[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((first + 1 + after) / 2, after - first)
    return ranks


def log_loss(predictions: Predictions) -> float:
    """Mean negative log-likelihood of the truth, in nats."""
    from sklearn.metrics import log_loss as mean_log_loss

    return float(mean_log_loss(predictions.truth, predictions.estimate, labels=[0, 1]))


def log_loss_of_examples(predictions: Predictions) -> Values:
    """The negative log-likelihood of each truth, `(N,)`, cut off as scikit-learn's is."""
    least = np.finfo(predictions.estimate.dtype).eps
    of_truth = np.where(predictions.truth == 1, predictions.estimate, 1 - predictions.estimate)
    return np.asarray(-np.log(np.clip(of_truth, least, 1 - least)), dtype=np.float64)


def absolute_error(predictions: Predictions) -> Values:
    """The mean absolute error of each window, `(N,)`, in degrees C."""
    return np.asarray(np.abs(predictions.estimate - predictions.truth).mean(axis=1))


def mae(predictions: Predictions) -> float:
    """Mean absolute error, in degrees C."""
    return float(absolute_error(predictions).mean())


def scaled_error(predictions: Predictions) -> Values:
    """The absolute error of each window in standard deviations of the training part, `(N,)`."""
    return absolute_error(predictions) / (predictions.scale or np.nan)


def scaled_mae(predictions: Predictions) -> float:
    """MAE in standard deviations of the training part, as the networks see it."""
    assert predictions.scale is not None, "a forecast carries the scale of its training part"
    return mae(predictions) / predictions.scale


def rmse(predictions: Predictions) -> float:
    """Root of the mean squared error, in degrees C."""
    return float(np.sqrt(((predictions.estimate - predictions.truth) ** 2).mean()))


def rmse_of_windows(predictions: Predictions) -> Values:
    """RMSE plus the influence of each window, `(N,)`, in degrees C."""
    squared = ((predictions.estimate - predictions.truth) ** 2).mean(axis=1)
    value = np.sqrt(squared.mean())
    if value == 0:
        return np.zeros(len(squared))
    return np.asarray(value + (squared - squared.mean()) / (2 * value))


def naive_ratio(predictions: Predictions) -> Values:
    """The absolute error of each window over that of 'tomorrow is as today', `(N,)`."""
    return absolute_error(predictions) / (predictions.naive_mae or np.nan)


def mase(predictions: Predictions) -> float:
    """MAE over that of 'tomorrow is as today' on the training part; NaN where that is 0.

    Source: Hyndman & Koehler, "Another look at measures of forecast accuracy", 2006.
    """
    assert predictions.naive_mae is not None, "a forecast carries the scale of its training part"
    return mae(predictions) / predictions.naive_mae if predictions.naive_mae else float("nan")


def excess_error(predictions: Predictions) -> Values:
    """The absolute error of each window above that of the true mean, `(N,)`, in degrees C."""
    assert predictions.true_mean is not None, "only a generated series has a true mean"
    floor = np.abs(predictions.true_mean - predictions.truth).mean(axis=1)
    return np.asarray(absolute_error(predictions) - floor)


def regret(predictions: Predictions) -> float:
    """MAE above that of the true mean on the same days, in degrees C."""
    return float(excess_error(predictions).mean())
