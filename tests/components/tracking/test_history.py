"""The past comparisons of an experiment."""

from pathlib import Path

import pytest

from components.records import ComparisonEvidence
from components.storage import Home
from components.tracking.comparison import finish_comparison, start_comparison
from components.tracking.history import past
from components.tracking.runs import Parent
from params.errors import InputError
from params.schema import ForecastExperiment


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.html").write_text("<p>")
    return folder


def another(parent: Parent, params: ForecastExperiment, id: str, **tags: str) -> Parent:
    """A comparison like `parent` that begins after it."""
    begun = ComparisonEvidence(
        id=id,
        ingested=parent.ingested,
        prepared=parent.prepared,
        provenance=parent.provenance,
        created=parent.created,
    )
    return start_comparison(parent.tracking, experiment=params, begun=begun, tags=tags)


def test_each_with_its_status_and_its_best_network_the_newest_first(
    parent: Parent, tiny_temperature: ForecastExperiment, home: Home, report: Path
) -> None:
    client = parent.tracking.client()
    finish_comparison(parent, report, {"test/mae": 1.5}, "said", missing=0, label="GRU")
    two = another(parent, tiny_temperature, "tiny-2", **{"unroll.rerun_of": "tiny-1"})
    finish_comparison(
        two, report, {"test/mae": 1.25}, "said", missing=2, label="LSTM", regression="it is worse"
    )
    killed = another(parent, tiny_temperature, "tiny-3")
    client.set_terminated(killed.run_id, "KILLED")
    client.set_terminated(another(parent, tiny_temperature, "tiny-4").run_id, "FAILED")
    another(parent, tiny_temperature, "tiny-5")
    client.set_tag(parent.run_id, "unroll.looks", "3")
    client.set_tag(parent.run_id, "unroll.looked", "2026-01-02T03:04:05+00:00")
    found = past(home, "tiny")
    # MLflow keeps milliseconds, in which two can begin.
    by_id = sorted(found, key=lambda one: one.id, reverse=True)
    assert [(one.id, one.status, one.missing) for one in by_id] == [
        ("tiny-5", "running", 0),
        ("tiny-4", "failed", 0),
        ("tiny-3", "interrupted", 0),
        ("tiny-2", "incomplete", 2),
        ("tiny-1", "complete", 0),
    ]
    assert [one.created for one in found] == sorted((one.created for one in found), reverse=True)
    first, second = by_id[-1], by_id[-2]
    assert (first.best, first.score, first.metric) == ("GRU", 1.5, "test/mae")
    assert (first.looks, first.looked) == (3, "2026-01-02T03:04:05+00:00")
    assert (first.alert, second.alert) == (None, "it is worse")
    assert (first.rerun_of, second.rerun_of) == (None, "tiny-1")
    assert (second.best, second.score) == ("LSTM", 1.25)
    assert (by_id[0].best, by_id[0].score) == (None, None)
    assert first.params["train.max_epochs"] == "1"
    assert (first.params_digest, first.fingerprint) == ("9f2c41d07be3a815", "abc123")


def test_an_experiment_that_was_not_run(parent: Parent, home: Home) -> None:
    with pytest.raises(InputError, match="no experiment called 'tinny' was run; did you mean tiny"):
        past(home, "tinny")
