"""What every chart wears: the colour of each architecture, the neutrals, an empty figure.

The colours are from Okabe & Ito, "Color Universal Design", 2008: each can be told from the others
without full colour vision and stands out by 3:1 from white as from near-black. The neutrals are
those of a light page; the page's own script trades them for those of a dark one.
"""

import math
from collections.abc import Iterable

import plotly.graph_objects as go

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


def empty_figure(*, height: int, x_title: str, y_title: str = "") -> go.Figure:
    """A figure without data, `height` in pixels: transparent, and dragging scrolls the page."""
    axis = {"gridcolor": GRID, "linecolor": GRID, "zeroline": False, "automargin": True}
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 24, "b": 8},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": MUTED},
            "hoverlabel": {"bgcolor": SURFACE, "bordercolor": GRID, "font": {"color": INK}},
            "modebar": {"bgcolor": CLEAR, "color": MUTED, "activecolor": INK},
            "showlegend": False,
            "dragmode": False,
            "xaxis": axis | {"title": {"text": x_title, "font": {"size": 13}}},
            "yaxis": axis | {"title": {"text": y_title, "font": {"size": 13}}},
        }
    )
