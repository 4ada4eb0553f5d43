"""Rows -> the two tables of all numbers, as text: the metrics of each row, and its costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.evaluate.quiet import disturbed
from components.metrics import Metric, ranking_metric
from components.records import Comparison, Cost, Row
from dashboards.ranking import ranked, shown_metrics, unsaid
from dashboards.wording import DASH, brackets, count, number, seconds, size, span


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
    """One row of the comparison as text; `changed` as in the ranked table."""

    label: str
    changed: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Every number of one sort, of every row."""

    title: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]


Column = tuple[Heading, Callable[[Row], Cell]]


def tables(comparison: Comparison) -> tuple[Table, Table]:
    """All metrics, then all costs: a line for each row, best first."""
    rows = ranked(comparison.rows, ranking_metric(comparison.task, comparison.metric))

    def filled(title: str, columns: Sequence[Column]) -> Table:
        return Table(
            title,
            tuple(heading for heading, _ in columns),
            tuple(
                Line(row.label, unsaid(row), tuple(cell(row) for _, cell in columns))
                for row in rows
            ),
        )

    metrics = [_metric(metric, comparison.metric) for metric in shown_metrics(comparison)]
    measured = COSTS if any(row.cost for row in comparison.rows) else ()
    costs = [*RUNS, *(_cost(heading, text) for heading, text in measured)]
    return filled("Every metric", metrics), filled("Seeds and costs", costs)


def measured_beside(comparison: Comparison) -> str:
    """What disturbed the measuring of latency and throughput, as a sentence, if anything did."""
    said = disturbed(row.cost.busy_cores for row in comparison.rows if row.cost)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _seeds(row: Row) -> Cell:
    return Cell(str(len(row.seeds)), ", ".join(map(str, row.seeds))) if row.seeds else Cell(DASH)


RUNS: tuple[Column, ...] = (
    (Heading("Seeds"), _seeds),
    (Heading("Parameters"), lambda row: Cell(count(row.num_parameters))),
    (Heading("Training", "s", "mean of a run"), lambda row: Cell(seconds(row.train_seconds))),
)
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


def _cost(heading: Heading, text: Callable[[Cost], str]) -> Column:
    return heading, lambda row: Cell(DASH if row.cost is None else text(row.cost))


def _metric(metric: Metric, ranking_key: str) -> Column:
    return _heading(metric, ranking_key), lambda row: _cell(row, metric, ranking_key)


def _heading(metric: Metric, ranking_key: str) -> Heading:
    arrow = "↑" if metric.better == "higher" else "↓"
    return Heading(
        metric.label,
        unit=metric.unit,
        hint=f"{arrow} {metric.better} is better",
        explanation=metric.explanation,
        ranks=metric.key == ranking_key,
    )


def _cell(row: Row, metric: Metric, ranking_key: str) -> Cell:
    spread = row.metrics.get(metric.key)
    ranks = metric.key == ranking_key
    if spread is None:
        return Cell(DASH, ranks=ranks)
    sure = brackets(*spread.interval, metric.digits) if spread.interval else ""
    return Cell(number(spread.mean, metric.digits), span(spread, metric), ranks, sure)
