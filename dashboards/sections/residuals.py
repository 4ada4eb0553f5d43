"""The errors of one-step forecasts in time: day by day, and how they hang together."""

from collections.abc import Sequence
from html import escape

from components.records import Comparison, Row, SeriesErrors
from dashboards.look import FAINT, INK, Figure, figure, stroke
from dashboards.panel import Panel
from dashboards.sections.drawn import best_rows, leaders, row_styles, said_of_rest, trace
from dashboards.wording import listed, number


def residuals(comparison: Comparison, errors: SeriesErrors) -> Panel | None:
    """Forecast minus truth by day; absent without a row that has any."""
    rows = _rows(comparison, errors)
    if not rows or not errors.days:
        return None
    found = figure(height=340, x_title="Day of the series", y_title="Forecast minus truth (°C)")
    found["layout"] |= {"showlegend": True, "shapes": [_level(0, INK)]}
    styles, seen = row_styles(comparison), leaders(rows)
    for row in rows:
        style = styles[row.name]
        found["data"].append(
            trace(
                row,
                mode="lines",
                x=list(errors.days),
                y=list(errors.residuals[row.name].values),
                line=stroke(style.colour, 1.5, style.dash),
                visible=True if row.name in seen else "legendonly",
                hovertemplate=f"{escape(row.label)}, day %{{x}}<br>%{{y:+.2f}} °C<extra></extra>",
            )
        )
    gist = [
        f"{row.label} {number(_mean(errors.residuals[row.name].values), 2)}"
        for row in rows
        if row.name in seen
    ]
    return Panel(
        id="residuals",
        title="Errors day by day",
        alt=f"Lines of forecast minus truth in °C, day {errors.days[0]} to {errors.days[-1]}. "
        f"On average: {listed(gist)}.",
        figure=found,
        caption="Above 0 the forecast was too warm. What stays on one side for long could have "
        "been known before. One step ahead, mean over the seeds."
        + said_of_rest(len(rows), len(errors.residuals)),
    )


def autocorrelation(comparison: Comparison, errors: SeriesErrors) -> Panel | None:
    """The autocorrelation of the residuals by lag, with the band of noise; absent without any."""
    rows = [row for row in _rows(comparison, errors) if errors.residuals[row.name].autocorrelation]
    if not rows:
        return None
    found = figure(height=340, x_title="Lag (days)", y_title="Autocorrelation")
    found["layout"] |= {
        "showlegend": True,
        "shapes": [_noise(errors.band), _level(0, INK)],
        "bargap": 0.25,
    }
    longest = max(len(errors.residuals[row.name].autocorrelation) for row in rows)
    found["layout"]["xaxis"] |= {"range": [0.4, longest + 0.6]}
    styles, seen = row_styles(comparison), leaders(rows)
    for row in rows:
        values = errors.residuals[row.name].autocorrelation
        bars = trace(
            row,
            x=list(range(1, len(values) + 1)),
            y=list(values),
            marker={"color": styles[row.name].colour},
            visible=True if row.name in seen else "legendonly",
            hovertemplate=f"{escape(row.label)}, lag %{{x}}<br>%{{y:.2f}}<extra></extra>",
        )
        found["data"].append(bars | {"type": "bar"})
    gist = [_outside(row, errors) for row in rows if row.name in seen]
    return Panel(
        id="autocorrelation",
        title="What an error says of the next",
        alt="Bars of the autocorrelation of the errors by lag. Beyond what noise has: "
        f"{listed(gist)}.",
        figure=found,
        caption="The autocorrelation of noise stays within the grey band, 95 times in 100. A bar "
        "beyond it says that the error of one day tells something of a later one: there was more "
        "to learn." + said_of_rest(len(rows), len(errors.residuals)),
    )


def _rows(comparison: Comparison, errors: SeriesErrors) -> tuple[Row, ...]:
    return best_rows(comparison, errors.residuals)


def _level(value: float, colour: str) -> Figure:
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value}
    return line | {"line": stroke(colour, 1), "layer": "below"}


def _noise(band: float) -> Figure:
    box = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -band, "y1": band}
    return box | {"line": {"width": 0}, "fillcolor": FAINT, "opacity": 0.4, "layer": "below"}


def _outside(row: Row, errors: SeriesErrors) -> str:
    values = errors.residuals[row.name].autocorrelation
    beyond = sum(abs(value) > errors.band for value in values)
    return f"{row.label} at {beyond} of {len(values)} lags"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
