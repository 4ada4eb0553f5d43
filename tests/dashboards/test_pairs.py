"""Which row is ahead of which, as a reader sees it: text, verdict and table."""

import pytest

from components.metrics import ranking_metric
from components.records import Comparison, Method, Needed, Pair, RunTest
from dashboards.pairs import (
    PairLine,
    pair_line,
    pair_sentence,
    runs_text,
)
from dashboards.render import render
from dashboards.verdict import verdict

ACCURACY = ranking_metric("classification", "test/accuracy")
MAE = ranking_metric("forecast", "test/mae")
TFIDF = "TF-IDF + logistic regression"
METHOD = Method(
    block_length=1,
    run_test="mcnemar",
    num_pairs=4,
    smallest_difference=0.005,
    sentences=("First this was done.", "Then <that>."),
)


@pytest.fixture
def tested(classification: Comparison) -> Comparison:
    """LSTM ahead of the RNN, level with TF-IDF, and two baselines apart."""

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

    needed = Needed(difference=0.005, more_seeds=3, more_examples=12_345)
    runs = tuple(
        RunTest(better_seed=seed, worse_seed=seed, statistic=4.0, p_value=p_value)
        for seed, p_value in ((1, 0.0002), (2, 0.04))
    )
    pairs = (
        pair("tfidf_logistic", "lstm", -0.0012, 0.0621).model_copy(update={"needed": needed}),
        pair("lstm", "rnn", 0.0211, 0.0005).model_copy(update={"runs": runs}),
        pair("tfidf_logistic", "majority", 0.0211, 0.0005),
        pair("lstm", "majority", 0.0, 0.05),
    )
    lstm, *others = classification.rows
    spread = lstm.metrics["test/accuracy"].model_copy(update={"interval": (0.8471, 0.8579)})
    lstm = lstm.model_copy(update={"metrics": {**lstm.metrics, "test/accuracy": spread}})
    return classification.model_copy(
        update={"pairs": pairs, "rows": (lstm, *others), "method": METHOD}
    )


def test_a_pair_as_text(tested: Comparison) -> None:
    rows = {row.name: row for row in tested.rows}
    first, second = tested.pairs[:2]
    assert pair_line(tested, rows, second, ACCURACY) == PairLine(
        better="LSTM",
        worse="Vanilla RNN",
        difference="4.2 points",
        interval="[2.1, 4.0]",
        p_value="< 0.001",
        adjusted_p="0.001",
        shown=True,
        runs="McNemar: p < 0.001 (seed 1), 0.040 (seed 2)",
        sentence="LSTM is better than Vanilla RNN by 4.2 points [2.1, 4.0].",
    )
    tfidf = pair_line(tested, rows, first, ACCURACY)
    assert (tfidf.better, tfidf.interval, tfidf.p_value) == (TFIDF, "[-0.1, 4.0]", "0.062")
    assert (tfidf.shown, tfidf.runs) == (False, "")


def test_a_difference_is_claimed_only_where_it_is_shown(tested: Comparison) -> None:
    assert pair_sentence(tested, "rnn", "lstm", ACCURACY) == (
        "LSTM is better than Vanilla RNN by 4.2 points [2.1, 4.0]."
    )
    assert pair_sentence(tested, "lstm", "tfidf_logistic", ACCURACY) == (
        f"No difference is shown between {TFIDF} and LSTM (4.2 points [-0.1, 4.0]); about 3 more "
        "seeds or 12,000 more test examples would be needed to see one of 0.5 points."
    )
    assert pair_sentence(tested, "lstm", "gru", ACCURACY) is None


def test_what_holds_for_the_pair_alone_is_not_claimed(tested: Comparison) -> None:
    """An interval that leaves 0 out, of so many pairs that it may be chance."""
    chance = tested.pairs[1].model_copy(
        update={"p_value": 0.021, "adjusted_p": 0.126, "interval": (0.0004, 0.08)}
    )
    comparison = tested.model_copy(update={"pairs": (tested.pairs[0], chance)})
    assert pair_sentence(comparison, "lstm", "rnn", ACCURACY) == (
        "LSTM is ahead of Vanilla RNN by 4.21 points [0.04, 8.00], but of 2 pairs that is no "
        "difference shown (p = 0.021, 0.126 after Holm's correction)."
    )


def test_a_difference_is_said_in_the_unit_of_the_metric(forecast: Comparison) -> None:
    pair = Pair(
        better="gru",
        worse="climatology",
        difference=0.04,
        interval=(-0.01, 0.09),
        p_value=0.2,
        adjusted_p=0.4,
        needed=Needed(difference=0.05, more_seeds=None, more_examples=430),
    )
    comparison = forecast.model_copy(update={"pairs": (pair,)})
    assert pair_sentence(comparison, "gru", "climatology", MAE) == (
        "No difference is shown between GRU and Climatology (0.040 °C [-0.010, 0.090]); about 430 "
        "more test days would be needed to see one of 0.05 °C, more seeds alone would not do."
    )


def test_tests_of_many_runs_are_counted(tested: Comparison) -> None:
    runs = tuple(
        RunTest(better_seed=seed, worse_seed=None, statistic=3.0, p_value=seed / 100)
        for seed in range(1, 8)
    )
    assert runs_text(tested, runs) == "McNemar: p below 0.05 with 4 of 7 seeds"
    alone = runs[0].model_copy(update={"better_seed": None, "worse_seed": None})
    assert runs_text(tested, (alone,)) == "McNemar: p = 0.010"
    of_worse = alone.model_copy(update={"worse_seed": 3})
    assert runs_text(tested, (of_worse,)) == "McNemar: p = 0.010 (seed 3)"
    forecasts = METHOD.model_copy(update={"run_test": "diebold_mariano"})
    series = tested.model_copy(update={"method": forecasts})
    assert runs_text(series, (alone,)) == "Diebold-Mariano: p = 0.010"


def test_the_verdict_says_so_and_no_longer_that_nothing_was_tested(tested: Comparison) -> None:
    notes = verdict(tested).notes
    assert notes[0].startswith("LSTM is better than Vanilla RNN by 4.2 points")
    assert notes[1].startswith("No difference is shown between TF-IDF")
    assert len(notes) == 2


def test_the_headline_claims_no_more_than_the_pair(tested: Comparison) -> None:
    """TF-IDF ranks before LSTM, but the interval of their difference reaches 0."""
    headline = verdict(tested).headline
    assert headline.startswith("A baseline is ahead of every network, of the best by less than")
    shown = tested.pairs[0].model_copy(update={"interval": (0.01, 0.04), "adjusted_p": 0.01})
    sure = tested.model_copy(update={"pairs": (shown, *tested.pairs[1:])})
    assert verdict(sure).headline.startswith("A baseline beats every network: TF-IDF")
    # How far it is behind is said there, and not once more below.
    assert verdict(sure).headline.endswith("over 2 seeds), 4.2 points [1.0, 4.0] behind.")
    assert len(verdict(sure).notes) == 1
    lstm, *others = sure.rows
    once = sure.model_copy(update={"rows": (lstm.model_copy(update={"seeds": (1,)}), *others)})
    assert not verdict(once).headline.endswith("behind.")
    assert "that is one seed" in verdict(once).notes[1]
    turned = tested.model_copy(update={"rows": (*tested.rows[:2], tested.rows[3])})
    assert (
        "ahead of every baseline, of the best by less than the data can show"
        in verdict(turned).headline
    )


def test_without_pairs_the_ranges_of_the_seeds_speak(classification: Comparison) -> None:
    assert "do not overlap" in verdict(classification).notes[0]
    assert "Is the difference real?" not in render(classification)


def test_one_seed_is_said(tested: Comparison) -> None:
    lstm, rnn, *baselines = tested.rows
    once = tested.model_copy(
        update={"rows": (lstm.model_copy(update={"seeds": (1,)}), rnn, *baselines)}
    )
    assert verdict(once).notes[0] == (
        "LSTM is better than Vanilla RNN by 4.2 points [2.1, 4.0]; that is one seed, and another "
        "may say otherwise."
    )


def test_the_page_shows_intervals(tested: Comparison) -> None:
    page = render(tested)
    assert '<span class="detail">95 % [0.8471, 0.8579]</span>' in page
    assert '<span class="interval">[0.8471, 0.8579]</span>' in page
    assert "<li>Then &lt;that&gt;.</li>" in page
