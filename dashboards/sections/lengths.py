"""Accuracy by the length of the text: where a network with a short memory falls behind."""

from collections.abc import Sequence

from components.records import Comparison, LengthBin, TextErrors
from dashboards.sections.across import Across, Chart, draw
from dashboards.wording import TO, number

DIGITS = 3  # of an accuracy in a bin, which holds fewer texts than the test split


def lengths(comparison: Comparison, errors: TextErrors) -> Chart | None:
    """Accuracy by the number of words of the text; absent where no row has any."""
    bins = [one for one in errors.lengths if one.accuracy]
    names = dict.fromkeys(name for one in bins for name in one.accuracy)
    what = Across(
        id="lengths",
        title="Accuracy by length of the text",
        x_title="Words of the text",
        y_title="Accuracy",
        unit="",
        digits=DIGITS,
        places=tuple(map(_words, bins)),
        counts=tuple(f"{one.num_examples:,} texts" for one in bins),
        values={name: tuple(one.accuracy.get(name) for one in bins) for name in names},
        joined=True,
        caption="Higher is better. Bands are 95 % intervals over test texts and seeds, or lowest "
        "to highest seed where there is none. The words are those of the whole text, before any "
        "are cut.",
    )
    return draw(comparison, what, sentence=falls_behind(comparison, bins))


def falls_behind(comparison: Comparison, bins: Sequence[LengthBin]) -> str:
    """Where the Vanilla RNN, or else the last network, is furthest behind the best network."""
    networks = [row for row in comparison.rows if row.kind == "network"]
    if len(networks) < 2:
        return ""
    best = networks[0]
    vanilla = [row for row in networks[1:] if "rnn" in (row.architecture, row.name)]
    weak = vanilla[0] if vanilla else networks[-1]
    gaps = [
        (one.accuracy[best.name].mean - one.accuracy[weak.name].mean, one)
        for one in bins
        if best.name in one.accuracy and weak.name in one.accuracy
    ]
    if not gaps:
        return ""
    gap, widest = max(gaps, key=lambda pair: pair[0])
    if gap <= 0:
        return f"At no length is {weak.label} behind {best.label}, the best network."
    return (
        f"{weak.label} falls furthest behind {best.label}, the best network, on texts of "
        f"{_words(widest)} words: {number(widest.accuracy[weak.name].mean, DIGITS)} against "
        f"{number(widest.accuracy[best.name].mean, DIGITS)}, {100 * gap:.1f} points."
    )


def _words(one: LengthBin) -> str:
    return f"{one.low:,} {TO} {one.high:,}" if one.low < one.high else f"{one.low:,}"
