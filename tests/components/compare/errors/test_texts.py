"""Where rows of a classification go wrong, worked out by hand for four texts and two seeds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.compare.errors import texts as stage
from components.compare.errors.texts import confusion_of, reliability_of, text_errors
from components.evaluate.predictions import PREDICTIONS
from components.records import Row, TextErrors

POSITIVE = np.array([False, True, True, False])
GRU = [0.1, 0.9, 0.4, 0.8], [0.3, 0.6, 0.7, 0.95]
RNN = [0.6, 0.2, 0.7, 0.1]


@pytest.fixture
def found(make_row: Callable[..., Row], classify: Callable[..., Path]) -> TextErrors:
    """GRU with two seeds, RNN with one, and a baseline that says the same of every text."""
    folders = {
        "gru": [classify("gru-1", GRU[0]), classify("gru-2", GRU[1])],
        "rnn": [classify("rnn-1", RNN)],
        "majority": [classify("majority", [0.5] * 4)],
    }
    rows = [make_row("gru"), make_row("rnn"), make_row("majority", "baseline")]
    return text_errors(rows, folders, max_length=10, excerpts=True)


def test_labels_given_are_counted_on_average(found: TextErrors) -> None:
    assert found.confusion["gru"].model_dump() == {
        "true_negative": 1.0,  # the first text, twice
        "false_positive": 1.0,  # the last, twice
        "false_negative": 0.5,  # the third, once
        "true_positive": 1.5,
    }
    assert found.confusion["majority"].model_dump() == {
        "true_negative": 0,
        "false_positive": 2,
        "false_negative": 0,
        "true_positive": 2,
    }
    right = np.array([[True, False, True, True]])
    assert confusion_of(right, POSITIVE).model_dump() == {
        "true_negative": 2,
        "false_positive": 0,
        "false_negative": 1,
        "true_positive": 1,
    }


def test_few_texts_are_one_bin_of_lengths(found: TextErrors) -> None:
    (one,) = found.lengths
    assert (one.low, one.high, one.num_examples) == (3, 30, 4)
    assert one.accuracy["gru"].values == (0.5, 0.75)
    assert one.accuracy["gru"].mean == 0.625
    assert one.accuracy["gru"].interval is None
    assert one.accuracy["rnn"].values == (0.5,)


def test_accuracy_is_that_of_the_texts_of_a_bin(
    tmp_path: Path, make_row: Callable[..., Row]
) -> None:
    # Forty texts of ten words, all right, and sixty of a hundred, of which every third is wrong.
    num_words = np.array([10] * 40 + [100] * 60)
    label = np.arange(100) % 2
    wrong = (np.arange(100) >= 40) & (np.arange(100) % 3 == 0)
    columns = {"row": range(100), "label": label, "probability": np.abs(label - 0.2 - 0.6 * wrong)}
    pd.DataFrame({**columns, "num_words": num_words}).to_parquet(tmp_path / PREDICTIONS)
    found = text_errors([make_row("gru")], {"gru": [tmp_path]}, max_length=50, excerpts=True)
    assert [(one.low, one.high, one.num_examples) for one in found.lengths] == [
        (10, 50, 40),
        (51, 100, 60),
    ]
    short, long = (one.accuracy["gru"] for one in found.lengths)
    assert short.mean == 1.0
    assert short.interval == pytest.approx((0.9119, 1.0), abs=1e-4)  # as in forty of forty
    assert long.mean == pytest.approx(40 / 60)
    assert long.interval == pytest.approx((0.5350, 0.7766), abs=1e-4)
    assert found.mistakes == {"gru": ()}  # none were kept


def test_probabilities_are_held_against_what_was_found(found: TextErrors) -> None:
    gru = found.reliability["gru"]
    # |0.1 - 0| + |0.9 - 1| + |0.4 - 1| + |0.8 - 0|, and so for the second seed, each by four texts
    assert gru.error.values == pytest.approx((1.6 / 4, (0.3 + 0.4 + 0.3 + 0.95) / 4))
    bins = [(round(one.low, 1), one.num_examples, one.said, one.found) for one in gru.bins]
    assert bins == [
        (0.1, 1, 0.1, 0.0),
        (0.3, 1, 0.3, 0.0),
        (0.4, 1, 0.4, 1.0),
        (0.6, 1, 0.6, 1.0),
        (0.7, 1, 0.7, 1.0),
        (0.8, 1, 0.8, 0.0),
        (0.9, 2, pytest.approx(0.925), 0.5),
    ]
    assert gru.bins[-1].high == 1.0
    majority = found.reliability["majority"]
    assert majority.error.mean == 0.0
    assert [one.num_examples for one in majority.bins] == [4]


def test_errors_within_a_bin_offset_each_other_in_one_seed_only() -> None:
    # Two texts in one bin, one of each label: 0.5 said and found; over two bins of two seeds, not.
    together = reliability_of(np.array([[0.5, 0.5]]), np.array([True, False]))
    assert together.error.mean == 0.0
    apart = reliability_of(np.array([[0.5, 0.95], [0.95, 0.5]]), np.array([True, False]))
    assert apart.error.values == pytest.approx(((0.5 + 0.95) / 2, (0.05 + 0.5) / 2))
    ends = reliability_of(np.array([[0.0, 1.0]]), np.array([False, True]))
    assert [(one.low, one.high) for one in ends.bins] == [(0.0, 0.1), (0.9, 1.0)]


def test_rows_stand_by_name_and_networks_against_each_other(found: TextErrors) -> None:
    names = {"gru", "rnn", "majority"}
    for part in (found.confusion, found.reliability, found.mistakes, found.lengths[0].accuracy):
        assert set(part) == names
    assert [(one.first, one.second) for one in found.disagreements] == [("gru", "rnn")]
    assert TextErrors.model_validate_json(found.model_dump_json()) == found


def test_only_the_best_networks_are_set_against_each_other(
    make_row: Callable[..., Row], classify: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "MOST_NETWORKS", 3)
    names = [f"gru-{place}" for place in range(5)]
    folders = {name: [classify(name, RNN)] for name in names}
    found = text_errors([make_row(name) for name in names], folders, max_length=10, excerpts=True)
    assert [(one.first, one.second) for one in found.disagreements] == [
        ("gru-0", "gru-1"),
        ("gru-0", "gru-2"),
        ("gru-1", "gru-2"),
    ]
    assert set(found.confusion) == set(names)


def test_what_an_earlier_version_left_is_analysed_as_far_as_it_goes(
    make_row: Callable[..., Row], classify: Callable[..., Path]
) -> None:
    folders = {"gru": [classify("gru-1", GRU[0], old=True)]}
    found = text_errors([make_row("gru")], folders, max_length=10, excerpts=True)
    assert (found.lengths, found.mistakes) == ((), {"gru": ()})
    assert found.confusion["gru"].false_positive == 1
