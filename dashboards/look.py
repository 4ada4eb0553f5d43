"""What every chart wears: the colour of each architecture, the neutrals, an empty figure.

The colours are from Okabe & Ito, "Color Universal Design", 2008: each can be told from the others
without full colour vision and stands out by 3:1 from white as from near-black. The neutrals are
those of a light page; the page's own script trades them for those of a dark one.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from components.records import Row

Figure = dict[str, Any]  # what plotly.js reads: any JSON value, deep

COLOURS = {"rnn": "#d55e00", "lstm": "#0072b2", "gru": "#009e73", "bilstm": "#cc79a7"}

INK, MUTED, FAINT, GRID, SURFACE = "#1b1f24", "#5c6570", "#cbd0d6", "#e3e6ea", "#ffffff"
NEUTRALS = {
    INK: "--ink",
    MUTED: "--muted",
    FAINT: "--faint",
    GRID: "--line",
    SURFACE: "--surface",
}

CLEAR = "rgba(0,0,0,0)"

# Their numbers have no common divisor: dash and symbol together tell 30 rows of one colour apart.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SHAPES = {  # plotly's name of a symbol -> the same as a path of SVG, around 0 and 12 wide
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
    "square": "M-4.5-4.5h9v9h-9z",
    "diamond": "M0-6l6 6l-6 6l-6-6z",
    "triangle-up": "M0-5.5l6 10.5h-12z",
    "cross": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "x": "M-3.5-6.2l3.5 3.5l3.5-3.5l2.7 2.7l-3.5 3.5l3.5 3.5l-2.7 2.7l-3.5-3.5l-3.5 3.5"
    "l-2.7-2.7l3.5-3.5l-3.5-3.5z",
}
SYMBOLS = tuple(SHAPES)


@dataclass(frozen=True)
class Style:
    """How a row is drawn in every chart; dash and symbol are plotly's names."""

    colour: str
    dash: str = DASHES[0]
    symbol: str = SYMBOLS[0]


def styles(rows: Iterable[Row]) -> dict[str, Style]:
    """Name of the row -> its style: the colour of its architecture, neutral for a baseline.

    Rows of one architecture differ in dash and symbol, as do baselines among themselves.
    """
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        shared = colour(row.architecture or row.name)
        place = seen[shared]
        seen[shared] += 1
        found[row.name] = Style(shared, DASHES[place % len(DASHES)], SYMBOLS[place % len(SYMBOLS)])
    return found


def colour(name: str) -> str:
    """The colour of an architecture everywhere; a baseline is neutral."""
    return COLOURS.get(name, MUTED)


def stroke(colour: str, width: float, dash: str = "solid") -> dict[str, object]:
    """A line for plotly, `width` in pixels."""
    return {"color": colour, "width": width, "dash": dash}


def outline(colour: str, width: float) -> dict[str, object]:
    """The edge of a marker for plotly, `width` in pixels."""
    return {"color": colour, "width": width}


def finite(values: Iterable[float | None]) -> list[float]:
    """The values that can be drawn."""
    return [value for value in values if value is not None and math.isfinite(value)]


def figure(*, height: int, x_title: str = "", y_title: str = "") -> Figure:
    """A figure without data, `height` in pixels: transparent, and dragging scrolls the page.

    Append traces to `["data"]`, change `["layout"]`. With `showlegend` in the layout, the page's
    script puts a button for each `legendgroup` (or name) above the chart that hides and shows it.
    """
    axis = {"gridcolor": GRID, "linecolor": GRID, "zeroline": False, "automargin": True}
    return {
        "data": [],
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 24, "b": 8},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": MUTED},
            "hoverlabel": {"bgcolor": SURFACE, "bordercolor": GRID, "font": {"color": INK}},
            "modebar": {"bgcolor": CLEAR, "color": MUTED, "activecolor": INK},
            "showlegend": False,
            "dragmode": False,
            # Plotly puts a title beside the second line of a label, unless a distance is asked for.
            "xaxis": axis | {"title": {"text": x_title, "font": {"size": 13}, "standoff": 12}},
            "yaxis": axis | {"title": {"text": y_title, "font": {"size": 13}}},
        },
    }
