"""A baseline fitted to all that precedes the test split, and what it says of the test split."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from components.evaluate.baselines import Fitted, Values, fit_series, fit_text
from components.evaluate.truth import series_truth
from components.preprocess.text import read_split
from components.records import Ingested, Prepared
from components.train.memory import peak_memory_bytes
from params.names import SeriesBaseline, TextBaseline
from params.sections import SeriesEvaluate

AnyFitted = TypeVar("AnyFitted", bound=Fitted)


@dataclass(frozen=True)
class Outcome:
    """A fitted baseline, what fitting it took, and its estimate `(N, P)` of the test examples.

    As for networks, reading the data is no part of `seconds`; `peak_memory_bytes` is the most that
    the process held until the baseline was fitted.
    """

    fitted: Fitted
    seconds: float
    peak_memory_bytes: int
    estimate: Values


def text_outcome(name: TextBaseline, ingested: Ingested) -> Outcome:
    """The outcome of a baseline of a classification."""
    text, label = read_split(ingested.path, "train")
    fitted, seconds, peak = spent(lambda: fit_text(name, text, label))
    test, _ = read_split(ingested.path, "test")
    return Outcome(fitted, seconds, peak, fitted.probability(test)[:, None])


def series_outcome(
    name: SeriesBaseline, ingested: Ingested, prepared: Prepared, params: SeriesEvaluate
) -> Outcome:
    """The outcome of a baseline of a forecast."""
    truth = series_truth(ingested, prepared)
    known = truth.value[: truth.known]
    fitted, seconds, peak = spent(lambda: fit_series(name, known, params))
    return Outcome(fitted, seconds, peak, fitted.forecast(truth.value, truth.days))


def spent(fit: Callable[[], AnyFitted]) -> tuple[AnyFitted, float, int]:
    """What `fit` gives, the seconds that it took, and the peak memory of this process then."""
    start = time.perf_counter()
    fitted = fit()
    return fitted, time.perf_counter() - start, peak_memory_bytes()
