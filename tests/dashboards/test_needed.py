"""What would show a difference, in words, for every kind of pair."""

import pytest

from components.metrics import Metric, ranking_metric
from components.records import Needed, Row
from dashboards.needed import about, needed_text

ACCURACY = ranking_metric("classification", "test/accuracy")
LOG_LOSS = ranking_metric("classification", "test/log_loss")


def row(*seeds: int) -> Row:
    return Row(
        kind="network" if seeds else "baseline",
        name="",
        label="",
        num_parameters=None,
        train_seconds=0,
        seeds=seeds,
        metrics={},
    )


THREE, ONE, BASELINE = row(1, 2, 3), row(1), row()


@pytest.mark.parametrize(
    ("two", "seeds", "examples", "said"),
    [
        (
            (THREE, THREE),
            7,
            12_345,
            "about 7 more seeds each or 12,000 more test examples would be needed to see one of "
            "0.5 points",
        ),
        ((BASELINE, THREE), 1, None, "about 1 more seed would be needed to see one of 0.5 points, "
         "more test examples alone would not do"),
        ((THREE, THREE), None, 90, "about 90 more test examples would be needed to see one of 0.5 "
         "points, more seeds alone would not do"),
        ((THREE, ONE), None, 90, "about 90 more test examples would be needed to see one of 0.5 "
         "points between these runs, and what other seeds would say is not known"),
        ((BASELINE, BASELINE), None, 90, "about 90 more test examples would be needed to see one "
         "of 0.5 points"),
        ((THREE, THREE), None, None, "neither more seeds nor more test examples alone would show "
         "one of 0.5 points"),
        ((ONE, THREE), None, None, "more test examples would not show one of 0.5 points"),
        ((THREE, THREE), 0, 0, "one of 0.5 points would have been found in four of five such "
         "comparisons"),
    ],
)  # fmt: skip
def test_what_would_be_needed(
    two: tuple[Row, Row], seeds: int | None, examples: int | None, said: str
) -> None:
    needed = Needed(difference=0.005, more_seeds=seeds, more_examples=examples)
    assert needed_text(needed, two, ACCURACY) == said


@pytest.mark.parametrize(("metric", "size"), [(ACCURACY, "1.5 points"), (LOG_LOSS, "0.015 nats")])
def test_a_size_has_the_unit_of_the_metric(metric: Metric, size: str) -> None:
    needed = Needed(difference=0.015, more_seeds=0, more_examples=0)
    assert f"one of {size} would" in needed_text(needed, (THREE, THREE), metric)


def test_two_digits_count() -> None:
    assert [about(number) for number in (7, 43, 432, 12_345, 1_960_000)] == [
        *("7", "43", "430", "12,000", "2,000,000"),
    ]
