"""Quality against cost: every row with its numbers, and fronts worked out by hand."""

import math

import pytest

from dashboards.sections.cost import quality_against_cost

LABELS = {
    "tfidf_logistic": "TF-IDF + logistic regression",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "Vanilla RNN",
    "majority": "Majority class",
}


def point(section, label):
    return next(one for one in section.panel.figure["data"] if one["name"] == label)


def without_cost(comparison):
    rows = tuple(row.model_copy(update={"cost": None}) for row in comparison.rows)
    return comparison.model_copy(update={"rows": rows})


def test_the_fronts_of_every_cost(texts):
    # Accuracies: TF-IDF .8869, LSTM .8481, GRU .8452, BiLSTM .8449, RNN .8371, majority .5.
    expected = {
        "training": ["majority", "tfidf_logistic"],  # 0.001 s, 5 s; networks 7 s and more
        "latency": ["majority", "tfidf_logistic"],  # 0.002 ms, 0.35 ms; networks 0.8 ms and more
        "parameters": ["tfidf_logistic"],  # 20,001; majority has none, networks more
        "size": ["majority", "rnn", "gru", "lstm", "tfidf_logistic"],  # 1, 667, 717, 742, 1460 kB
        "memory": ["majority", "rnn", "lstm", "tfidf_logistic"],  # 310, 590, 612, 702; GRU 618
    }
    section = quality_against_cost(texts)
    views = section.data["views"]["test/accuracy"]
    labels = section.data["labels"]
    assert {key: [labels[place] for place in view["front"]] for key, view in views.items()} == {
        key: [LABELS[name] for name in names] for key, names in expected.items()
    }
    said = dict(section.fronts)
    assert said["latency"] == (
        "Majority class (< 0.01 ms, 0.5000) and TF-IDF + logistic regression (0.35 ms, 0.8869)"
    )
    assert said["size"].startswith("Majority class (1.0 kB, 0.5000), Vanilla RNN (667 kB, 0.8371)")
    assert "TF-IDF + logistic regression (5.00 s, 0.8869)" in section.panel.alt


def test_a_front_of_what_should_be_low(series):
    views = quality_against_cost(series).data["views"]["test/mae"]
    labels = quality_against_cost(series).data["labels"]
    on_front = [labels[place] for place in views["parameters"]["front"]]
    assert on_front == ["Vanilla RNN", "GRU", "LSTM", "BiLSTM"]


def test_a_row_stands_at_its_numbers_with_its_interval(texts):
    section = quality_against_cost(texts)
    lstm = point(section, "LSTM")
    assert lstm["x"] == [16.6]
    assert lstm["y"] == [0.8481]
    assert lstm["error_y"]["array"] == [pytest.approx(0.004)]
    assert lstm["error_y"]["arrayminus"] == [pytest.approx(0.004)]
    assert lstm["customdata"] == [["Accuracy: 0.8481 (0.8441 to 0.8521)", "training time: 16.6 s"]]
    assert len(section.panel.figure["data"]) == 1 + len(texts.rows)
    steps = section.panel.figure["data"][0]
    assert (steps["x"], steps["y"]) == ([0.001, 5.0], [0.5, 0.8869])
    assert steps["line"]["shape"] == "hv"


def test_every_metric_and_cost_can_be_chosen(texts):
    section = quality_against_cost(texts)
    assert list(section.data["metrics"]) == ["test/accuracy", "test/log_loss", "val/accuracy"]
    assert (
        set(section.data["costs"])
        == set(section.choices)
        == set(section.data["views"]["test/accuracy"])
    )
    place = section.data["labels"].index("LSTM")
    loss = section.data["metrics"]["test/log_loss"]
    lstm = next(row for row in texts.rows if row.name == "lstm")
    assert loss["y"][place] == pytest.approx(lstm.metrics["test/log_loss"].mean, rel=1e-5)
    latency = section.data["views"]["test/log_loss"]["latency"]
    assert latency["x"][place] == pytest.approx(1.31)
    majority = section.data["labels"].index("Majority class")
    assert section.data["metrics"]["val/accuracy"]["y"][majority] is None


def test_a_row_far_off_is_a_hollow_mark_inside_the_scale(texts):
    section = quality_against_cost(texts)
    low, high = section.panel.figure["layout"]["yaxis"]["range"]
    first, last = section.panel.figure["layout"]["xaxis"]["range"]
    majority = point(section, "Majority class")
    assert low < majority["y"][0] < 0.8371
    assert 10**first < majority["x"][0] < 5 < 10**last
    assert majority["marker"]["symbol"].endswith("-open")
    assert majority["error_y"]["visible"] is False
    assert majority["customdata"][0][0].startswith("Accuracy: 0.5000")
    for label in ("LSTM", "Vanilla RNN", "TF-IDF + logistic regression"):
        assert low < point(section, label)["y"][0] < high
        assert not point(section, label)["marker"]["symbol"].endswith("-open")


def test_costs_that_no_row_has_are_not_offered(texts):
    section = quality_against_cost(without_cost(texts))
    assert list(section.choices) == ["training", "parameters"]


def test_nothing_without_two_rows_of_a_value(texts):
    assert quality_against_cost(texts.model_copy(update={"rows": ()})) is None
    assert quality_against_cost(texts.model_copy(update={"rows": texts.rows[:1]})) is None


def test_a_value_that_is_lost_is_no_point(texts):
    first, *rest = texts.rows
    lost = first.metrics["test/accuracy"].model_copy(update={"mean": math.nan})
    changed = first.model_copy(update={"metrics": first.metrics | {"test/accuracy": lost}})
    section = quality_against_cost(texts.model_copy(update={"rows": (changed, *rest)}))
    assert point(section, "LSTM")["y"] == [None]
    assert "LSTM (" not in " ".join(said for _, said in section.fronts).replace("BiLSTM", "")
