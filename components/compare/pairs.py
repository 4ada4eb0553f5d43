"""Rows -> the same rows with intervals, and every two of them compared on the same examples."""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from components.compare.bootstrap import Bootstrap
from components.evaluate.predictions import read_predictions
from components.metrics import Metric
from components.records import Pair, Row, Scored

LEAST_EXAMPLES = 30  # a bootstrap of fewer says more of itself than of them


def with_evidence(
    rows: Sequence[Row], scored: Iterable[Scored], metric: Metric
) -> tuple[list[Row], list[Pair]]:
    """The rows with the 95 % interval of `metric`, and a comparison of every two of them.

    Nothing is added where the metric is no mean over examples, or there are too few of them.
    """
    if metric.per_example is None or not rows:
        return list(rows), []
    values: dict[str, list[NDArray[np.float64]]] = {}
    horizon = 1
    for one in sorted(scored, key=lambda one: one.seed or 0):
        predictions = read_predictions(metric.task, one.path)
        values.setdefault(one.name, []).append(metric.per_example(predictions))
        if metric.task == "forecast":
            horizon = predictions.truth.shape[1]
    runs = {name: np.stack(of_row) for name, of_row in values.items()}
    num_examples = next(iter(runs.values())).shape[1]
    if num_examples < LEAST_EXAMPLES:
        return list(rows), []
    length = block_length(num_examples, horizon) if metric.task == "forecast" else 1
    bootstrap = Bootstrap(runs, block_length=length)
    return (
        [with_interval(row, metric, bootstrap) for row in rows],
        [pair(*names, metric, bootstrap) for names in combinations([row.name for row in rows], 2)],
    )


def block_length(num_windows: int, horizon: int) -> int:
    """How many neighbouring windows are drawn together.

    The usual cube root of their number, and twice the days that each forecasts: neighbours forecast
    the same days but one, so that their errors go together over that length.
    """
    return max(1, round(math.cbrt(num_windows)), 2 * horizon if horizon > 1 else 1)


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
        adjusted_p=found.p_value,
    )
