"""The matrix of pairs says who is ahead of whom, in points or degrees, and not by colour alone."""

from dashboards.sections.matrix import matrix

ORDER = ("TF-IDF + logistic regression", "LSTM", "GRU", "BiLSTM", "Vanilla RNN", "Majority class")


def cell(found, row, column):
    labels = [line.label for line in found.lines]
    return found.lines[labels.index(row)].cells[labels.index(column)]


def test_rows_and_columns_in_the_order_of_the_ranking(texts, series):
    found = matrix(texts)
    assert tuple(line.label for line in found.lines) == ORDER
    assert {len(line.cells) for line in found.lines} == {len(ORDER)}
    assert [line.cells[place].standing for place, line in enumerate(found.lines)] == ["self"] * 6
    assert matrix(series).lines[0].label == "Harmonic regression"


def test_a_cell_and_its_mirror(texts):
    found = matrix(texts)
    ahead, behind = cell(found, "LSTM", "Vanilla RNN"), cell(found, "Vanilla RNN", "LSTM")
    assert found.unit == "points"
    assert (ahead.standing, ahead.sign, ahead.text) == ("ahead", "▲", "+1.1")
    assert ahead.interval == "+0.7 to +1.5"
    assert (behind.standing, behind.sign, behind.text) == ("behind", "▼", "−1.1")
    assert behind.interval == "−1.5 to −0.7"
    assert ahead.said == behind.said == "LSTM is better than Vanilla RNN by 1.1 points [0.7, 1.5]."


def test_no_difference_shown_is_open_both_ways(texts):
    found = matrix(texts)
    for row, column, text in (("LSTM", "GRU", "+0.3"), ("GRU", "LSTM", "−0.3")):
        shown = cell(found, row, column)
        assert (shown.standing, shown.sign, shown.text) == ("open", "○", text)
        assert "No difference is shown between LSTM and GRU" in shown.said
    assert cell(found, "GRU", "BiLSTM").text == "0.0"


def test_lower_is_better_in_degrees(series):
    found = matrix(series)
    assert found.unit == "°C"
    assert cell(found, "Harmonic regression", "Last value").text == "+0.618"
    assert cell(found, "Last value", "Harmonic regression").text == "−0.618"


def test_the_pairs_worth_reading_come_first(texts):
    found = matrix(texts)
    first = {(pair.better, pair.worse) for pair in found.first}
    # Six pairs of four networks, and each of these against the best baseline.
    assert len(first) == 6 + 4
    assert ("TF-IDF + logistic regression", "Vanilla RNN") in first
    assert ("LSTM", "Majority class") not in first
    assert len(found.rest) == 15 - 10


def test_rows_that_were_not_compared_are_said_to_be(texts):
    pairs = tuple(pair for pair in texts.pairs if {pair.better, pair.worse} != {"lstm", "gru"})
    found = matrix(texts.model_copy(update={"pairs": pairs}))
    assert cell(found, "LSTM", "GRU").standing == "none"
    assert matrix(texts.model_copy(update={"pairs": ()})) is None


def test_many_rows_are_cut_to_the_best(texts):
    lstm = texts.rows[0]
    spread = lstm.metrics["test/accuracy"]
    rows = tuple(
        lstm.model_copy(
            update={
                "name": f"lstm-{place}",
                "label": f"LSTM {place}",
                "metrics": {"test/accuracy": spread.model_copy(update={"mean": 0.9 - place / 100})},
            }
        )
        for place in range(20)
    )
    pair = texts.pairs[0]
    pairs = tuple(
        pair.model_copy(update={"better": f"lstm-{one}", "worse": f"lstm-{other}"})
        for one in range(20)
        for other in range(one + 1, 20)
    )
    found = matrix(texts.model_copy(update={"rows": rows, "pairs": pairs}))
    assert [line.label for line in found.lines] == [f"LSTM {place}" for place in range(12)]
    # Of 66 pairs of networks those of the best one are read first.
    assert [(pair.better, pair.worse) for pair in found.first] == [
        ("LSTM 0", f"LSTM {place}") for place in range(1, 12)
    ]
    assert len(found.rest) == 66 - 11
    assert found.rows_left_out == "The best 12 of 20 rows are in the matrix."
