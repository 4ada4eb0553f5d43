"""One chart of the page: what it shows in words, and its plotly figure as JSON values.

A figure is a plain dict of what plotly.js reads (`data` and `layout`): plotly's own Python objects
check every number of it again, which takes most of the time of a page of many runs.
"""

import math
from dataclasses import dataclass

from dashboards.look import Figure, Style

DIGITS = 6  # of a drawn number: more than a screen can show, and half the bytes


@dataclass(frozen=True)
class Panel:
    """One chart, written by the macro `panel` of `_panel.html.j2`.

    Args:
        id: Of the element, unique on the page.
        title: Stands above the chart, empty where a heading says it already.
        alt: What the chart shows, with its numbers where they are few, for who cannot see it.
        figure: What plotly.js draws; numbers that are not finite are gaps.
        style: Of the mark before the title, where the chart belongs to one row.
        caption: Stands below the chart: how to read it.
    """

    id: str
    title: str
    alt: str
    figure: Figure
    style: Style | None = None
    caption: str = ""

    @property
    def json(self) -> Figure:
        """The figure as JSON has it."""
        return {name: plain(value) for name, value in self.figure.items()}


def plain(value: object) -> object:
    """The value as JSON has it: tuples are lists, what is not finite is null."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
