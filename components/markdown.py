"""Markdown that trackers and schedulers show: text that is only text, and tables."""

import re
from collections.abc import Iterable, Sequence

# What would be read as Markdown or HTML; `.` and `-` only mean something where a line begins.
SPECIAL = re.compile(r"([\\`*_{}\[\]#|~])")


def plain(text: str) -> str:
    """`text` on one line so that it reads as it stands, whatever it holds."""
    escaped = SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 1) -> str:
    """A table of cells that are Markdown already; columns from `numbers_from` on end right."""
    under = ["---" if place < numbers_from else "---:" for place in range(len(headings))]
    lines = [headings, under, *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
