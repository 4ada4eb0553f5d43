"""Quality against cost: where every row stands, and which of them nothing beats in both."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Row
from dashboards.look import INK, SURFACE, Style, figure, outline, stroke
from dashboards.panel import Figure, Panel, plain
from dashboards.ranking import shown_metrics
from dashboards.sections.drawn import MOST_ROWS, ends, ranked, row_styles, trace
from dashboards.sections.pareto import front
from dashboards.wording import between, listed, quantity, seconds, size
from dashboards.verdict import in_sentence

SHORTEST = 0.001  # seconds: what takes less stands there, as a log scale has no 0


@dataclass(frozen=True)
class Kind:
    """One kind of cost: `of` gives a row's in the unit of the axis, `said` as a reader sees it."""

    key: str
    label: str
    axis: str
    of: Callable[[Row], float | None]
    said: Callable[[float], str]


@dataclass(frozen=True)
class QualityAgainstCost:
    """The chart, the choices of cost by key, what a script needs to redraw it, and its fronts.

    `fronts` say for each kind of cost which rows nothing beats by the ranking metric.
    """

    panel: Panel
    choices: dict[str, str]
    data: object
    fronts: tuple[tuple[str, str], ...]


KINDS = (
    Kind(
        "training",
        "training time",
        "Training of one run (s)",
        lambda row: max(row.train_seconds, SHORTEST),
        lambda value: f"{seconds(value)} s",
    ),
    Kind(
        "latency",
        "latency",
        "Latency of one sequence, median (ms)",
        lambda row: 1e3 * row.cost.latency_median_seconds if row.cost else None,
        lambda value: f"{value:.3g} ms",
    ),
    Kind(
        "parameters",
        "parameters",
        "Parameters",
        lambda row: row.num_parameters or None,
        lambda value: f"{value:,.0f}",
    ),
    Kind(
        "size",
        "size",
        "Size of its files (MB)",
        lambda row: row.cost.size_bytes / 1e6 if row.cost and row.cost.size_bytes else None,
        lambda value: size(round(value * 1e6)),
    ),
    Kind(
        "memory",
        "peak memory",
        "Peak memory of its training (MB)",
        lambda row: row.cost.peak_memory_bytes / 1e6 if row.cost else None,
        lambda value: size(round(value * 1e6)),
    ),
)


def quality_against_cost(comparison: Comparison) -> QualityAgainstCost | None:
    """Every row's quality over its cost; absent where fewer than two rows have both."""
    metric = ranking_metric(comparison.task, comparison.metric)
    rows = [row for row in ranked(comparison) if math.isfinite(_mean(row, metric) or math.nan)]
    kinds = [kind for kind in KINDS if sum(kind.of(row) is not None for row in rows) > 1]
    if not kinds:
        return None
    metrics = shown_metrics(comparison)
    fronts = {one.key: {kind.key: _front(rows, one, kind) for kind in kinds} for one in metrics}
    sentences = tuple((kind.label, _said(rows, metric, kind)) for kind in kinds)
    data = {
        "metric": metric.key,
        "labels": [row.label for row in rows],
        "costs": {kind.key: _cost_axis(rows, kind) for kind in kinds},
        "metrics": {one.key: _metric_axis(rows, one) for one in metrics},
        "fronts": fronts,
    }
    panel = Panel(
        id="cost",
        title="",
        alt=f"Scatter of {in_sentence(metric.label)} over cost on a log scale, "
        f"{metric.better} is better. Nothing beats, by {sentences[0][0]}: {sentences[0][1]}.",
        figure=_figure(rows, row_styles(comparison), metric, kinds[0]),
        caption=f"{_corner(metric)} and cheap is best. The stepped line joins the rows that none "
        "beats in both (the Pareto front). Bars are 95 % intervals, or lowest to highest seed "
        "where there is none. Cost is on a log scale." + _untimed(rows),
    )
    return QualityAgainstCost(
        panel, {kind.key: kind.label for kind in kinds}, plain(data), sentences
    )


def _figure(rows: Sequence[Row], styles: dict[str, Style], metric: Metric, kind: Kind) -> Figure:
    found = figure(height=420, x_title=kind.axis, y_title=_title(metric))
    found["layout"]["xaxis"]["type"] = "log"
    found["layout"]["showlegend"] = True
    costs, values = _cost_axis(rows, kind), _metric_axis(rows, metric)
    on_front = _front(rows, metric, kind)
    found["data"].append(
        {
            "type": "scatter",
            "name": "Pareto front",
            "mode": "lines",
            "x": [costs["x"][place] for place in on_front],
            "y": [values["y"][place] for place in on_front],
            "line": stroke(INK, 1.5) | {"shape": "hv"},
            "hoverinfo": "skip",
        }
    )
    for place, row in enumerate(rows):
        style = styles[row.name]
        found["data"].append(
            trace(
                row,
                mode="markers",
                x=[costs["x"][place]],
                y=[values["y"][place]],
                error_y={
                    "type": "data",
                    "array": [values["plus"][place]],
                    "arrayminus": [values["minus"][place]],
                    "color": style.colour,
                    "thickness": 1.5,
                    "width": 4,
                },
                marker={
                    "size": 12,
                    "symbol": style.symbol,
                    "color": style.colour,
                    "line": outline(SURFACE, 1.5),
                },
                customdata=[[values["said"][place], costs["said"][place]]],
                hovertemplate=f"{escape(row.label)}<br>%{{customdata[0]}}<br>%{{customdata[1]}}"
                "<extra></extra>",
                showlegend=place < MOST_ROWS,
            )
        )
    return found


def _cost_axis(rows: Sequence[Row], kind: Kind) -> Figure:
    costs = [kind.of(row) for row in rows]
    said = ["" if cost is None else f"{kind.label}: {kind.said(cost)}" for cost in costs]
    return {"title": kind.axis, "x": costs, "said": said}


def _metric_axis(rows: Sequence[Row], metric: Metric) -> Figure:
    found: Figure = {"title": _title(metric), "y": [], "plus": [], "minus": [], "said": []}
    for row in rows:
        spread = row.metrics.get(metric.key)
        if spread is None or not math.isfinite(spread.mean):
            for name, nothing in (("y", None), ("plus", 0), ("minus", 0), ("said", "")):
                found[name].append(nothing)
            continue
        low, high = ends(spread)
        text = f"{in_sentence(metric.label)}: {quantity(spread.mean, metric)}"
        found["y"].append(spread.mean)
        found["plus"].append(high - spread.mean)
        found["minus"].append(spread.mean - low)
        found["said"].append(text + (f" ({between(low, high, metric)})" if low < high else ""))
    return found


def _front(rows: Sequence[Row], metric: Metric, kind: Kind) -> list[int]:
    higher = metric.better == "higher"
    return front(
        [kind.of(row) for row in rows], [_mean(row, metric) for row in rows], higher=higher
    )


def _said(rows: Sequence[Row], metric: Metric, kind: Kind) -> str:
    on_front = [rows[place] for place in _front(rows, metric, kind)]
    return listed(
        [
            f"{row.label} ({kind.said(kind.of(row) or 0)}, {quantity(_mean(row, metric), metric)})"
            for row in on_front
        ]
    )


def _mean(row: Row, metric: Metric) -> float | None:
    spread = row.metrics.get(metric.key)
    return None if spread is None else spread.mean


def _title(metric: Metric) -> str:
    return metric.label + (f" ({metric.unit})" if metric.unit else "")


def _corner(metric: Metric) -> str:
    return "High" if metric.better == "higher" else "Low"


def _untimed(rows: Sequence[Row]) -> str:
    quick = [row.label for row in rows if row.train_seconds < SHORTEST]
    return f" What trains in less than {SHORTEST:g} s stands at {SHORTEST:g} s." if quick else ""
