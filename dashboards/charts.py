"""Comparison record -> plotly figures of the result: the ranking and the forecast.

Plotly reads some HTML in the texts it draws, so every label from the record is escaped.
"""

import math
from html import escape
from textwrap import wrap

import plotly.graph_objects as go

from components.metrics import ranking_metric
from components.records import Comparison, Row, Spread
from dashboards.look import (
    CLEAR,
    FAINT,
    INK,
    MUTED,
    SURFACE,
    colour,
    empty_figure,
    finite,
    outline,
    stroke,
)

ROW_HEIGHT = 44  # pixels of one line of the ranking
LABEL_WIDTH = 20  # characters before its label breaks, for narrow screens


def ranking(comparison: Comparison) -> go.Figure:
    """Every row's ranking metric: a dot for each seed, a bar from low to high, a tick at the mean.

    The scale is that of the networks, the best baseline and the floor; a baseline further away than
    that is wide is an arrow at the edge with its value beside it. A row without a value keeps its
    label.
    """
    metric = ranking_metric(comparison.task, comparison.metric)
    rows = comparison.rows
    unit = f" ({metric.unit})" if metric.unit else ""
    figure = empty_figure(height=90 + ROW_HEIGHT * len(rows), x_title=metric.label + unit)
    low, high = _edges(comparison, metric.key)
    for place, row in enumerate(rows):
        spread = row.metrics.get(metric.key)
        if spread is None or math.isnan(spread.mean):
            continue
        if low <= spread.low and spread.high <= high:
            _add_spread(figure, row, spread, place=place, digits=metric.digits)
        else:
            edge, side = (low, "left") if spread.mean < low else (high, "right")
            _add_arrow(figure, spread, at=(edge, place), side=side, digits=metric.digits)
    figure.update_xaxes(range=[low, high])
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=["<br>".join(map(escape, wrap(row.label, LABEL_WIDTH))) for row in rows],
        ticklen=8,
        tickcolor=CLEAR,
        tickfont_color=INK,
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
    )
    if comparison.metric in comparison.floor:
        _add_floor(figure, comparison.floor[comparison.metric], digits=metric.digits)
    return figure


def forecast(comparison: Comparison) -> go.Figure | None:
    """Truth against forecasts on the drawn test days, in degrees C; absent without a picture.

    Networks and the best baseline are drawn, the other baselines wait in the legend.
    """
    picture = comparison.forecast
    if picture is None:
        return None
    figure = empty_figure(height=500, x_title="Day of the series", y_title="Temperature (°C)")
    figure.update_layout(
        hovermode="x unified",
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "entrywidth": 130},
    )
    truth = {"mode": "lines+markers", "line": stroke(FAINT, 1), "marker": {"size": 6, "color": INK}}
    figure.add_scatter(x=picture.days, y=picture.truth, name="Truth", **truth)
    if picture.true_mean is not None:
        look = {"mode": "lines", "line": stroke(INK, 2, "dash")}
        figure.add_scatter(x=picture.days, y=picture.true_mean, name="True mean", **look)
    rows = [row for row in comparison.rows if row.name in picture.forecasts]
    best_baseline = next((row.name for row in rows if row.kind == "baseline"), None)
    for row in rows:
        is_network = row.kind == "network"
        figure.add_scatter(
            x=picture.days,
            y=picture.forecasts[row.name],
            name=escape(row.label),
            mode="lines",
            line=stroke(colour(row.name), 2, "solid" if is_network else "dot"),
            visible=True if is_network or row.name == best_baseline else "legendonly",
        )
    return figure.update_traces(hovertemplate="%{y:.2f} °C")


def _edges(comparison: Comparison, key: str) -> tuple[float, float]:
    """Where the scale of the ranking begins and ends."""
    rows = [row for row in comparison.rows if key in row.metrics]
    networks = [row for row in rows if row.kind == "network"]
    best_baseline = [row for row in rows if row.kind == "baseline"][:1]
    near = finite(value for row in networks + best_baseline for value in row.metrics[key].values)
    if not near:
        return 0, 1
    near += finite([comparison.floor.get(key)])
    reach = max(near) - min(near) or math.inf
    low, high = min(near) - reach, max(near) + reach
    every = finite(value for row in rows for value in row.metrics[key].values)
    drawn = near + [value for value in every if low <= value <= high]
    margin = 0.06 * (max(drawn) - min(drawn)) or 0.01
    return min(drawn) - margin, max(drawn) + margin


def _add_floor(figure: go.Figure, floor: float, *, digits: int) -> None:
    figure.add_vline(
        x=floor,
        line=stroke(INK, 1.5, "dot"),
        annotation={
            "text": f"floor {floor:.{digits}f}",
            "y": 1,
            "yanchor": "bottom",
            "xanchor": "center",
            "font": {"color": INK},
        },
    )


def _add_spread(figure: go.Figure, row: Row, spread: Spread, *, place: int, digits: int) -> None:
    values = f"%{{x:.{digits}f}}"
    if len(spread.values) > 1:
        figure.add_scatter(
            x=[spread.low, spread.high],
            y=[place, place],
            mode="lines",
            line=stroke(colour(row.name), 6),
            opacity=0.3,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[spread.mean],
            y=[place],
            mode="markers",
            marker={"symbol": "line-ns", "size": 22, "line": outline(colour(row.name), 2.5)},
            hovertemplate=f"{escape(row.label)}<br>mean {values}<extra></extra>",
        )
    figure.add_scatter(
        x=spread.values,
        y=[place] * len(spread.values),
        customdata=[f", seed {seed}" for seed in row.seeds] or [""],
        mode="markers",
        marker={"size": 11, "color": colour(row.name), "line": outline(SURFACE, 1.5)},
        hovertemplate=f"{escape(row.label)}%{{customdata}}<br>{values}<extra></extra>",
    )


def _add_arrow(
    figure: go.Figure, spread: Spread, *, at: tuple[float, int], side: str, digits: int
) -> None:
    figure.add_scatter(
        x=at[:1],
        y=at[1:],
        mode="markers+text",
        marker={"symbol": f"triangle-{side}", "size": 11, "color": MUTED},
        text=[f"  {spread.mean:.{digits}f}  "],
        textposition="middle right" if side == "left" else "middle left",
        cliponaxis=False,
        hoverinfo="skip",
    )
