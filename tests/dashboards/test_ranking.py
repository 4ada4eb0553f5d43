"""The ranked table: one order over networks and baselines, and what each bar says."""

import math

import pytest

from components.records import Comparison, Pair, Spread
from dashboards.ranking import Behind, Line, Ranking, Value, ranking
from dashboards.table import tables


def value(line: Line, key: str) -> Value:
    return next(value for value in line.values if value.key == key)


def line(table: Ranking, name: str) -> Line:
    return next(line for line in table.lines if line.name == name)


def pair(better: str, worse: str, low: float, adjusted_p: float) -> Pair:
    return Pair(
        better=better,
        worse=worse,
        difference=0.02,
        interval=(low, 0.04),
        p_value=adjusted_p,
        adjusted_p=adjusted_p,
    )


def changed(comparison: Comparison, place: int, **values: Spread) -> Comparison:
    rows = list(comparison.rows)
    rows[place] = rows[place].model_copy(update={"metrics": values})
    return comparison.model_copy(update={"rows": tuple(rows)})


def test_networks_and_baselines_are_in_one_order(classification, forecast):
    table = ranking(classification)
    assert [one.name for one in table.lines] == ["tfidf_logistic", "lstm", "rnn", "majority"]
    assert [one.badge for one in table.lines] == ["baseline", "best network", "", "baseline"]
    assert [value(one, "test/accuracy").place for one in table.lines] == ["1", "2", "3", "4"]
    assert [one.name for one in ranking(forecast).lines] == ["gru", "climatology", "last_value"]


def test_every_metric_has_its_own_order_and_texts(classification):
    table = ranking(classification)
    assert [axis.key for axis in table.axes] == ["test/accuracy", "test/log_loss", "val/accuracy"]
    assert table.chosen == "test/accuracy"
    loss = value(line(table, "lstm"), "test/log_loss")
    assert (loss.text, loss.place) == ("0.3478", "2")
    assert float(loss.sort) == pytest.approx(0.3478)
    assert loss.behind == Behind("0.0374", "0.0374")
    validation = value(line(table, "majority"), "val/accuracy")
    assert (validation.text, validation.place, validation.sort) == ("–", "", "")
    assert validation.bar is None


def test_a_bar_lies_where_its_numbers_are(forecast):
    table = ranking(forecast)
    bar = value(line(table, "gru"), "test/mae").bar
    # Scale: 1.53 (floor) to 1.60 (second row), and 5 % of that more on each side.
    low, width = 1.53 - 0.05 * 0.07, 1.1 * 0.07
    assert bar is not None
    places = [float(place.rstrip("%")) for place in (bar.mean, *bar.seeds)]
    assert places == pytest.approx([100 * (x - low) / width for x in (1.56, 1.55, 1.57)], abs=0.01)
    assert bar.interval is None
    assert bar.said == "GRU: mean 1.560, seed 1 1.550, seed 2 1.570"
    axis = table.axes[0]
    assert axis.floor == (f"{100 * (1.53 - low) / width:.4g}%", "1.530")
    assert axis.floor_side == "start"
    far = value(line(table, "last_value"), "test/mae").bar
    assert far is not None
    assert far.side == "right"
    assert far.said == "Last value: 2.200"


def test_an_interval_is_a_bar_and_brackets(made_up):
    comparison = made_up(4, 2, 3)
    shown = value(ranking(comparison).lines[1], "test/accuracy")
    low, high = comparison.rows[0].metrics["test/accuracy"].interval
    assert shown.interval == f"[{low:.4f}, {high:.4f}]"
    assert shown.bar is not None
    assert shown.bar.interval is not None
    assert f"95 % interval {shown.interval}" in shown.bar.said


def test_an_interval_beyond_the_scale_goes_on(forecast, parsed):
    first = forecast.rows[0]
    vague = first.metrics["test/mae"].model_copy(update={"interval": (1.54, 9.0)})
    sure = forecast.rows[1].metrics["test/mae"].model_copy(update={"interval": (1.59, 1.61)})
    comparison = changed(forecast, 0, **{**first.metrics, "test/mae": vague})
    comparison = changed(comparison, 1, **{**forecast.rows[1].metrics, "test/mae": sure})
    bar = value(line(ranking(comparison), "gru"), "test/mae").bar
    assert bar is not None
    assert (bar.side, bar.goes_on) == ("", (False, True))
    assert bar.interval is not None
    assert bar.interval[1] == "100%"
    drawn = parsed(comparison).ranked().all("tr", css="row")[0].all("svg", css="bar")[0]
    assert drawn.one(css="off").text() == "▶"


def test_the_difference_to_the_best_is_that_of_the_pair(classification):
    pairs = (
        pair("tfidf_logistic", "lstm", -0.01, 0.3),
        pair("tfidf_logistic", "rnn", 0.01, 0.001),
    )
    table = ranking(classification.model_copy(update={"pairs": pairs}))
    behind = [value(one, "test/accuracy").behind for one in table.lines]
    assert behind == [
        Behind("best", "0"),
        Behind("2.0", "2", "[-1.0, 4.0]", shown=False),
        Behind("2.0", "2", "[1.0, 4.0]", shown=True),
        Behind("37.2", "37.16"),
    ]
    # Another metric was not tested: its differences are those of the means.
    assert value(table.lines[1], "test/log_loss").behind.shown is None


def test_a_pair_the_other_way_round_changes_its_sign(classification):
    turned = classification.model_copy(
        update={"pairs": (pair("lstm", "tfidf_logistic", -0.01, 0.3),)}
    )
    behind = value(line(ranking(turned), "lstm"), "test/accuracy").behind
    assert (behind.text, behind.interval) == ("-2.0", "[-4.0, 1.0]")


def test_a_row_without_a_value_comes_last(classification):
    lost = Spread(mean=math.nan, low=math.nan, high=math.nan, values=(math.nan,))
    for metrics in ({}, {"test/accuracy": lost}):
        table = ranking(changed(classification, 0, **metrics))
        assert [one.name for one in table.lines][-1] == "lstm"
        shown = value(table.lines[-1], "test/accuracy")
        assert (shown.text, shown.bar, shown.place, shown.sort) == ("–", None, "", "")


def test_a_metric_that_no_row_has_leaves_another_chosen(classification):
    gone = classification.model_copy(update={"metric": "test/f1"})
    assert ranking(gone).chosen == "test/accuracy"
    assert len(ranking(gone).lines) == 4


def test_costs_are_columns_where_any_row_has_them(made_up, classification):
    table = ranking(made_up(4, 2, 3))
    assert [label for label, _ in table.headings][-2:] == ["Latency", "Size"]
    tfidf = line(table, "tfidf_logistic")
    assert [cell.text for cell in tfidf.cells] == ["–", "74,849", "3.20", "0.43", "1.5 MB"]
    assert [label for label, _ in ranking(classification).headings][-1] == "Training"
    assert [cell.text for cell in ranking(classification).lines[2].cells] == [
        "2",
        "166,337",
        "1,234",
    ]


def test_a_row_without_costs_beside_others_has_dashes(made_up):
    comparison = made_up(4, 2, 3)
    bare = comparison.rows[0].model_copy(update={"cost": None})
    comparison = comparison.model_copy(update={"rows": (bare, *comparison.rows[1:])})
    shown = line(ranking(comparison), bare.name)
    assert [cell.text for cell in shown.cells][-2:] == ["–", "–"]
    costs = next(one for one in tables(comparison)[1].lines if one.label == bare.label)
    assert [cell.text for cell in costs.cells][3:] == ["–"] * 6


def test_all_costs_stand_in_their_table(made_up):
    comparison = made_up(4, 2, 3)
    _, costs = tables(comparison)
    heads = [(heading.label, heading.hint) for heading in costs.headings]
    tfidf = dict(zip(heads, costs.lines[0].cells, strict=True))
    assert tfidf["Peak memory", ""].text == "612 MB"
    assert tfidf["Latency", "99th percentile"].text == "0.70"
    assert tfidf["Throughput", "batches of 256"].text == "9,123"
    assert tfidf["An epoch", ""].text == "–"


def test_rows_of_one_architecture_say_how_they_differ(made_up):
    shown = line(ranking(made_up(6, 2, 3)), "rnn2")
    assert shown.changed == ("model.hidden_sizes [32]",)


def test_what_a_label_says_is_not_said_again(made_up):
    comparison = made_up(6, 2, 3)
    said = {"train.learning_rate": "0.003", "model.hidden_sizes": "[32]"}
    rows = [
        row.model_copy(update={"label": "LSTM, train.learning_rate 0.003", "changed": said})
        if row.name == "rnn2"
        else row
        for row in comparison.rows
    ]
    labelled = comparison.model_copy(update={"rows": tuple(rows)})
    assert line(ranking(labelled), "rnn2").changed == ("model.hidden_sizes [32]",)
    told = [one.changed for one in tables(labelled)[0].lines if one.label.startswith("LSTM, ")]
    assert told == [("model.hidden_sizes [32]",)]
