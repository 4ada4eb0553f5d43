"""Quality against cost: where every row stands, and which of them nothing beats in both."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Row
from dashboards.look import Figure
from dashboards.panel import Panel, plain
from dashboards.ranking import shown_metrics
from dashboards.sections.costs import KINDS, SHORTEST, Kind
from dashboards.sections.drawn import ranked, row_styles
from dashboards.sections.scatter import cost_axis, metric_axis, scatter, view
from dashboards.verdict import in_sentence
from dashboards.wording import listed, quantity


@dataclass(frozen=True)
class QualityAgainstCost:
    """The chart, the choices of cost by key, and what a script needs to redraw it.

    `fronts` say for each kind of cost which rows nothing beats by the ranking metric.
    """

    panel: Panel
    choices: dict[str, str]
    data: object
    fronts: tuple[tuple[str, str], ...]


def quality_against_cost(comparison: Comparison) -> QualityAgainstCost | None:
    """Every row's quality over its cost; absent where fewer than two rows have both."""
    metric = ranking_metric(comparison.task, comparison.metric)
    rows = [row for row in ranked(comparison) if metric.key in row.metrics]
    kinds = [kind for kind in KINDS if sum(kind.of(row) is not None for row in rows) > 1]
    if not kinds:
        return None
    metrics = shown_metrics(comparison)
    styles = row_styles(comparison)
    data: Figure = {
        "metric": metric.key,
        "labels": [row.label for row in rows],
        "costs": {kind.key: cost_axis(rows, kind) for kind in kinds},
        "metrics": {one.key: metric_axis(rows, one, styles) for one in metrics},
        "views": {one.key: {kind.key: view(rows, one, kind) for kind in kinds} for one in metrics},
    }
    views = data["views"][metric.key]
    fronts = [
        (kind.label, _said([rows[place] for place in views[kind.key]["front"]], metric, kind))
        for kind in kinds
    ]
    panel = Panel(
        id="cost",
        title="",
        alt=f"Scatter of {in_sentence(metric.label)} over {kinds[0].label}, {metric.better} is "
        f"better. Nothing beats in both: {fronts[0][1]}.",
        figure=scatter(rows, styles, data, kinds[0]),
        caption=f"{'High' if metric.better == 'higher' else 'Low'} and cheap is best. The stepped "
        "line joins the rows that no other beats in both, the Pareto front. Bars are 95 % "
        "intervals, or lowest to highest seed where there is none. A hollow mark at the edge is "
        "a row too far off for the scale." + _untimed(rows, metric),
    )
    return QualityAgainstCost(
        panel, {kind.key: kind.label for kind in kinds}, plain(data), tuple(fronts)
    )


def _said(rows: Sequence[Row], metric: Metric, kind: Kind) -> str:
    return listed(
        [
            f"{row.label} ({kind.said(kind.of(row) or 0)}, "
            f"{quantity(row.metrics[metric.key].mean, metric)})"
            for row in rows
        ]
    )


def _untimed(rows: Sequence[Row], metric: Metric) -> str:
    """What is said where a row that trains in no time is not only a mark at the edge."""
    at = view(rows, metric, KINDS[0])["x"]
    quick = any(row.train_seconds < SHORTEST == place for row, place in zip(rows, at, strict=True))
    return f" What trains in less than {SHORTEST:g} s stands at {SHORTEST:g} s." if quick else ""
