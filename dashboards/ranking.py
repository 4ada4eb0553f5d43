"""Rows -> the ranked table of the first screen: networks and baselines in one order.

Everything that depends on the metric is there once for each metric. The page shows those of the
ranking metric; its script shows the others instead when a reader chooses one, and computes nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.metrics import Metric, metrics_of
from components.records import Comparison, Pair, Row
from dashboards.bars import Axis, Bar, axis_of, bar_of
from dashboards.look import Style, styles
from dashboards.points import gap_of, in_unit
from dashboards.scale import Scale, scale_of
from dashboards.wording import DASH, brackets, count, number, seconds, size


@dataclass(frozen=True)
class Behind:
    """How far a row is from the best one; `shown` is unknown where the two were not tested."""

    text: str
    sort: str
    interval: str = ""
    shown: bool | None = None


@dataclass(frozen=True)
class Value:
    """One metric of one row; `sort` orders the rows, empty where there is no value."""

    key: str
    text: str
    interval: str
    bar: Bar | None
    behind: Behind
    place: str
    sort: str


@dataclass(frozen=True)
class Cell:
    """What does not depend on the metric: a text, and what orders the rows by it."""

    text: str
    sort: str


@dataclass(frozen=True)
class Line:
    """One row of the table; `changed` are the params that set it apart and its label leaves out."""

    name: str
    label: str
    kind: str
    badge: str
    changed: tuple[str, ...]
    style: Style
    values: tuple[Value, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Ranking:
    """The table: an axis for each metric, the other headings as (label, unit), and the lines.

    `chosen` is the key of the metric that is shown at first.
    """

    chosen: str
    axes: tuple[Axis, ...]
    headings: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


def ranking(comparison: Comparison) -> Ranking:
    """Every row, best first by the ranking metric whatever its kind."""
    metrics = shown_metrics(comparison)
    orders = {metric.key: ranked(comparison.rows, metric) for metric in metrics}
    scales = {key: _scale(order, key, comparison) for key, order in orders.items()}
    looks = styles(comparison.rows)
    pairs = {frozenset((pair.better, pair.worse)): pair for pair in comparison.pairs}
    has_cost = any(row.cost for row in comparison.rows)

    def tested(row: Row, metric: Metric) -> Pair | None:
        best = orders[metric.key][0]
        ranks = metric.key == comparison.metric
        return pairs.get(frozenset((row.name, best.name))) if ranks else None

    def line(row: Row) -> Line:
        values = tuple(
            _value(row, metric, scales[metric.key], orders[metric.key], tested(row, metric))
            for metric in metrics
        )
        return Line(
            name=row.name,
            label=row.label,
            kind=row.kind,
            badge="baseline" if row.kind == "baseline" else "best network" if row.best else "",
            changed=unsaid(row),
            style=looks[row.name],
            values=values,
            cells=_cells(row, has_cost=has_cost),
        )

    return Ranking(
        chosen=comparison.metric if comparison.metric in orders else next(iter(orders), ""),
        axes=tuple(axis_of(comparison, metric, scales[metric.key]) for metric in metrics),
        headings=_headings(has_cost=has_cost),
        lines=tuple(line(row) for row in orders.get(comparison.metric, comparison.rows)),
    )


def shown_metrics(comparison: Comparison) -> tuple[Metric, ...]:
    """The metrics that any row has: those of the test first, then what training logged."""
    present = {key for row in comparison.rows for key in row.metrics}
    found = [metric for metric in metrics_of(comparison.task).values() if metric.key in present]
    return tuple(sorted(found, key=lambda metric: metric.compute is None))


def unsaid(row: Row) -> tuple[str, ...]:
    """The params in which a row differs from its like, where its label does not say them."""
    return tuple(
        said
        for said in (f"{name} {value}" for name, value in row.changed.items())
        if said not in row.label
    )


def ranked(rows: Sequence[Row], metric: Metric) -> tuple[Row, ...]:
    """The rows, best first by a metric; one without a value comes last."""
    sign = -1 if metric.better == "higher" else 1

    def order(row: Row) -> tuple[bool, float]:
        mean = _mean(row, metric)
        return (mean is None, 0.0 if mean is None else sign * mean)

    return tuple(sorted(rows, key=order))


def _scale(order: Sequence[Row], key: str, comparison: Comparison) -> Scale:
    spreads = [row.metrics[key] for row in order if key in row.metrics]
    return scale_of(spreads, comparison.floor.get(key))


def _mean(row: Row, metric: Metric) -> float | None:
    spread = row.metrics.get(metric.key)
    return None if spread is None or math.isnan(spread.mean) else spread.mean


def _value(
    row: Row, metric: Metric, scale: Scale, order: Sequence[Row], pair: Pair | None
) -> Value:
    mean = _mean(row, metric)
    if mean is None:
        return Value(metric.key, DASH, "", None, Behind(DASH, ""), "", "")
    spread = row.metrics[metric.key]
    return Value(
        key=metric.key,
        text=number(mean, metric.digits),
        interval=brackets(*spread.interval, metric.digits) if spread.interval else "",
        bar=bar_of(row, spread, metric, scale),
        behind=_behind(row, order[0], metric, pair),
        place=str(order.index(row) + 1),
        sort=f"{mean:.9g}",
    )


def _behind(row: Row, best: Row, metric: Metric, pair: Pair | None) -> Behind:
    """The difference to the best row, with its interval where the two were tested."""
    if row.name == best.name:
        return Behind("best", "0")
    if pair is None:
        apart = in_unit(abs(row.metrics[metric.key].mean - best.metrics[metric.key].mean), metric)
        return Behind(number(apart, 1 if metric.is_share else metric.digits), f"{apart:.9g}")
    gap = gap_of(pair, best.name, metric)
    return Behind(
        text=number(gap.value, gap.digits),
        sort=f"{gap.value:.9g}",
        interval=brackets(gap.low, gap.high, gap.digits),
        shown=pair.shown,
    )


def _headings(*, has_cost: bool) -> tuple[tuple[str, str], ...]:
    costs = (("Latency", "ms"), ("Size", "")) if has_cost else ()
    return (("Seeds", ""), ("Parameters", ""), ("Training", "s"), *costs)


def _cells(row: Row, *, has_cost: bool) -> tuple[Cell, ...]:
    found = [
        Cell(str(len(row.seeds)) if row.seeds else DASH, str(len(row.seeds))),
        Cell(count(row.num_parameters), str(row.num_parameters or "")),
        Cell(seconds(row.train_seconds), f"{row.train_seconds:.9g}"),
    ]
    cost = row.cost
    if has_cost and cost is None:
        found += [Cell(DASH, ""), Cell(DASH, "")]
    elif cost is not None:
        latency = cost.latency_median_seconds
        found += [
            Cell(seconds(1000 * latency), f"{latency:.9g}"),
            Cell(size(cost.size_bytes), str(cost.size_bytes)),
        ]
    return tuple(found)
