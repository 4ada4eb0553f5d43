"""A number of every row from place to place (by length, step, season): a chart and a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from components.records import Comparison, Row, Spread
from dashboards.look import Figure, Style, figure
from dashboards.panel import Panel
from dashboards.sections.drawn import (
    band,
    best_rows,
    ends,
    leaders,
    line,
    row_styles,
    said_of_rest,
    trace,
)
from dashboards.wording import DASH, TO, brackets, listed, number

FEW_PLACES = 8  # up to here their names fit below a narrow chart without being turned
WIDE_PLACES = 4  # up to here with two words side by side
SPREAD_OUT = 0.6  # of the room of a place, over which the dots of its rows are spread


@dataclass(frozen=True)
class Figures:
    """The numbers behind a chart, for who cannot see it; the first of a line is its heading."""

    title: str
    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Across:
    """What changes from place to place: `values` has, by row, as many as there are `places`.

    `counts` say on how many examples each place rests, or are empty. `joined` places follow from
    each other, so lines join them; else each is a group of dots.
    """

    id: str
    title: str
    x_title: str
    y_title: str
    unit: str
    digits: int
    places: tuple[str, ...]
    counts: tuple[str, ...]
    values: dict[str, tuple[Spread | None, ...]]
    joined: bool
    caption: str


@dataclass(frozen=True)
class Chart:
    """A panel with its numbers, and what they show in one sentence, empty if nothing is said."""

    panel: Panel
    figures: Figures
    sentence: str = ""


def draw(comparison: Comparison, what: Across, *, sentence: str = "") -> Chart | None:
    """The chart of the best rows; the networks and the best baseline are visible at first."""
    rows = best_rows(comparison, what.values)
    if not rows or not what.places:
        return None
    gist = [f"{row.label} {_first_to_last(what, row)}" for row in rows]
    alt = f"{what.y_title} by {what.x_title.lower()}, from {what.places[0]} to {what.places[-1]}: "
    panel = Panel(
        id=what.id,
        title=what.title,
        alt=f"{alt}{listed(gist)}. {sentence}".strip(),
        figure=_figure(comparison, rows, what),
        caption=what.caption + said_of_rest(len(rows), len(what.values)),
    )
    return Chart(panel, _figures(rows, what), sentence)


def _figure(comparison: Comparison, rows: Sequence[Row], what: Across) -> Figure:
    unit = f" ({what.unit})" if what.unit else ""
    found = figure(height=380, x_title=what.x_title, y_title=what.y_title + unit)
    found["layout"]["showlegend"] = True
    to = f" {TO}<br>" if len(what.places) <= WIDE_PLACES else f"<br>{TO}<br>"
    found["layout"]["xaxis"] |= {
        "tickvals": list(range(len(what.places))),
        "ticktext": [escape(place).replace(f" {TO} ", to) for place in what.places],
        "range": [-0.5, len(what.places) - 0.5],
    }
    if len(what.places) <= FEW_PLACES:
        found["layout"]["xaxis"]["tickangle"] = 0
    styles = row_styles(comparison)
    seen = {row.name for row in rows if row.kind == "network"} | leaders(rows)
    for number_of_row, row in enumerate(rows):
        share = (number_of_row + 0.5) / len(rows) - 0.5
        aside = 0.0 if what.joined else SPREAD_OUT * share
        visible = True if row.name in seen else "legendonly"
        for one in _traces(row, styles[row.name], what, aside):
            found["data"].append(one | {"visible": visible})
    return found


def _traces(row: Row, style: Style, what: Across, aside: float) -> list[Figure]:
    known = [(place, spread) for place, spread in enumerate(what.values[row.name]) if spread]
    xs = [place + aside for place, _ in known]
    means = [spread.mean for _, spread in known]
    sides = [ends(spread) for _, spread in known]
    hover = {
        "customdata": [
            [escape(what.places[place]), _interval(spread, what), *what.counts[place : place + 1]]
            for place, spread in known
        ],
        "hovertemplate": f"{escape(row.label)}, %{{customdata[0]}}<br>%{{y:.{what.digits}f}}"
        + (f" {what.unit}" if what.unit else "")
        + " %{customdata[1]}"
        + ("<br>%{customdata[2]}" if what.counts else "")
        + "<extra></extra>",
    }
    if what.joined:
        area = band(row, style, xs, [low for low, _ in sides], [high for _, high in sides])
        return [area, line(row, style, xs, means) | hover]
    bars = {
        "type": "data",
        "array": [high - mean for (_, high), mean in zip(sides, means, strict=True)],
        "arrayminus": [mean - low for (low, _), mean in zip(sides, means, strict=True)],
        "color": style.colour,
        "thickness": 1.5,
        "width": 3,
    }
    marker = {"size": 9, "symbol": style.symbol, "color": style.colour}
    return [trace(row, mode="markers", x=xs, y=means, error_y=bars, marker=marker) | hover]


def _figures(rows: Sequence[Row], what: Across) -> Figures:
    def said(row: Row, place: int) -> str:
        spread = what.values[row.name][place]
        if spread is None:
            return DASH
        return f"{number(spread.mean, what.digits)} {_interval(spread, what)}".strip()

    lines = tuple(
        (where, *what.counts[place : place + 1], *(said(row, place) for row in rows))
        for place, where in enumerate(what.places)
    )
    first = (what.x_title, *(("Number",) if what.counts else ()))
    return Figures(what.title, (*first, *(row.label for row in rows)), lines)


def _interval(spread: Spread, what: Across) -> str:
    low, high = ends(spread)
    return brackets(low, high, what.digits) if low < high else ""


def _first_to_last(what: Across, row: Row) -> str:
    means = [spread.mean for spread in what.values[row.name] if spread]
    means = [mean for mean in means if math.isfinite(mean)] or [math.nan]
    return f"{number(means[0], what.digits)} {TO} {number(means[-1], what.digits)}"
