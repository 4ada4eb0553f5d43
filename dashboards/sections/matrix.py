"""The pairs as a matrix: how far the row of each line is ahead of that of each column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Pair, Row
from dashboards.look import Style
from dashboards.pairs import PairLine, pair_line
from dashboards.points import gap_of, unit_of
from dashboards.sections.drawn import MOST_ROWS, ranked, row_styles, said_of_rest
from dashboards.wording import TO, number

Names = tuple[str, str]  # of the better row and the worse one
Standing = Literal["ahead", "behind", "open", "none", "self"]
MOST_SENTENCES = 15  # that are read before the rest
SIGNS = {"ahead": "▲", "behind": "▼", "open": "○"}


@dataclass(frozen=True)
class Cell:
    """The row of a line against that of a column; `said` is the whole of it in words.

    `open` where no difference is shown, `none` where the two were not compared.
    """

    standing: Standing
    text: str = ""
    interval: str = ""
    said: str = ""

    @property
    def sign(self) -> str:
        """The standing as a shape, for who cannot tell its colour."""
        return SIGNS.get(self.standing, "")


@dataclass(frozen=True)
class MatrixLine:
    """One row against every column."""

    label: str
    style: Style
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """The matrix, and its pairs in words: those most worth reading, then the `rest`.

    `unit` is that of the differences, `rows_left_out` says where not all rows are in it.
    """

    unit: str
    lines: tuple[MatrixLine, ...]
    first: tuple[PairLine, ...]
    rest: tuple[PairLine, ...]
    rows_left_out: str


def matrix(comparison: Comparison) -> Matrix | None:
    """The best rows against one another; absent where no two rows were compared."""
    if not comparison.pairs:
        return None
    metric = ranking_metric(comparison.task, comparison.metric)
    compared = {name for pair in comparison.pairs for name in (pair.better, pair.worse)}
    rows = [row for row in ranked(comparison) if row.name in compared]
    shown = rows[:MOST_ROWS]
    names = {row.name for row in shown}
    pairs = [pair for pair in comparison.pairs if {pair.better, pair.worse} <= names]
    by_name = {row.name: row for row in shown}
    texts = {
        (pair.better, pair.worse): pair_line(comparison, by_name, pair, metric) for pair in pairs
    }
    found = {frozenset((pair.better, pair.worse)): pair for pair in pairs}
    styles = row_styles(comparison)

    def cell(row: Row, column: Row) -> Cell:
        if row.name == column.name:
            return Cell("self")
        pair = found.get(frozenset((row.name, column.name)))
        if pair is None:
            return Cell("none")
        return _cell(row, pair, metric, texts[pair.better, pair.worse].sentence)

    first = _worth_reading(list(texts), shown)
    return Matrix(
        unit=unit_of(metric),
        lines=tuple(
            MatrixLine(row.label, styles[row.name], tuple(cell(row, column) for column in shown))
            for row in shown
        ),
        first=tuple(text for pair, text in texts.items() if pair in first),
        rest=tuple(text for pair, text in texts.items() if pair not in first),
        rows_left_out=said_of_rest(len(shown), len(rows)).replace("drawn", "in the matrix").strip(),
    )


def _cell(row: Row, pair: Pair, metric: Metric, said: str) -> Cell:
    gap = gap_of(pair, row.name, metric)

    def text(value: float) -> str:
        return _signed(number(value, gap.digits))

    return Cell(
        standing=("ahead" if pair.better == row.name else "behind") if pair.shown else "open",
        text=text(gap.value),
        interval=f"{text(gap.low)} {TO} {text(gap.high)}",
        said=said,
    )


def _signed(text: str) -> str:
    """The number with a plus or a minus, unless it is 0 in the digits shown."""
    if not float(text):
        return text
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def _worth_reading(pairs: Sequence[Names], rows: Sequence[Row]) -> set[Names]:
    """The pairs of networks, or of a network and the best baseline.

    Where these are too many to read, those of the best network.
    """
    networks = [row.name for row in rows if row.kind == "network"]
    baselines = [row.name for row in rows if row.kind == "baseline"]
    worth = {*networks, *baselines[:1]}
    found = {pair for pair in pairs if set(pair) <= worth and set(pair) & set(networks)}
    if len(found) <= MOST_SENTENCES:
        return found
    return {pair for pair in found if networks[0] in pair}
