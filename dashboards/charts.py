"""Comparison record -> the chart of the forecast.

Plotly reads some HTML in the texts it draws, so every label from the record is escaped.
"""

from html import escape

from components.records import Comparison
from dashboards.look import FAINT, INK, figure, stroke, styles
from dashboards.panel import Figure, Panel
from dashboards.wording import listed


def forecast_panel(comparison: Comparison) -> Panel | None:
    """Truth against forecasts on the drawn test days; absent without a picture."""
    drawn, picture = forecast(comparison), comparison.forecast
    if drawn is None or picture is None:
        return None
    days = f"day {picture.days[0]} to day {picture.days[-1]}" if picture.days else "no day"
    labels = [row.label for row in comparison.rows if row.name in picture.forecasts]
    return Panel(
        "forecast-chart",
        "",
        f"Lines of temperature in °C, {days}: the truth and the forecasts of {listed(labels)}.",
        drawn,
        caption="One step ahead, on the first test days, each row with its first seed.",
    )


def forecast(comparison: Comparison) -> Figure | None:
    """Truth against forecasts on the drawn test days, in degrees C; absent without a picture.

    Networks and the best baseline are drawn, the other baselines wait in the legend.
    """
    picture = comparison.forecast
    if picture is None:
        return None
    chart = figure(height=440, x_title="Day of the series", y_title="Temperature (°C)")
    chart["layout"] |= {"hovermode": "x unified", "showlegend": True}
    hover = "%{y:.2f} °C"

    def add(name: str, values: tuple[float, ...], **look: object) -> None:
        line = {"type": "scatter", "x": picture.days, "y": values, "name": escape(name)}
        chart["data"].append(line | {"mode": "lines", "hovertemplate": hover} | look)

    dots = {"mode": "lines+markers", "marker": {"size": 6, "color": INK}}
    add("Truth", picture.truth, line=stroke(FAINT, 1), **dots)
    if picture.true_mean is not None:
        add("True mean", picture.true_mean, line=stroke(INK, 2, "dash"))
    looks = styles(comparison.rows)
    rows = [row for row in comparison.rows if row.name in picture.forecasts]
    best_baseline = next((row.name for row in rows if row.kind == "baseline"), None)
    for row in rows:
        style, is_network = looks[row.name], row.kind == "network"
        dash = style.dash if is_network else "dot"
        seen = is_network or row.name == best_baseline
        line = stroke(style.colour, 2, dash)
        visible = True if seen else "legendonly"
        add(row.label, picture.forecasts[row.name], line=line, visible=visible)
    return chart
