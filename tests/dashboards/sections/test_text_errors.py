"""Where classifications go wrong: the numbers of the record, and the one sentence about lengths."""

import pytest

from components.records import LengthBin, Reliability
from dashboards.sections.confusion import confusions
from dashboards.sections.lengths import falls_behind, lengths
from dashboards.sections.mistakes import disagreements, mistakes
from dashboards.sections.reliability import reliability


def bin_of(texts, low, high, **accuracies):
    template = texts.errors.lengths[0]
    spread = template.accuracy["lstm"]
    return LengthBin(
        low=low,
        high=high,
        num_examples=100,
        accuracy={
            name: spread.model_copy(update={"mean": value}) for name, value in accuracies.items()
        },
    )


def test_shares_are_of_the_true_label(texts):
    found = confusions(texts, texts.errors)
    assert [table.label for table in found.tables][:2] == ["TF-IDF + logistic regression", "LSTM"]
    (right_0, wrong_0), (wrong_1, right_1) = found.tables[1].lines
    # Of 12,500 texts each: 0.8481 + 0.01 of label 0 right, 0.8481 - 0.01 of label 1.
    assert (right_0.percent, right_0.count, right_0.right) == ("85.8 %", "10,726", True)
    assert (wrong_0.percent, wrong_0.count, wrong_0.right) == ("14.2 %", "1,774", False)
    assert (wrong_1.percent, right_1.percent) == ("16.2 %", "83.8 %")
    assert (right_0.tenths, wrong_0.tenths) == (9, 1)


def test_a_label_that_no_text_has_is_a_dash(texts):
    one = texts.errors.confusion["lstm"].model_copy(
        update={"false_negative": 0.0, "true_positive": 0.0}
    )
    errors = texts.errors.model_copy(update={"confusion": {"lstm": one}})
    assert [share.percent for share in confusions(texts, errors).tables[0].lines[1]] == ["–", "–"]


def test_the_bin_where_the_vanilla_rnn_is_furthest_behind(texts):
    bins = [
        bin_of(texts, 1, 100, lstm=0.90, rnn=0.89),
        bin_of(texts, 101, 1200, lstm=0.85, rnn=0.78),
        bin_of(texts, 1201, 1201, lstm=0.80, rnn=0.79),
    ]
    assert falls_behind(texts, bins) == (
        "Vanilla RNN falls furthest behind LSTM, the best network, on texts of 101 to 1,200 words: "
        "0.780 against 0.850, 7.0 points."
    )


def test_where_it_is_nowhere_behind(texts):
    bins = [bin_of(texts, 1, 100, lstm=0.80, rnn=0.81)]
    assert falls_behind(texts, bins) == (
        "At no length is Vanilla RNN behind LSTM, the best network."
    )


def test_nothing_is_said_of_one_network(texts):
    alone = texts.model_copy(update={"rows": (texts.rows[0], texts.rows[4])})
    assert falls_behind(alone, [bin_of(texts, 1, 100, lstm=0.9)]) == ""
    assert falls_behind(texts, []) == ""


def test_accuracy_by_length_is_that_of_the_record(texts):
    chart = lengths(texts, texts.errors)
    lines = {
        one["legendgroup"]: one
        for one in chart.panel.figure["data"]
        if one["mode"] == "lines+markers"
    }
    for name in ("lstm", "rnn", "tfidf_logistic"):
        expected = [one.accuracy[name].mean for one in texts.errors.lengths]
        assert lines[name]["y"] == pytest.approx(expected)
    bands = {
        one["legendgroup"]: one["y"]
        for one in chart.panel.figure["data"]
        if one.get("fill") == "toself"
    }
    lows = [one.accuracy["rnn"].interval[0] for one in texts.errors.lengths]
    highs = [one.accuracy["rnn"].interval[1] for one in texts.errors.lengths]
    assert bands["rnn"] == pytest.approx(lows + highs[::-1])
    assert lines["majority"]["visible"] == "legendonly"
    assert lines["rnn"]["visible"] is True
    assert chart.figures.lines[1][:2] == ("101 to 150", "6,342 texts")
    assert chart.sentence in chart.panel.alt


def test_calibration_is_that_of_the_record(texts):
    chart = reliability(texts, texts.errors)
    lstm = next(one for one in chart.panel.figure["data"] if one.get("name") == "LSTM")
    bins = texts.errors.reliability["lstm"].bins
    assert lstm["x"] == [one.said for one in bins]
    assert lstm["y"] == [one.found for one in bins]
    assert lstm["customdata"][0] == "22,000"
    assert ("LSTM", "0.030 [0.024, 0.036]") in chart.figures.lines
    assert "Vanilla RNN 0.070" in chart.panel.alt


def test_mistakes_begin_with_the_best_network(texts):
    found = mistakes(texts, texts.errors)
    assert [row.label for row in found] == [
        "LSTM", "GRU", "BiLSTM", "Vanilla RNN", "TF-IDF + logistic regression",
    ]  # fmt: skip
    assert found[0].texts[0].facts == (
        "Row 1,017: label 1, probability of label 1 0.005, 181 words"
    )
    assert found[0].texts[0].excerpt.startswith("… and yet")


def test_a_text_that_is_not_to_be_shown_is_not(texts):
    hidden = texts.errors.mistakes["lstm"][0].model_copy(update={"excerpt": None, "num_words": 1})
    errors = texts.errors.model_copy(update={"mistakes": {"lstm": (hidden,)}})
    shown = mistakes(texts, errors)[0].texts[0]
    assert shown.excerpt == ""
    assert shown.facts.endswith("1 word")


def test_two_networks_on_the_same_texts(texts):
    found = disagreements(texts, texts.errors)[0]
    assert found.counts == (("19,750", "1,480"), ("1,205", "2,565"))
    assert found.said == (
        "LSTM and Vanilla RNN disagree on 2,685 of 25,000 texts (10.7 %): 1,480 only LSTM gets "
        "right, 1,205 only Vanilla RNN."
    )
    assert len(found.only_first) == len(found.only_second) == 2


def test_an_analysis_without_a_row_has_no_charts(texts):
    empty = texts.errors.model_copy(
        update={"confusion": {}, "lengths": (), "reliability": {}, "mistakes": {}}
    )
    assert confusions(texts, empty) is None
    assert lengths(texts, empty) is None
    assert reliability(texts, empty) is None
    assert mistakes(texts, empty) == ()
    no_bins = Reliability(error=texts.errors.reliability["lstm"].error, bins=())
    bare = empty.model_copy(update={"reliability": {"lstm": no_bins}})
    assert reliability(texts, bare).panel.figure["data"][1]["x"] == []
