"""The list of reports: newest first, self-contained, no script, and text stays text."""

import re

import pytest

from components.records import Comparison, Summary
from dashboards.index import render_index, summarise

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>"


def summary(id: str, created: str, **changes: object) -> Summary:
    values = {
        **{"id": id, "experiment": "tiny", "title": "Which?", "created": created},
        **{"best": "LSTM", "score": "MAE 1.58 °C", "headline": "LSTM ranks first."},
        "num_missing": 0,
    }
    return Summary.model_validate(values | changes)


def test_a_comparison_in_a_few_words(classification: Comparison, forecast: Comparison) -> None:
    made = {"created": "2026-01-02T03:04:05+00:00"}
    found = summarise(classification.model_copy(update=made))
    assert (found.id, found.experiment, found.title) == ("tiny-1", "tiny", classification.title)
    assert (found.best, found.score, found.num_missing) == ("LSTM", "accuracy 0.8523", 1)
    assert found.headline.startswith("A baseline ")
    assert "TF-IDF + logistic regression" in found.headline
    other = summarise(forecast.model_copy(update=made))
    assert (other.best, other.score, other.num_missing) == ("GRU", "MAE 1.560 °C", 0)
    alone = summarise(forecast.model_copy(update={**made, "rows": forecast.rows[1:]}))
    assert (alone.best, alone.score) == (None, "")
    assert Summary.model_validate_json(found.model_dump_json()) == found


def test_a_moment_that_cannot_be_read_is_no_summary(classification: Comparison) -> None:
    with pytest.raises(ValueError, match="2026-01-02 03:04 UTC"):
        summarise(classification)


def test_the_newest_comes_first_whatever_its_offset() -> None:
    page = render_index(
        [
            summary("a-1", "2026-01-02T03:00:00+00:00"),
            summary("b-1", "2026-01-02T03:30:00+02:00"),
            summary("c-1", "2026-01-02T02:00:00-05:00", num_missing=2),
            summary("d-1", "2026-01-02T03:00:00+00:00"),
        ]
    )
    assert re.findall(r'href="([^"]*)"', page) == [f"{name}-1/report.html" for name in "cdab"]
    assert re.findall(r'class="when">([^<]*)<', page) == [
        *("2026-01-02 07:00 UTC", "2026-01-02 03:00 UTC"),
        *("2026-01-02 03:00 UTC", "2026-01-02 01:30 UTC"),
    ]
    assert page.count("2 without a result") == page.count("without a result") == 1
    assert "4 comparisons, the newest first." in page


def test_text_stays_text_and_nothing_is_loaded() -> None:
    hostile = dict.fromkeys(("experiment", "title", "best", "score", "headline"), HOSTILE)
    page = render_index([summary("x-1", "2026-01-02T03:00:00+00:00", **hostile)])
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") == 5
    assert page.count("</style>") == 1
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "script-src" not in policy
    tags = re.findall("<[^>]*>", page)
    assert not any("src=" in tag or "onerror" in tag for tag in tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_link_is_an_address() -> None:
    page = render_index([summary('a b"?#', "2026-01-02T03:00:00+00:00")])
    assert re.findall(r'href="([^"]*)"', page) == ["a%20b%22%3F%23/report.html"]


def test_no_report_says_how_to_make_one() -> None:
    page = render_index([])
    assert "<table" not in page
    assert "unroll run temperature" in page
