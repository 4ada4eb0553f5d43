"""Rows as points of a metric over a cost, for every metric and cost that can be chosen.

A row too far off for the scale of the others is a hollow mark at the edge; its numbers are those
that it says when pointed at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from components.metrics import Metric
from components.records import Row
from dashboards.look import INK, SURFACE, Figure, Style, figure, outline, stroke
from dashboards.ranking import ranked
from dashboards.scale import Scale, log_ticks, scale_of
from dashboards.sections.costs import Kind
from dashboards.sections.drawn import MOST_ROWS, ends, trace
from dashboards.sections.pareto import front
from dashboards.wording import between, quantity

MARGIN = 0.06  # of the width of the cost axis, on both sides
EDGE = 0.02  # of the height of the scale: so far inside its end stands what is beyond it


@dataclass(frozen=True)
class Point:
    """A row by a metric: where it stands, how far its interval reaches, and all that in words."""

    y: float | None = None
    plus: float | None = None
    minus: float | None = None
    said: str = ""
    symbol: str = ""


def cost_axis(rows: Sequence[Row], kind: Kind) -> Figure:
    """What a kind of cost is called, and in words what each row costs."""
    costs = [kind.of(row) for row in rows]
    said = ["" if cost is None else f"{kind.label}: {kind.said(cost)}" for cost in costs]
    return {"title": kind.axis, "said": said}


def metric_axis(rows: Sequence[Row], metric: Metric, styles: dict[str, Style]) -> Figure:
    """Where every row stands by a metric, with its interval and in words."""
    scale = _scale(rows, metric)
    points = [_point(row, metric, scale, styles[row.name].symbol) for row in rows]
    axis = {name: [getattr(point, name) for point in points] for name in Point.__annotations__}
    title = metric.label + (f" ({metric.unit})" if metric.unit else "")
    return {"title": title, "range": [scale.low, scale.high]} | axis


def view(rows: Sequence[Row], metric: Metric, kind: Kind) -> Figure:
    """Where every row stands by a kind of cost beside a metric, and the front of the two."""
    values = [row.metrics[metric.key].mean if metric.key in row.metrics else None for row in rows]
    costs = [kind.of(row) for row in rows]
    on_front = front(costs, values, higher=metric.better == "higher")
    scale = _scale(rows, metric)
    near = [
        math.log10(cost)
        for cost, value in zip(costs, values, strict=True)
        if cost and value is not None and scale.low <= value <= scale.high
    ]
    least, most = min(near, default=0.0), max(near, default=1.0)
    margin = MARGIN * (most - least) or 0.1
    first, last = 10 ** (least - margin / 2), 10 ** (most + margin / 2)
    ticks = log_ticks(least - margin, most + margin)
    return {
        "x": [cost and min(max(cost, first), last) for cost in costs],
        "axis": {
            "range": [least - margin, most + margin],
            "tickvals": list(ticks),
            "ticktext": list(map(kind.tick, ticks)),
        },
        "front": on_front,
        "steps": [[costs[place] for place in on_front], [values[place] for place in on_front]],
    }


def scatter(rows: Sequence[Row], styles: dict[str, Style], data: Figure, kind: Kind) -> Figure:
    """The chart of the ranking metric over one kind of cost; the best rows have a button."""
    costs, values = data["costs"][kind.key], data["metrics"][data["metric"]]
    seen = data["views"][data["metric"]][kind.key]
    found = figure(height=400, x_title=costs["title"], y_title=values["title"])
    found["layout"]["xaxis"] |= {"type": "log"} | seen["axis"]
    found["layout"]["yaxis"]["range"] = values["range"]
    found["layout"]["showlegend"] = True
    steps = {"type": "scatter", "name": "Pareto front", "mode": "lines", "hoverinfo": "skip"}
    steps |= {"x": seen["steps"][0], "y": seen["steps"][1]}
    found["data"].append(steps | {"line": stroke(INK, 1.5) | {"shape": "hv"}})
    for place, row in enumerate(rows):
        colour = styles[row.name].colour
        bars: Figure = {"type": "data", "array": [values["plus"][place]], "color": colour}
        bars["visible"] = values["plus"][place] is not None
        bars |= {"arrayminus": [values["minus"][place]], "thickness": 1.5, "width": 4}
        marker = {"size": 12, "symbol": values["symbol"][place], "color": colour}
        found["data"].append(
            trace(
                row,
                mode="markers",
                x=[seen["x"][place]],
                y=[values["y"][place]],
                error_y=bars,
                marker=marker | {"line": outline(SURFACE, 1.5)},
                cliponaxis=False,
                customdata=[[values["said"][place], costs["said"][place]]],
                hovertemplate=f"{escape(row.label)}<br>%{{customdata[0]}}<br>%{{customdata[1]}}"
                "<extra></extra>",
                showlegend=place < MOST_ROWS,
            )
        )
    return found


def _point(row: Row, metric: Metric, scale: Scale, symbol: str) -> Point:
    spread = row.metrics.get(metric.key)
    if spread is None or not math.isfinite(spread.mean):
        return Point(symbol=symbol)
    low, high = ends(spread)
    said = f"{metric.label}: {quantity(spread.mean, metric)}"
    said += f" ({between(low, high, metric)})" if low < high else ""
    side = scale.side(spread)
    if side:
        inside = EDGE * (scale.high - scale.low)
        y = scale.low + inside if side == "left" else scale.high - inside
        return Point(y, said=said, symbol=f"{symbol}-open")
    return Point(spread.mean, high - spread.mean, spread.mean - low, said, symbol)


def _scale(rows: Sequence[Row], metric: Metric) -> Scale:
    best_first = ranked(rows, metric)
    return scale_of([row.metrics[metric.key] for row in best_first if metric.key in row.metrics])
