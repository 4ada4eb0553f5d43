"""Truth against forecasts on the first test days, with the true mean where it is known."""

from components.records import Comparison, ForecastPicture
from dashboards.look import FAINT, INK, Figure, figure, stroke
from dashboards.panel import Panel
from dashboards.sections.drawn import best_rows, leaders, row_styles, said_of_rest, trace
from dashboards.wording import listed


def forecast(comparison: Comparison) -> Panel | None:
    """The truth and every row's forecasts in degrees C; absent without a picture.

    Networks and the best baseline are drawn, the other baselines wait behind their buttons.
    """
    picture = comparison.forecast
    if picture is None:
        return None
    rows = best_rows(comparison, picture.forecasts)
    found = figure(height=420, x_title="Day of the series", y_title="Temperature (°C)")
    found["layout"] |= {"hovermode": "x unified", "showlegend": True}
    days = list(picture.days)
    degrees = {"x": days, "hovertemplate": "%{y:.2f} °C"}
    found["data"] += [known | degrees for known in _known(picture)]
    styles = row_styles(comparison)
    seen = {row.name for row in rows if row.kind == "network"} | leaders(rows)
    for row in rows:
        style = styles[row.name]
        look = stroke(style.colour, 2, style.dash if row.kind == "network" else "dot")
        found["data"].append(
            trace(row, mode="lines", y=list(picture.forecasts[row.name]), line=look)
            | degrees
            | {"visible": True if row.name in seen else "legendonly"}
        )
    when = f"day {days[0]} to day {days[-1]}" if days else "no day"
    known = "the truth, its true mean" if picture.true_mean is not None else "the truth"
    return Panel(
        id="forecast",
        title="",
        alt=f"Lines of temperature in °C, {when}: {known} and the forecasts of "
        f"{listed([row.label for row in rows])}.",
        figure=found,
        caption="One step ahead, on the first test days, by the first seed of each row."
        + said_of_rest(len(rows), len(picture.forecasts)),
    )


def _known(picture: ForecastPicture) -> list[Figure]:
    """The truth, and its true mean where that is known."""
    truth: Figure = {"type": "scatter", "name": "Truth", "mode": "lines+markers"}
    truth |= {"y": list(picture.truth), "line": stroke(FAINT, 1)}
    truth |= {"marker": {"size": 6, "color": INK}}
    if picture.true_mean is None:
        return [truth]
    mean: Figure = {"type": "scatter", "name": "True mean", "mode": "lines"}
    return [truth, mean | {"y": list(picture.true_mean), "line": stroke(INK, 2, "dash")}]
