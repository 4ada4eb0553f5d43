"""The last champion as text: who it was, what is shown, and what the alert makes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from components.records import Against, Champion, Comparison, Guard, Pair, Score
from dashboards.against import against_last, regression
from dashboards.markdown import summary
from dashboards.render import render

CHAMPION = Champion(
    version="3",
    registered="2026-01-02T03:04:05+00:00",
    comparison="imdb-1",
    run_id="r0",
    architecture="gru",
    seed=2,
    training="k0",
    source="<b>last month</b>",
    fingerprint="0ldf00d",
)
WORSE = (
    "LSTM, seed 1, is worse in accuracy than the last champion, GRU, seed 2, of imdb-1: by 1.84 "
    "points [1.2, 2.5], where compare.alert lets 1 point pass"
)


def score(new: float, last: float, half: float | None, metric: str = "test/accuracy") -> Score:
    """Two scores with a pair whose interval reaches so far; none for None."""
    ahead = new > last if metric == "test/accuracy" else new < last
    apart = abs(new - last)
    pair = None
    if half is not None:
        p_value = 0.2 if half > apart else 0.001
        pair = Pair(
            better="new" if ahead else "last",
            worse="last" if ahead else "new",
            difference=apart,
            interval=(apart - half, apart + half),
            p_value=p_value,
            adjusted_p=p_value,
        )
    return Score(metric=metric, new=new, last=last, pair=pair)


def against(
    *scores: Score, fired: bool | None = None, drop: float = 0.01, new_data: bool = True
) -> Against:
    metric = scores[-1].metric
    return Against(
        champion=CHAMPION,
        row="lstm",
        architecture="lstm",
        seed=1,
        run_id="r1",
        new_data=new_data,
        num_examples=25_000,
        scores=scores,
        guard=None if fired is None else Guard(metric=metric, drop=drop, fired=fired),
    )


def test_without_a_champion_nothing_is_said(texts: Comparison) -> None:
    assert against_last(texts) is None
    assert regression(texts) is None
    assert "champion" not in summary(texts)
    assert "against" not in texts.model_dump()
    assert "last champion" not in render(texts)


@pytest.mark.parametrize(
    ("one", "ahead", "interval", "shown", "sentence"),
    [
        (
            *(score(0.86, 0.848, 0.005), "+1.2 points", "0.7 to 1.7", True),
            "In accuracy, LSTM, seed 1, is better than the last champion by 1.2 points [0.7, 1.7].",
        ),
        (
            *(score(0.848, 0.86, 0.005), "−1.2 points", "−1.7 to −0.7", True),
            "In accuracy, LSTM, seed 1, is worse than the last champion by 1.2 points [0.7, 1.7].",
        ),
        (
            *(score(0.848, 0.85, 0.005), "−0.2 points", "−0.7 to 0.3", False),
            "No difference in accuracy is shown between LSTM, seed 1, and the last champion "
            "(0.2 points [-0.3, 0.7]).",
        ),
        (
            *(score(0.75, 0.5, None), "not tested", "", False),
            "In accuracy, LSTM, seed 1, is at 0.7500 and the last champion at 0.5000: 25,000 test "
            "examples are too few to test.",
        ),
        (
            *(score(0.35, 0.3, 0.01, "test/log_loss"), "−0.0500 nats", "−0.0600 to −0.0400", True),
            "In log loss, LSTM, seed 1, is worse than the last champion by 0.0500 nats "
            "[0.0400, 0.0600].",
        ),
    ],
)
def test_what_is_shown_is_said_in_words(
    texts: Comparison, one: Score, ahead: str, interval: str, shown: bool, sentence: str
) -> None:
    found = against_last(texts.model_copy(update={"against": against(one)}))
    assert found is not None
    (line,) = found.lines
    assert (line.ahead, line.interval, line.shown) == (ahead, interval, shown)
    assert found.sentences == (line.sentence,) == (sentence,)


def test_the_champion_is_named_with_the_data_it_is_from(texts: Comparison) -> None:
    one = score(0.86, 0.848, 0.005)
    found = against_last(texts.model_copy(update={"against": against(one)}))
    assert found is not None
    assert found.who == (
        "The last champion is GRU, seed 2, of imdb-1, registered on 2026-01-02 as version 3 and "
        "trained on other data (<b>last month</b>, fingerprint 0ldf00d)."
    )
    assert "learned from other data" in found.note
    same = against_last(texts.model_copy(update={"against": against(one, new_data=False)}))
    assert same is not None
    assert same.who.endswith("version 3 and trained on the data of this comparison.")
    assert "other data" not in same.note


@pytest.mark.parametrize(
    ("one", "fired", "alarm", "calm"),
    [
        (score(0.83, 0.8484, 0.0064), True, WORSE, ""),
        (
            *(score(0.848, 0.86, 0.02), False, ""),
            "The alert, for a drop of more than 1 point in accuracy, did not fire.",
        ),
        (
            *(score(0.35, 0.3, 0.1, "test/log_loss"), False, ""),
            "The alert, for a rise of more than 0.01 nats in log loss, did not fire.",
        ),
        (
            *(score(0.7, 0.9, None), False, ""),
            "The alert on accuracy cannot fire here: nothing could be tested.",
        ),
        (score(0.848, 0.86, 0.02), None, "", ""),
    ],
)
def test_the_alert_is_said(
    texts: Comparison, one: Score, fired: bool | None, alarm: str, calm: str
) -> None:
    comparison = texts.model_copy(update={"against": against(one, fired=fired)})
    found = against_last(comparison)
    assert found is not None
    assert (found.alarm, found.calm) == (alarm, calm)
    assert regression(comparison) == (alarm or None)


def test_the_page_has_a_section_and_an_alarm_above(
    texts: Comparison, parsed: Callable[..., Any]
) -> None:
    scores = (score(0.31, 0.3, 0.02, "test/log_loss"), score(0.83, 0.8484, 0.0064))
    page = render(texts.model_copy(update={"against": against(*scores, fired=True)}))
    section = page[page.index('<section class="against"') :]
    section = section[: section.index("</section>")]
    cells = ["0.8300", "0.8484", "−1.8 points", "−2.5 to −1.2"]
    places = [section.index(cell) for cell in cells]
    assert places == sorted(places)
    assert "&lt;b&gt;last month&lt;/b&gt;" in section
    assert section.count("<li") == 2
    assert section.count('class="sure"') == 1
    above = page[: page.index('<section class="against"')]
    assert "is worse in accuracy than the last champion" in above
    assert 'href="#against">Champion</a>' in above


def test_markdown_says_it_before_the_table(texts: Comparison) -> None:
    one = score(0.83, 0.8484, 0.0064)
    text = summary(texts.model_copy(update={"against": against(one, fired=True)}))
    paragraph = next(part for part in text.split("\n\n") if "champion" in part)
    assert paragraph.startswith("**Regression: LSTM, seed 1, is worse in accuracy than the last ")
    assert "&lt;b&gt;last month&lt;/b&gt;" in paragraph
    assert paragraph.endswith("by 1.8 points \\[1.2, 2.5\\].")
    assert text.index(paragraph) < text.index("| Rank |")
