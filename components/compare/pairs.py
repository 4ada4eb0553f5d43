"""Rows -> the same rows with intervals, and every two of them compared on the same examples."""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from components.compare.bootstrap import Bootstrap
from components.evaluate.score import read_predictions
from components.metrics import Metric
from components.records import Pair, Row, Scored


def with_evidence(
    rows: Sequence[Row], scored: Iterable[Scored], metric: Metric
) -> tuple[list[Row], list[Pair]]:
    """The rows with the 95 % interval of `metric`, and a comparison of every two of them.

    Nothing is added where the metric is no mean over examples.
    """
    if metric.per_example is None or not rows:
        return list(rows), []
    values = per_example(scored, metric)
    window = 1
    if metric.task == "forecast":
        window = block_length(next(iter(values.values())).shape[1])
    bootstrap = Bootstrap(values, block_length=window)
    return (
        [with_interval(row, metric, bootstrap) for row in rows],
        [pair(*names, metric, bootstrap) for names in combinations([row.name for row in rows], 2)],
    )


def per_example(scored: Iterable[Scored], metric: Metric) -> dict[str, NDArray[np.float64]]:
    """What each run of each row scored on every test example, `(S, N)` in order of the seed."""
    assert metric.per_example is not None, "the metric is a mean over examples"
    by_name: dict[str, list[NDArray[np.float64]]] = {}
    for one in sorted(scored, key=lambda one: one.seed or 0):
        predictions = read_predictions(metric.task, one.path)
        by_name.setdefault(one.name, []).append(metric.per_example(predictions))
    return {name: np.stack(runs) for name, runs in by_name.items()}


def block_length(num_windows: int) -> int:
    """How many neighbouring windows are drawn together: the usual cube root of their number."""
    return max(1, round(math.cbrt(num_windows)))


def with_interval(row: Row, metric: Metric, bootstrap: Bootstrap) -> Row:
    """The row with the interval of its score, as far as the metric reaches."""
    score = bootstrap.score(row.name)
    interval = (max(score.low, 0.0), min(score.high, metric.highest))
    spread = row.metrics[metric.key].model_copy(update={"interval": interval})
    return row.model_copy(update={"metrics": {**row.metrics, metric.key: spread}})


def pair(one: str, other: str, metric: Metric, bootstrap: Bootstrap) -> Pair:
    """Two rows compared, the better one first."""
    found = bootstrap.difference(one, other)
    if (found.value < 0) == (metric.better == "higher") and found.value != 0:
        one, other = other, one
        found = bootstrap.difference(one, other)
    if metric.better == "lower":
        low, high, difference = -found.high, -found.low, -found.value
    else:
        low, high, difference = found.low, found.high, found.value
    return Pair(
        better=one,
        worse=other,
        difference=abs(difference),
        interval=(low, high),
        p_value=found.p_value,
    )
