"""Numbers as text."""

import math

import pytest

from components.metrics import ranking_metric
from components.records import Missing
from dashboards import wording
from dashboards.pages import breakable

MAE = ranking_metric("forecast", "test/mae")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0 B"), (812, "812 B"), (1_000, "1.0 kB"), (9_949, "9.9 kB"), (9_960, "10 kB")),
        *((121_400, "121 kB"), (999_600, "1.0 MB"), (1_449_000, "1.4 MB")),
        *((612_345_678, "612 MB"), (2_500_000_000_000, "2,500 GB"), (None, "–")),
    ],
)
def test_size(value, text):
    assert wording.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.0, "0.00"), (0.004, "< 0.01"), (0.084, "0.08"), (56.71, "56.7"), (1234.4, "1,234")),
        *((math.nan, "–"), (None, "–")),
    ],
)
def test_seconds(value, text):
    assert wording.seconds(value) == text


def test_numbers_and_lists():
    assert wording.number(-0.00001, 3) == "0.000"
    assert wording.quantity(1.5957, MAE) == "1.596 °C"
    assert wording.between(1, 2, MAE) == "1.000 to 2.000"
    assert wording.brackets(-0.25, 1, 2) == "[-0.25, 1.00]"
    assert wording.count(184961) == "184,961"
    assert wording.count(None) == "–"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a"]) == "a"


@pytest.mark.parametrize(
    "text",
    [
        "at 1.525~°C; 3.9~points~[-3.5,~4.3] behind, 3 points of it",
        "LSTM (21.9~s, 793~kB) and 95~%, 5 seeds; row 3 [a, b]",
    ],
)
def test_a_number_is_not_parted_from_its_unit_and_interval(text):
    held = text.replace("~", "\N{NO-BREAK SPACE}").replace("3 points", "3\N{NO-BREAK SPACE}points")
    assert wording.unbroken(text.replace("~", " ")) == held


def test_a_missing_run_is_called_by_its_label_where_it_has_one():
    lost = Missing(name="lstm-2", seed=3, status="FAILED", reason="")
    assert wording.run_name(lost) == "lstm-2 seed 3"
    label = "LSTM, train.batch_size 8"
    assert wording.run_name(lost.model_copy(update={"label": label})) == f"{label}, seed 3"
    baseline = lost.model_copy(update={"name": "majority", "seed": None})
    assert wording.run_name(baseline) == "majority"


def test_names_may_be_broken_between_words_and_numbers_may_not():
    said = breakable("LSTM, train.learning_rate 0.001 <b>")
    assert said == "LSTM, train.<wbr>learning_<wbr>rate 0.001 &lt;b&gt;"


def test_a_moment_is_told_to_the_minute() -> None:
    assert wording.moment("2026-11-22T18:55:07+00:00") == "2026-11-22 18:55"
