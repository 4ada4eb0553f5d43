"""Which rows a chart draws, and how each of them is drawn: lines, bands and points of plotly."""

import math
from collections.abc import Collection, Sequence
from html import escape

from components.metrics import ranking_metric
from components.records import Comparison, Row, Spread
from dashboards import ranking
from dashboards.look import MUTED, Figure, Style, stroke, styles

MOST_ROWS = 12  # that a chart can hold and still be read
SHEER = 0.12  # how much of its colour a band has


def ranked(comparison: Comparison) -> tuple[Row, ...]:
    """Networks and baselines together, best first; rows without a value come last."""
    return ranking.ranked(comparison.rows, ranking_metric(comparison.task, comparison.metric))


def best_rows(comparison: Comparison, names: Collection[str]) -> tuple[Row, ...]:
    """The best of the rows so named, as many as a chart can hold."""
    return tuple(row for row in ranked(comparison) if row.name in names)[:MOST_ROWS]


def said_of_rest(drawn: int, of: int, what: str = "rows") -> str:
    """What a caption says where not all are drawn; empty where they are."""
    return f" The best {drawn} of {of} {what} are drawn." if drawn < of else ""


def leaders(rows: Sequence[Row]) -> set[str]:
    """The first network and the first baseline of these, by name."""
    kinds: dict[str, str] = {}
    for row in rows:
        kinds.setdefault(row.kind, row.name)
    return set(kinds.values())


def row_styles(comparison: Comparison) -> dict[str, Style]:
    """How each row is drawn, the same in all charts of the page."""
    return styles(comparison.rows)


def trace(row: Row, **looks: object) -> Figure:
    """A trace of a row: its legend is the label, its group the name."""
    return {"type": "scatter", "name": escape(row.label), "legendgroup": row.name} | looks


def line(row: Row, style: Style, xs: Sequence[object], ys: Sequence[object]) -> Figure:
    """A line through the points of a row, each with its symbol."""
    return trace(
        row,
        mode="lines+markers",
        x=list(xs),
        y=list(ys),
        line=stroke(style.colour, 2, style.dash),
        marker={"size": 7, "symbol": style.symbol, "color": style.colour},
    )


def band(
    row: Row, style: Style, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> Figure:
    """The area from `lows` to `highs`, in the sheer colour of the row."""
    ends = [
        (x, low, high)
        for x, low, high in zip(xs, lows, highs, strict=True)
        if math.isfinite(low) and math.isfinite(high)
    ]
    there, back = ends, ends[::-1]
    return trace(
        row,
        mode="lines",
        x=[x for x, _, _ in there] + [x for x, _, _ in back],
        y=[low for _, low, _ in there] + [high for _, _, high in back],
        fill="toself",
        fillcolor=sheer(style.colour),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def sheer(colour: str) -> str:
    """The colour so thin that lines are seen through it; that of a baseline suits both themes."""
    solid = "#808890" if colour == MUTED else colour
    red, green, blue = (int(solid[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{SHEER})"


def ends(spread: Spread) -> tuple[float, float]:
    """The 95 % interval, or lowest and highest seed where there is none."""
    return spread.interval or (spread.low, spread.high)
