"""What the run of a comparison leaves in MLflow."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.records import (
    Answering,
    ComparisonEvidence,
    Evidence,
    Missing,
    Scored,
    Trained,
)
from components.tracking import comparison
from components.tracking.comparison import finish_comparison, log_evidence
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from components.tracking.trainings import finish_training, start_training
from components.train.job import TrainingJob

ANSWERING = Answering(
    name="gru",
    size_bytes=10,
    latency_median_seconds=0.25,
    latency_p99_seconds=0.5,
    throughput=2000.0,
)


def test_a_comparison_says_what_it_is_made_from(
    seen: Any, opened: Tracking, parent: Parent
) -> None:
    run = seen.run(parent.run_id)
    assert run.info.status == "RUNNING"
    assert run.info.run_name == "tiny-1"
    expected = {
        "unroll.kind": "comparison",
        "unroll.comparison": "tiny-1",
        "unroll.params_digest": "9f2c41d07be3a815",
        "unroll.fingerprint": "abc123",
        "unroll.code_revision": "4be71ce+changes",
        "mlflow.source.git.commit": "4be71ce",
        "unroll.data": "a series",
        "mlflow.source.name": "unroll run tiny",
        "version.torch": "2.13.0",
    }
    assert run.data.tags.items() >= expected.items()
    assert {"unroll.pid", "unroll.host"} <= run.data.tags.keys()
    assert "unroll.complete" not in run.data.tags
    assert (
        run.data.params.items()
        >= {
            "architectures": "rnn, lstm, gru, bilstm",
            "seeds": "1",
            "train.max_epochs": "1",
            "model.hidden_sizes": "[4, 3]",
            "ingest.num_days": "120",
            "task": "forecast",
        }.items()
    )
    assert opened.client().download_artifacts(run.info.run_id, "params.yaml")
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("a series", "abc123")
    assert used.dataset.profile == '{"train":70,"val":20,"test":10}'
    assert [(tag.key, tag.value) for tag in used.tags] == [
        ("mlflow.data.context", "train, val, test")
    ]


@pytest.mark.parametrize(("missing", "status"), [(0, "FINISHED"), (2, "FAILED")])
def test_a_comparison_ends_with_its_report(
    seen: Any, parent: Parent, tmp_path: Path, missing: int, status: str
) -> None:
    (tmp_path / "page").mkdir()
    for name in ("report.html", "comparison.json"):
        (tmp_path / "page" / name).write_text(name)
    best = {"test/mae": 1.5}
    finish_comparison(parent, tmp_path / "page", best, "GRU is **best**.", missing=missing)
    run = seen.run(parent.run_id)
    assert run.info.status == status
    assert run.data.metrics == {"best/test/mae": 1.5}
    assert run.data.tags["unroll.missing"] == str(missing)
    note = run.data.tags["mlflow.note.content"]
    page = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/report"
    assert note.startswith(
        f"[Open the dashboard]({page}/report.html).\n\nGRU is **best**.\n\nData: a series,"
    )
    assert seen.is_complete(parent.run_id)
    assert seen.artifacts(parent.run_id, "report") == {
        *("report/report.html", "report/comparison.json")
    }


def test_a_comparison_begins_with_what_it_can_be_made_from_again(seen: Any, parent: Parent) -> None:
    text = seen.text(parent.run_id, "comparison/evidence.json")
    assert ComparisonEvidence.model_validate_json(text) == ComparisonEvidence(
        id="tiny-1",
        ingested=parent.ingested,
        prepared=parent.prepared,
        provenance=parent.provenance,
        created="2026-01-02T03:04:05+00:00",
    )
    assert seen.artifacts(parent.run_id, "comparison/prepared") == {
        "comparison/prepared/prepared.json"
    }
    note = seen.run(parent.run_id).data.tags["mlflow.note.content"]
    assert "Which recurrent network forecasts tomorrow's temperature best?" in note


def test_what_no_run_of_its_own_carries_is_the_comparisons(
    seen: Any,
    parent: Parent,
    job: TrainingJob,
    trained: Trained,
    scored: Scored,
) -> None:
    run_id = start_training(parent, job).run_id
    network = scored.model_copy(update={"run_id": run_id})
    finish_training(parent, run_id, job, trained, network)
    baseline = scored.model_copy(update={"kind": "baseline", "name": "last_value", "run_id": None})
    missing = Missing(name="rnn", seed=1, status="KILLED", reason="memory ran out")
    evidence = Evidence(
        ingested=parent.ingested,
        prepared=parent.prepared,
        trained=(trained,),
        scored=(network, baseline),
        answering=(ANSWERING,),
        missing=(missing,),
    )
    log_evidence(parent, evidence)
    found = json.loads(seen.text(parent.run_id, "comparison/missing.json"))
    assert [Missing.model_validate(one) for one in found] == [missing]
    found = json.loads(seen.text(parent.run_id, "comparison/answering.json"))
    assert [Answering.model_validate(one) for one in found] == [ANSWERING]
    folder = "comparison/baselines/last_value"
    assert seen.artifacts(parent.run_id, "comparison/baselines") == {folder}
    assert seen.artifacts(parent.run_id, folder) == {
        f"{folder}/{name}" for name in ("scored.json", "predictions.parquet", "mistakes.parquet")
    }
    text = seen.text(parent.run_id, f"{folder}/scored.json")
    assert Scored.model_validate_json(text) == baseline
    speeds = seen.run(run_id).data.metrics
    assert (speeds["latency_median_seconds"], speeds["throughput"]) == (0.25, 2000.0)


@pytest.mark.parametrize(("broken", "left"), [("log_files", set()), ("log_once", {"scored.json"})])
def test_evidence_that_was_cut_off_is_not_taken_for_whole(
    seen: Any,
    parent: Parent,
    scored: Scored,
    broken: str,
    left: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`missing.json` says that all is there, `scored.json` that the predictions beside it are."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparison, broken, interrupt)
    baseline = scored.model_copy(update={"kind": "baseline", "name": "last_value", "run_id": None})
    evidence = Evidence(
        ingested=parent.ingested,
        prepared=parent.prepared,
        trained=(),
        scored=(baseline, scored.model_copy(update={"run_id": parent.run_id})),
        answering=(ANSWERING,),
        missing=(),
    )
    with pytest.raises(KeyboardInterrupt):
        log_evidence(parent, evidence)
    found = seen.artifacts(parent.run_id, "comparison")
    assert not found & {"comparison/missing.json", "comparison/answering.json"}
    found = seen.artifacts(parent.run_id, "comparison/baselines/last_value")
    assert {Path(path).name for path in found if path.endswith(".json")} == left
