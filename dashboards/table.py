"""Rows -> the cells of the table, as text: labels, units and digits are those of the metrics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.metrics import Metric, metrics_of
from components.records import Comparison, Row, Spread
from dashboards.look import colour

DASH = "–"
TO = "to"  # a hyphen between two numbers reads as a minus


@dataclass(frozen=True)
class Heading:
    """What stands above a column; `hint` is its direction, `ranks` marks the ranking metric."""

    label: str
    unit: str = ""
    hint: str = ""
    explanation: str = ""
    ranks: bool = False


@dataclass(frozen=True)
class Cell:
    """One value as text, with its range or list of seeds, and its 95 % interval, below."""

    text: str
    detail: str = ""
    ranks: bool = False
    interval: str = ""


@dataclass(frozen=True)
class Line:
    """One row of the comparison as text; `place` is its rank, absent for a baseline."""

    place: str
    label: str
    colour: str
    badge: str
    best: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """The lines of one kind, under their own title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """The whole table; a kind without rows has no group."""

    headings: tuple[Heading, ...]
    groups: tuple[Group, ...]


def number(value: float | None, digits: int) -> str:
    """The value with so many decimals, or a dash where there is none; never a negative zero."""
    return DASH if value is None or math.isnan(value) else f"{value:z.{digits}f}"


def quantity(value: float | None, metric: Metric) -> str:
    """The value of a metric with its unit, such as `1.596 °C`."""
    return f"{number(value, metric.digits)} {metric.unit}".rstrip()


def span(spread: Spread, metric: Metric) -> str:
    """`0.8501 to 0.8553`; empty for a single value, or where one is not a number."""
    if len(spread.values) < 2 or math.isnan(spread.mean):
        return ""
    return between(spread.low, spread.high, metric)


def between(low: float, high: float, metric: Metric) -> str:
    """`0.8501 to 0.8553`, in the metric's digits."""
    return f"{number(low, metric.digits)} {TO} {number(high, metric.digits)}"


def seconds(value: float) -> str:
    """Seconds without false precision: `1,234`, `56.7`, `0.08`."""
    if math.isnan(value):
        return DASH
    if 0 < value < 0.01:
        return "< 0.01"
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 10 else 2}f}"


def table(comparison: Comparison) -> Table:
    """Networks first, ranked, then the baselines; a column for each metric that any row has."""
    present = {key for row in comparison.rows for key in row.metrics}
    shown = [metric for metric in metrics_of(comparison.task).values() if metric.key in present]
    tests = [metric for metric in shown if metric.compute]
    logged = [metric for metric in shown if metric.key.startswith("val/")]
    headings = (
        Heading("Seeds"),
        *(_heading(metric, comparison.metric) for metric in tests),
        Heading("Parameters"),
        Heading("Training", unit="s", hint="mean of a run"),
        *(_heading(metric, comparison.metric) for metric in logged),
    )

    def lines(kind: str) -> tuple[Line, ...]:
        rows = [row for row in comparison.rows if row.kind == kind]
        return tuple(
            _line(row, place=place, tests=tests, logged=logged, ranking_key=comparison.metric)
            for place, row in enumerate(rows, start=1)
        )

    groups = (Group("Networks", lines("network")), Group("Baselines", lines("baseline")))
    return Table(headings, tuple(group for group in groups if group.lines))


def _heading(metric: Metric, ranking_key: str) -> Heading:
    arrow = "↑" if metric.better == "higher" else "↓"
    return Heading(
        metric.label,
        unit=metric.unit,
        hint=f"{arrow} {metric.better} is better",
        explanation=metric.explanation,
        ranks=metric.key == ranking_key,
    )


def _line(
    row: Row, *, place: int, tests: Sequence[Metric], logged: Sequence[Metric], ranking_key: str
) -> Line:
    is_network = row.kind == "network"
    seeds = Cell(str(len(row.seeds)), ", ".join(map(str, row.seeds))) if row.seeds else Cell(DASH)
    parameters = DASH if row.num_parameters is None else f"{row.num_parameters:,}"
    return Line(
        place=str(place) if is_network else "",
        label=row.label,
        colour=colour(row.name),
        badge=f"best {row.kind}" if row.best else "",
        best=row.best,
        cells=(
            seeds,
            *(_cell(row, metric, ranking_key) for metric in tests),
            Cell(parameters),
            Cell(seconds(row.train_seconds)),
            *(_cell(row, metric, ranking_key) for metric in logged),
        ),
    )


def _cell(row: Row, metric: Metric, ranking_key: str) -> Cell:
    spread = row.metrics.get(metric.key)
    ranks = metric.key == ranking_key
    if spread is None:
        return Cell(DASH, ranks=ranks)
    ends = spread.interval
    sure = "" if ends is None else between(*ends, metric)
    return Cell(number(spread.mean, metric.digits), span(spread, metric), ranks, sure)
