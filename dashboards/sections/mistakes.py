"""Single texts: the most confident mistakes of each network, and where two networks disagree."""

from dataclasses import dataclass

from components.records import Comparison, Mistake, TextErrors
from dashboards.look import Style
from dashboards.sections.drawn import MOST_ROWS, ranked, row_styles
from dashboards.wording import number

DIGITS = 3  # of a probability
MOST_DISAGREEMENTS = 6


@dataclass(frozen=True)
class Text:
    """One text that was got wrong; `excerpt` is empty where texts are not to be shown."""

    facts: str
    excerpt: str


@dataclass(frozen=True)
class Mistaken:
    """The most confident mistakes of one row."""

    label: str
    style: Style
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Disagreeing:
    """Two networks on the same texts: the four counts, and texts that only one got right."""

    first: str
    second: str
    counts: tuple[tuple[str, str], tuple[str, str]]
    said: str
    only_first: tuple[Text, ...]
    only_second: tuple[Text, ...]


def mistakes(comparison: Comparison, errors: TextErrors) -> tuple[Mistaken, ...]:
    """The mistakes of the best network, then those of the other rows, the best first."""
    rows = [row for row in ranked(comparison) if errors.mistakes.get(row.name)]
    rows.sort(key=lambda row: row.kind == "baseline")
    styles = row_styles(comparison)
    return tuple(
        Mistaken(row.label, styles[row.name], tuple(map(_text, errors.mistakes[row.name])))
        for row in rows[:MOST_ROWS]
    )


def disagreements(comparison: Comparison, errors: TextErrors) -> tuple[Disagreeing, ...]:
    """What one network gets right and another wrong, as many pairs as can be read."""
    labels = {row.name: row.label for row in comparison.rows}
    found = []
    for one in errors.disagreements[:MOST_DISAGREEMENTS]:
        first, second = labels.get(one.first, one.first), labels.get(one.second, one.second)
        both, only_first = one.num_both_right, one.num_only_first
        only_second, neither = one.num_only_second, one.num_both_wrong
        total = both + only_first + only_second + neither
        apart = 100 * (only_first + only_second) / total if total else 0.0
        found.append(
            Disagreeing(
                first=first,
                second=second,
                counts=((f"{both:,}", f"{only_first:,}"), (f"{only_second:,}", f"{neither:,}")),
                said=f"{first} and {second} disagree on {only_first + only_second:,} of {total:,} "
                f"texts ({apart:.1f} %): {only_first:,} only {first} gets right, {only_second:,} "
                f"only {second}.",
                only_first=tuple(map(_text, one.only_first)),
                only_second=tuple(map(_text, one.only_second)),
            )
        )
    return tuple(found)


def _text(one: Mistake) -> Text:
    words = f"{one.num_words:,} word{'' if one.num_words == 1 else 's'}"
    probability = number(one.probability, DIGITS)
    facts = f"Row {one.row:,}: label {one.label}, probability of label 1 {probability}, {words}"
    return Text(facts, one.excerpt or "")
