"""The pairs as a matrix: how far the row of each line is ahead of that of each column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Pair, Row
from dashboards.look import Style
from dashboards.pairs import pair_sentence
from dashboards.sections.drawn import MOST_ROWS, ranked, row_styles, said_of_rest
from dashboards.wording import TO, number

Standing = Literal["ahead", "behind", "open", "none", "self"]
RUN_TESTS = {"mcnemar": "McNemar", "diebold_mariano": "Diebold-Mariano"}
MOST_TESTS = 10  # tests of single runs that one line can hold


@dataclass(frozen=True)
class Cell:
    """The row of a line against that of a column; `said` is the whole of it in words.

    `open` where no difference is shown, `none` where the two were not compared.
    """

    standing: Standing
    text: str = ""
    interval: str = ""
    said: str = ""


@dataclass(frozen=True)
class MatrixLine:
    """One row against every column."""

    label: str
    style: Style
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PairText:
    """One pair in words, and behind it p, Holm's p and the tests of single runs."""

    names: str
    sentence: str
    shown: bool
    p_value: str
    adjusted_p: str
    runs: str


@dataclass(frozen=True)
class Matrix:
    """The matrix, with the pairs most worth reading before the `rest`.

    `unit` is that of the differences, `rows_left_out` says where not all rows are in it.
    """

    unit: str
    lines: tuple[MatrixLine, ...]
    first: tuple[PairText, ...]
    rest: tuple[PairText, ...]
    run_test: str
    rows_left_out: str


def matrix(comparison: Comparison) -> Matrix | None:
    """The best rows against one another; absent where no two rows were compared."""
    if not comparison.pairs:
        return None
    metric = ranking_metric(comparison.task, comparison.metric)
    compared = {name for pair in comparison.pairs for name in (pair.better, pair.worse)}
    rows = [row for row in ranked(comparison) if row.name in compared]
    shown = rows[:MOST_ROWS]
    found = {(pair.better, pair.worse): pair for pair in comparison.pairs}
    styles = row_styles(comparison)

    def line(row: Row) -> MatrixLine:
        cells = tuple(_cell(comparison, row, column, found, metric) for column in shown)
        return MatrixLine(row.label, styles[row.name], cells)

    first, rest = _split(comparison, shown)
    method = comparison.method
    return Matrix(
        unit=unit_of(metric),
        lines=tuple(map(line, shown)),
        first=tuple(_pair_text(comparison, pair, metric) for pair in first),
        rest=tuple(_pair_text(comparison, pair, metric) for pair in rest),
        run_test=RUN_TESTS[method.run_test] if method else "",
        rows_left_out=said_of_rest(len(shown), len(rows)).replace("drawn", "in the matrix").strip(),
    )


def unit_of(metric: Metric) -> str:
    """The unit of differences: points, hundredths of a share, for what lies between 0 and 1."""
    return "points" if metric.highest == 1 else metric.unit


def ahead(value: float, metric: Metric) -> str:
    """A difference with its sign, in the unit of differences: `+1.1`, `−0.104`."""
    scale, digits = (100, 1) if metric.highest == 1 else (1, metric.digits)
    text = number(value * scale, digits)
    if not float(text):
        return text
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def _cell(
    comparison: Comparison,
    row: Row,
    column: Row,
    pairs: dict[tuple[str, str], Pair],
    metric: Metric,
) -> Cell:
    if row.name == column.name:
        return Cell("self")
    pair = pairs.get((row.name, column.name)) or pairs.get((column.name, row.name))
    if pair is None:
        return Cell("none")
    is_better = pair.better == row.name
    low, high = pair.interval if is_better else (-pair.interval[1], -pair.interval[0])
    return Cell(
        standing=("ahead" if is_better else "behind") if pair.shown else "open",
        text=ahead(pair.difference if is_better else -pair.difference, metric),
        interval=f"{ahead(low, metric)} {TO} {ahead(high, metric)}",
        said=_pair_words(comparison, pair, metric),
    )


def _split(comparison: Comparison, rows: Sequence[Row]) -> tuple[list[Pair], list[Pair]]:
    """The pairs of networks, or of a network and the best baseline, and then the others."""
    names = {row.name for row in rows}
    worth = {row.name for row in rows if row.kind == "network"}
    baseline = next((row.name for row in rows if row.kind == "baseline"), None)
    first: list[Pair] = []
    rest: list[Pair] = []
    for pair in comparison.pairs:
        both = {pair.better, pair.worse}
        if both <= names:
            networks = len(both & worth)
            chosen = networks == 2 or (networks == 1 and baseline in both)
            (first if chosen else rest).append(pair)
    return first, rest


def _pair_text(comparison: Comparison, pair: Pair, metric: Metric) -> PairText:
    labels = {row.name: row.label for row in comparison.rows}
    return PairText(
        names=f"{labels[pair.better]} over {labels[pair.worse]}",
        sentence=pair_sentence(comparison, pair.better, pair.worse, metric) or "",
        shown=pair.shown,
        p_value=_p(pair.p_value),
        adjusted_p=_p(pair.adjusted_p),
        runs=_runs(pair),
    )


def _pair_words(comparison: Comparison, pair: Pair, metric: Metric) -> str:
    sentence = pair_sentence(comparison, pair.better, pair.worse, metric) or ""
    return f"{sentence} p {_p(pair.p_value, sign=True)}, {_p(pair.adjusted_p, sign=True)} by Holm."


def _p(value: float, *, sign: bool = False) -> str:
    """`0.012` or `< 0.001`, with `=` before it where it stands after `p`."""
    if value < 0.001:
        return "< 0.001"
    return f"{'= ' if sign else ''}{value:.3f}"


def _runs(pair: Pair) -> str:
    """The tests of single runs: `seed 1 against seed 1: 12.30, p < 0.001`."""
    said = []
    for run in pair.runs[:MOST_TESTS]:
        seeds = [f"seed {seed}" for seed in (run.better_seed, run.worse_seed) if seed is not None]
        who = " against ".join(seeds) or "both"
        said.append(f"{who}: {run.statistic:.2f}, p {_p(run.p_value, sign=True)}")
    more = len(pair.runs) - MOST_TESTS
    return "; ".join(said) + (f"; {more} more" if more > 0 else "")
