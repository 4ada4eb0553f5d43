"""What each row makes of each label: one small table of shares a row."""

from dataclasses import dataclass

from components.records import Comparison, TextErrors
from dashboards.look import Style
from dashboards.sections.drawn import best_rows, row_styles, said_of_rest

FEW = 100  # up to here a mean count over the seeds is not rounded to whole texts


@dataclass(frozen=True)
class Share:
    """The texts of one label that were given one label; `tenths` of the share are its shade."""

    percent: str
    count: str
    tenths: int
    right: bool


@dataclass(frozen=True)
class ConfusionTable:
    """One row: for each true label, 0 and 1, what it said of it, 0 and 1."""

    label: str
    style: Style
    lines: tuple[tuple[Share, Share], tuple[Share, Share]]


@dataclass(frozen=True)
class Confusions:
    """The tables of the best rows, and what is said where there are more."""

    tables: tuple[ConfusionTable, ...]
    rows_left_out: str


def confusions(comparison: Comparison, errors: TextErrors) -> Confusions | None:
    """The confusion matrices of the best rows; absent without any."""
    rows = best_rows(comparison, errors.confusion)
    if not rows:
        return None
    styles = row_styles(comparison)
    tables = []
    for row in rows:
        found = errors.confusion[row.name]
        lines = (
            _line(found.true_negative, found.false_positive, right=0),
            _line(found.false_negative, found.true_positive, right=1),
        )
        tables.append(ConfusionTable(row.label, styles[row.name], lines))
    left_out = said_of_rest(len(rows), len(errors.confusion)).replace("drawn", "shown").strip()
    return Confusions(tuple(tables), left_out)


def _line(said_0: float, said_1: float, *, right: int) -> tuple[Share, Share]:
    total = said_0 + said_1
    first, second = (
        Share(
            percent=f"{100 * count / total:.1f} %" if total else "–",
            count=f"{count:,.{0 if total >= FEW else 1}f}",
            tenths=round(10 * count / total) if total else 0,
            right=place == right,
        )
        for place, count in enumerate((said_0, said_1))
    )
    return first, second
