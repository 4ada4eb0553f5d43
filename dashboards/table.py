"""Rows -> the cells of the table of all numbers, as text: digits and units are the metrics'."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Cost, Row
from dashboards.ranking import ranked, shown_metrics
from dashboards.wording import (
    DASH,
    TO,
    between,
    brackets,
    count,
    number,
    quantity,
    seconds,
    size,
    span,
)

__all__ = ["DASH", "TO", "Table", "between", "number", "quantity", "seconds", "span", "table"]


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
    """One row of the comparison as text, with the params in which it differs from its like."""

    label: str
    changed: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Every number of every row."""

    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]


COSTS: tuple[tuple[Heading, Callable[[Cost], str]], ...] = (
    (Heading("An epoch", "s"), lambda cost: seconds(cost.seconds_per_epoch)),
    (Heading("Peak memory"), lambda cost: size(cost.peak_memory_bytes)),
    (Heading("Size"), lambda cost: size(cost.size_bytes)),
    (Heading("Latency", "ms", "median"), lambda cost: seconds(1000 * cost.latency_median_seconds)),
    (
        Heading("Latency", "ms", "99th percentile"),
        lambda cost: seconds(1000 * cost.latency_p99_seconds),
    ),
    (Heading("Throughput", "1/s", "batches of 256"), lambda cost: f"{cost.throughput:,.0f}"),
)


def table(comparison: Comparison) -> Table:
    """A line for each row, best first; a column for each metric and each cost that any row has."""
    metrics = shown_metrics(comparison)
    has_cost = any(row.cost for row in comparison.rows)
    headings = (
        *(_heading(metric, comparison.metric) for metric in metrics),
        Heading("Seeds"),
        Heading("Parameters"),
        Heading("Training", unit="s", hint="mean of a run"),
        *(heading for heading, _ in COSTS if has_cost),
    )
    rows = ranked(comparison.rows, ranking_metric(comparison.task, comparison.metric))
    lines = tuple(_line(row, metrics, comparison.metric, has_cost=has_cost) for row in rows)
    return Table(headings, lines)


def _heading(metric: Metric, ranking_key: str) -> Heading:
    arrow = "↑" if metric.better == "higher" else "↓"
    return Heading(
        metric.label,
        unit=metric.unit,
        hint=f"{arrow} {metric.better} is better",
        explanation=metric.explanation,
        ranks=metric.key == ranking_key,
    )


def _line(row: Row, metrics: Sequence[Metric], ranking_key: str, *, has_cost: bool) -> Line:
    seeds = Cell(str(len(row.seeds)), ", ".join(map(str, row.seeds))) if row.seeds else Cell(DASH)
    cost = row.cost
    return Line(
        label=row.label,
        changed=tuple(row.changed.items()),
        cells=(
            *(_cell(row, metric, ranking_key) for metric in metrics),
            seeds,
            Cell(count(row.num_parameters)),
            Cell(seconds(row.train_seconds)),
            *(Cell(DASH if cost is None else text(cost)) for _, text in COSTS if has_cost),
        ),
    )


def _cell(row: Row, metric: Metric, ranking_key: str) -> Cell:
    spread = row.metrics.get(metric.key)
    ranks = metric.key == ranking_key
    if spread is None:
        return Cell(DASH, ranks=ranks)
    sure = brackets(*spread.interval, metric.digits) if spread.interval else ""
    return Cell(number(spread.mean, metric.digits), span(spread, metric), ranks, sure)
