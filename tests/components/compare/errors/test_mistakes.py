"""Single texts: those that a row was sure of and wrong, and those that another got right."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components.compare.errors import mistakes as stage
from components.compare.errors.mistakes import Verdict, disagreement, most_confident, verdict

POSITIVE = np.array([False, True, True, False])

Classify = Callable[..., Path]


@pytest.fixture
def said(classify: Classify) -> Callable[..., Verdict]:
    """What the runs of a row say, each a list of four probabilities."""

    def make(name: str, *runs: list[float]) -> Verdict:
        folders = [classify(f"{name}-{seed}", run) for seed, run in enumerate(runs)]
        return verdict(name, folders, np.array(runs), POSITIVE)

    return make


@pytest.fixture
def gru(said: Callable[..., Verdict]) -> Verdict:
    return said("gru", [0.1, 0.9, 0.4, 0.8], [0.3, 0.6, 0.7, 0.95])


@pytest.fixture
def rnn(said: Callable[..., Verdict]) -> Verdict:
    return said("rnn", [0.6, 0.2, 0.7, 0.1])


def test_a_mistake_is_what_the_mean_of_the_runs_gets_wrong(gru: Verdict) -> None:
    assert gru.probability == pytest.approx(np.array([0.2, 0.75, 0.55, 0.875]))
    # The third text was a mistake of one run, and half of the runs are not most of them.
    assert gru.mostly_right.tolist() == [True, True, False, False]
    (one,) = most_confident(gru, excerpts=True)
    assert one.model_dump() == {
        "row": 3,
        "label": 0,
        "probability": pytest.approx(0.875),
        "num_words": 30,
        "excerpt": "text 3 <script>",
    }


def test_the_most_confident_come_first_and_no_more_than_are_shown(
    rnn: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [(one.row, one.probability) for one in most_confident(rnn, excerpts=True)] == [
        (1, 0.2),
        (0, 0.6),
    ]
    monkeypatch.setattr(stage, "MOST_MISTAKES", 1)
    assert [one.row for one in most_confident(rnn, excerpts=True)] == [1]


def test_without_excerpts_there_is_no_text(gru: Verdict, rnn: Verdict) -> None:
    assert [one.excerpt for one in most_confident(rnn, excerpts=False)] == [None, None]
    found = disagreement(gru, rnn, excerpts=False)
    assert [one.excerpt for one in (*found.only_first, *found.only_second)] == [None] * 3


def test_who_says_the_same_of_every_text_is_sure_of_none(said: Callable[..., Verdict]) -> None:
    assert most_confident(said("majority", [0.8] * 4), excerpts=True) == ()


def test_what_one_gets_right_and_the_other_wrong(gru: Verdict, rnn: Verdict) -> None:
    found = disagreement(gru, rnn, excerpts=True)
    assert (found.first, found.second) == ("gru", "rnn")
    counts = (found.num_both_right, found.num_only_first, found.num_only_second)
    assert (*counts, found.num_both_wrong) == (0, 2, 2, 0)
    assert [(one.row, one.probability) for one in found.only_first] == [(1, 0.2), (0, 0.6)]
    # Most runs of the GRU are not right of the third text, but their mean is: no mistake of it.
    assert [(one.row, one.excerpt) for one in found.only_second] == [(3, "text 3 <script>")]


def test_most_seeds_decide(said: Callable[..., Verdict]) -> None:
    one = said("lstm", *([0.1, 0.9, 0.9, 0.1],) * 2, [0.9, 0.1, 0.1, 0.9])
    other = said("bilstm", *([0.1, 0.9, 0.1, 0.9],) * 2, [0.9, 0.1, 0.9, 0.1])
    found = disagreement(one, other, excerpts=True)
    counts = (found.num_both_right, found.num_only_first, found.num_only_second)
    assert (*counts, found.num_both_wrong) == (2, 2, 0, 0)
