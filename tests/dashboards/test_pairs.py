"""Which row is ahead of which, as a reader sees it: text, verdict and table."""

import pytest

from components.metrics import ranking_metric
from components.records import Comparison, Pair
from dashboards.pairs import BASELINES, NETWORKS, PairLine, pair_lines, pair_sentence
from dashboards.render import render
from dashboards.verdict import verdict

ACCURACY = ranking_metric("classification", "test/accuracy")


@pytest.fixture
def tested(classification: Comparison) -> Comparison:
    """LSTM ahead of the RNN, level with TF-IDF, and two baselines that are not of interest."""

    def pair(better: str, worse: str, low: float, p_value: float) -> Pair:
        interval = (low, 0.04)
        return Pair(
            better=better,
            worse=worse,
            difference=0.0421,
            interval=interval,
            p_value=p_value,
            adjusted_p=0.001 if low > 0 else p_value,
        )

    pairs = (
        pair("tfidf_logistic", "lstm", -0.0012, 0.0621),
        pair("lstm", "rnn", 0.0211, 0.0005),
        pair("tfidf_logistic", "majority", 0.0211, 0.0005),
        pair("lstm", "majority", 0.0, 0.05),
    )
    lstm, *others = classification.rows
    spread = lstm.metrics["test/accuracy"].model_copy(update={"interval": (0.8471, 0.8579)})
    lstm = lstm.model_copy(update={"metrics": {**lstm.metrics, "test/accuracy": spread}})
    return classification.model_copy(update={"pairs": pairs, "rows": (lstm, *others)})


def test_pairs_of_networks_come_first_and_two_baselines_do_not(tested: Comparison) -> None:
    lines = pair_lines(tested)
    assert list(lines) == [NETWORKS, BASELINES]
    # Better, worse, difference, interval, p; whether it is shown, and whether by one seed only.
    assert lines[NETWORKS] == (
        PairLine(
            "LSTM",
            "Vanilla RNN",
            "0.0421",
            "0.0211 to 0.0400",
            "< 0.001",
            shown=True,
            one_seed=False,
        ),
    )
    tfidf = "TF-IDF + logistic regression"
    assert lines[BASELINES] == (
        PairLine(
            tfidf, "LSTM", "0.0421", "-0.0012 to 0.0400", "0.062", shown=False, one_seed=False
        ),
        PairLine(
            "LSTM",
            "Majority class",
            "0.0421",
            "0.0000 to 0.0400",
            "0.050",
            shown=False,
            one_seed=False,
        ),
    )


def test_a_difference_is_claimed_only_where_it_is_shown(tested: Comparison) -> None:
    assert pair_sentence(tested, "rnn", "lstm", ACCURACY) == (
        "LSTM is better than Vanilla RNN by 0.0421 (95 % interval 0.0211 to 0.0400)."
    )
    assert pair_sentence(tested, "lstm", "tfidf_logistic", ACCURACY) == (
        "No difference is shown between TF-IDF + logistic regression and LSTM: 0.0421, "
        "95 % interval -0.0012 to 0.0400."
    )
    assert pair_sentence(tested, "lstm", "gru", ACCURACY) is None


def test_the_verdict_says_so_and_no_longer_that_nothing_was_tested(tested: Comparison) -> None:
    notes = verdict(tested).notes
    assert notes[0].startswith("LSTM is better than Vanilla RNN by 0.0421")
    assert notes[1].startswith("No difference is shown between TF-IDF")
    assert len(notes) == 2


def test_the_headline_claims_no_more_than_the_pair(tested: Comparison) -> None:
    """TF-IDF ranks before LSTM, but the interval of their difference reaches 0."""
    headline = verdict(tested).headline
    assert headline.startswith("A baseline is ahead of every network, by less than the data can")
    shown = tested.pairs[0].model_copy(update={"interval": (0.01, 0.04), "adjusted_p": 0.01})
    sure = tested.model_copy(update={"pairs": (shown, *tested.pairs[1:])})
    assert verdict(sure).headline.startswith("A baseline beats every network: TF-IDF")
    turned = tested.model_copy(update={"rows": (*tested.rows[:2], tested.rows[3])})
    assert "ahead of every baseline, by less than the data can show" in verdict(turned).headline


def test_without_pairs_the_ranges_of_the_seeds_speak(classification: Comparison) -> None:
    assert "do not overlap" in verdict(classification).notes[0]
    assert "Is the difference real?" not in render(classification)


def test_one_seed_is_said(tested: Comparison) -> None:
    lstm, rnn, *baselines = tested.rows
    once = tested.model_copy(
        update={"rows": (lstm.model_copy(update={"seeds": (1,)}), rnn, *baselines)}
    )
    assert verdict(once).notes[0] == (
        "LSTM is better than Vanilla RNN by 0.0421 (95 % interval 0.0211 to 0.0400); that is one "
        "seed, and another may say otherwise."
    )


def test_the_page_shows_intervals(tested: Comparison) -> None:
    page = render(tested)
    assert '<span class="detail">95 % [0.8471, 0.8579]</span>' in page
    assert '<span class="interval">[0.8471, 0.8579]</span>' in page
