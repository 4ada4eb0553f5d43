"""What the run of a training leaves in MLflow."""

from typing import Any

import pytest
from mlflow import MlflowClient

from components.records import RunEvidence, Scored, Trained
from components.tracking.opening import Tracking
from components.tracking.runs import Parent, ending
from components.tracking.trainings import finish_training, note_made, start_training
from components.train.job import TrainingJob


def test_a_training_is_nested_in_its_comparison(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
    query = f"tags.mlflow.parentRunId = '{parent.run_id}'"
    (run,) = opened.client().search_runs([opened.experiment_id], query)
    assert (run.info.run_id, run.info.run_name) == (run_id, "gru-seed7")
    assert run.info.status == "RUNNING"
    assert (
        run.data.tags.items()
        >= {
            "unroll.kind": "run",
            "unroll.comparison": "tiny-1",
            "unroll.architecture": "gru",
            "unroll.seed": "7",
            "unroll.training": job.key,
            "unroll.task": "forecast",
            "unroll.fingerprint": "abc123",
            "version.torch": "2.13.0",
        }.items()
    )
    assert (
        run.data.params.items()
        >= {
            "architecture": "gru",
            "seed": "7",
            "train.learning_rate": "0.001",
            "model.head_sizes": "[2]",
            "model.dropout": "0.2",
            "train.patience": "5",
            "preprocess.context_length": "5",
            "ingest.num_days": "120",
        }.items()
    )
    assert seen.artifacts(run_id) == {"params.yaml"}
    assert len(run.inputs.dataset_inputs) == 1


def test_a_run_says_how_far_its_training_is(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    there = parent.model_copy(update={"taken_up": True})
    run = start_training(there, job)

    def known() -> tuple[bool, bool]:
        again = start_training(there, job)
        assert again.run_id == run.run_id
        return again.begun, again.made

    assert (run.begun, run.made) == known() == (False, False)
    opened.client().log_metric(run.run_id, "train/loss", 1.0, step=1)
    assert known() == (True, False)
    note_made(opened, run.run_id)
    assert known() == (True, True)


def test_a_training_belongs_to_the_process_that_holds_its_comparison(
    seen: Any, parent: Parent, job: TrainingJob
) -> None:
    held_elsewhere = {**parent.owner, "unroll.pid": "4711", "unroll.host": "head"}
    there = parent.model_copy(update={"owner": held_elsewhere, "taken_up": True})
    first = start_training(there, job)
    assert seen.run(first.run_id).data.tags.items() >= held_elsewhere.items()
    with pytest.raises(KeyboardInterrupt), ending(there.tracking, first.run_id):
        raise KeyboardInterrupt
    again = start_training(there, job)  # on another worker
    assert (again.run_id, again.taken_up) == (first.run_id, True)
    assert seen.run(again.run_id).info.status == "RUNNING"
    assert seen.run(again.run_id).data.tags.items() >= held_elsewhere.items()


def test_a_finished_training_is_complete_last_of_all(
    seen: Any,
    parent: Parent,
    job: TrainingJob,
    trained: Trained,
    scored: Scored,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = start_training(parent, job).run_id
    calls: list[str] = []

    def record(name: str) -> None:
        call = getattr(MlflowClient, name)

        def recorded(self: MlflowClient, *of: Any, **named: Any) -> Any:
            calls.append(f"{name} {of[1]}" if name == "set_tag" else name)
            return call(self, *of, **named)

        monkeypatch.setattr(MlflowClient, name, recorded)

    for name in ("log_batch", "log_artifact", "log_artifacts", "set_terminated", "set_tag"):
        record(name)
    finish_training(parent, run_id, job, trained, scored)
    assert calls.index("set_terminated") == len(calls) - 2
    assert calls[-1] == "set_tag unroll.complete"
    run = seen.run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "test/mae": 1.75,
        "best/val/loss": 0.5,
        "best_epoch": 1,
        "num_parameters": 1234,
        "train_seconds": 4.5,
        "seconds_per_epoch": 0.375,
        "peak_memory_bytes": 1000,
    }
    assert seen.artifacts(run_id) == {
        *("params.yaml", "weights.safetensors", "prepared.json", "run.json"),
        *("predictions.parquet", "mistakes.parquet"),
    }
    found = RunEvidence.model_validate_json(seen.text(run_id, "run.json"))
    assert (found.trained, found.scored) == (trained, scored)
    assert (found.job.key, found.job.model, found.job.train) == (job.key, job.model, job.train)
    assert (found.job.architecture, found.job.seed, found.job.task) == ("gru", 7, "forecast")
    assert "| MAE | 1.750 °C |" in run.data.tags["mlflow.note.content"]
    assert (run.data.tags["unroll.reused"], seen.is_complete(run_id)) == ("false", True)


def test_a_training_without_its_weights_is_not_complete(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob, trained: Trained, scored: Scored
) -> None:
    (trained.path / "weights.safetensors").unlink()
    run_id = start_training(parent, job).run_id
    with pytest.raises(OSError, match="weights"), ending(opened, run_id):
        finish_training(parent, run_id, job, trained, scored)
    assert seen.run(run_id).info.status == "FAILED"
    assert not seen.is_complete(run_id)
