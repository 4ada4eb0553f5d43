"""What stands in MLflow afterwards: every test has a database of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from components.records import (
    Epoch,
    Ingested,
    Prepared,
    Provenance,
    Scored,
    SequenceSpec,
    Trained,
)
from components.storage import Home
from components.tracking import write as tracking
from components.tracking.write import Parent, Tracking
from components.train.job import TrainingJob
from components.train.worker import ChildFailed
from params.schema import ForecastExperiment

EPOCHS = tuple(
    Epoch(epoch=epoch, seconds=epoch / 4, metrics={"train/loss": 2 / epoch, "val/loss": 3 / epoch})
    for epoch in (1, 2)
)
PROVENANCE = Provenance(
    params="name: tiny\n",
    params_digest="9f2c41d07be3a815",
    command="unroll run tiny",
    code_revision="4be71ce",
    versions={"torch": "2.13.0"},
    machine="two cores",
)


@pytest.fixture
def opened(home: Home) -> Tracking:
    return tracking.open_tracking(home, "tiny")


@pytest.fixture
def parent(opened: Tracking, tiny_temperature: ForecastExperiment, tmp_path: Path) -> Parent:
    """The run of a comparison that has just begun."""
    ingested = Ingested(
        path=tmp_path, source="a series", fingerprint="abc123", splits={}, repeats_across=0
    )
    prepared = Prepared(
        path=tmp_path / "prepared",
        key="k",
        fingerprint="abc123",
        train=70,
        val=20,
        test=10,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
    )
    write(prepared.path, "prepared.json", "manifest.json", "train.safetensors")
    return tracking.start_comparison(
        opened, tiny_temperature, PROVENANCE, ingested, prepared, id="tiny-1"
    )


@pytest.fixture
def job(parent: Parent, tiny_temperature: ForecastExperiment) -> TrainingJob:
    return TrainingJob(
        task="forecast",
        architecture="gru",
        seed=7,
        model=tiny_temperature.model,
        train=tiny_temperature.train,
        prepared=parent.prepared,
        num_threads=1,
    )


@pytest.fixture
def outcome(tmp_path: Path) -> tuple[Trained, Scored]:
    """A finished training and its scores, with their files."""
    write(tmp_path / "trained", "weights.safetensors", "trained.json", "last.ckpt")
    write(tmp_path / "scored", "predictions.parquet", "scored.json", "manifest.json")
    trained = Trained(
        path=tmp_path / "trained",
        architecture="gru",
        seed=7,
        num_parameters=123,
        train_seconds=4.5,
        peak_memory_bytes=1000,
        best_epoch=2,
        epochs=EPOCHS,
    )
    scored = Scored(
        path=tmp_path / "scored",
        fingerprint="abc123",
        kind="network",
        name="gru",
        seed=7,
        num_parameters=123,
        train_seconds=4.5,
        peak_memory_bytes=1000,
        metrics={"test/mae": 1.75, "val/loss": 1.5},
    )
    return trained, scored


def write(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)


def run_of(opened: Tracking, run_id: str) -> Run:
    return opened.client().get_run(run_id)


def artifacts(opened: Tracking, run_id: str, folder: str | None = None) -> set[str]:
    return {one.path for one in opened.client().list_artifacts(run_id, folder)}


def is_complete(opened: Tracking, run_id: str) -> bool:
    return run_of(opened, run_id).data.tags.get("unroll.complete") == "true"


def test_the_experiment_is_made_once(home: Home, opened: Tracking) -> None:
    assert opened.uri == f"sqlite:///{home.database}"
    assert tracking.open_tracking(home, "tiny") == opened
    names = [one.name for one in opened.client().search_experiments()]
    assert sorted(names) == ["Default", "tiny"]
    made = opened.client().get_experiment(opened.experiment_id)
    assert made.artifact_location == home.artifacts.as_uri()


def test_two_that_make_the_experiment_at_once_share_it(
    home: Home, opened: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = MlflowClient.get_experiment_by_name
    answers: list[Callable[..., Any]] = [lambda *_: None, find]
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", lambda *of: answers.pop(0)(*of))
    assert tracking.open_tracking(home, "tiny") == opened
    answers[:] = [lambda *_: None] * 2
    with pytest.raises(MlflowException):
        tracking.open_tracking(home, "tiny")


def test_a_server_chooses_where_artifacts_go(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Client:
        def __init__(self, uri: str):
            asked.append(uri)

        def get_experiment_by_name(self, name: str) -> None:
            asked.append(name)

        def create_experiment(self, name: str, artifact_location: str | None) -> str:
            asked.extend([name, artifact_location])
            return "12"

    monkeypatch.setattr(tracking, "MlflowClient", Client)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    opened = tracking.open_tracking(home, "tiny")
    assert opened == Tracking(uri="http://tracking.example:5000", experiment_id="12")
    assert asked == ["http://tracking.example:5000", "tiny", "tiny", None]


def test_a_comparison_says_what_it_is_made_from(opened: Tracking, parent: Parent) -> None:
    run = run_of(opened, parent.run_id)
    assert run.info.status == "RUNNING"
    assert run.info.run_name == "tiny-1"
    expected = {
        "unroll.kind": "comparison",
        "unroll.comparison": "tiny-1",
        "unroll.params_digest": "9f2c41d07be3a815",
        "unroll.fingerprint": "abc123",
        "unroll.code_revision": "4be71ce",
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


def test_a_training_is_nested_in_its_comparison(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = tracking.start_training(parent, job)
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
        }.items()
    )
    assert artifacts(opened, run_id) == {"params.yaml"}
    assert len(run.inputs.dataset_inputs) == 1


def test_every_epoch_is_logged_once_with_its_number(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = tracking.start_training(parent, job)
    step = {"kind": "step", "epoch": 1, "step": 3, "num_steps": 9}
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)
    log = tracking.EpochLog(opened, run_id)
    for event in (step, {**first, "max_epochs": 2}, step, second):
        log(event)
    log.send()
    history = {
        key: [(one.step, one.value) for one in opened.client().get_metric_history(run_id, key)]
        for key in run_of(opened, run_id).data.metrics
    }
    assert history == {
        "train/loss": [(1, 2.0), (2, 1.0)],
        "val/loss": [(1, 3.0), (2, 1.5)],
        "epoch_seconds": [(1, 0.25), (2, 0.5)],
    }


def test_more_metrics_than_mlflow_takes_at_a_time(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = tracking.start_training(parent, job)
    epochs = [EPOCHS[0].model_copy(update={"epoch": epoch}) for epoch in range(1, 401)]
    tracking.log_epochs(opened, run_id, epochs)  # of three values each
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [one.step for one in history] == list(range(1, 401))


def test_a_finished_training_is_complete_last_of_all(
    opened: Tracking,
    parent: Parent,
    job: TrainingJob,
    outcome: tuple[Trained, Scored],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = tracking.start_training(parent, job)
    calls: list[str] = []

    def record(name: str) -> None:
        call = getattr(MlflowClient, name)

        def recorded(self: MlflowClient, *of: Any, **named: Any) -> Any:
            calls.append(f"{name} {of[1]}" if name == "set_tag" else name)
            return call(self, *of, **named)

        monkeypatch.setattr(MlflowClient, name, recorded)

    for name in ("log_batch", "log_artifact", "log_artifacts", "set_terminated", "set_tag"):
        record(name)
    tracking.finish_training(parent, run_id, *outcome)
    assert calls.index("set_terminated") == len(calls) - 2
    assert calls[-1] == "set_tag unroll.complete"
    run = run_of(opened, run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "test/mae": 1.75,
        "num_parameters": 123,
        "train_seconds": 4.5,
        "best_epoch": 2,
    }
    assert artifacts(opened, run_id) == {
        *("params.yaml", "weights.safetensors", "predictions.parquet", "prepared.json")
    }
    assert (run.data.tags["unroll.reused"], is_complete(opened, run_id)) == ("false", True)


def test_a_training_without_its_weights_is_not_complete(
    opened: Tracking, parent: Parent, job: TrainingJob, outcome: tuple[Trained, Scored]
) -> None:
    trained, scored = outcome
    (trained.path / "weights.safetensors").unlink()
    run_id = tracking.start_training(parent, job)
    with pytest.raises(OSError, match="weights"), tracking.ending(opened, run_id):
        tracking.finish_training(parent, run_id, trained, scored)
    assert run_of(opened, run_id).info.status == "FAILED"
    assert not is_complete(opened, run_id)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ChildFailed("memory ran out", "KILLED"), "KILLED", "memory ran out"),
        (ChildFailed("TrainingDiverged: nan", "FAILED"), "FAILED", "TrainingDiverged: nan"),
        (ValueError("no rows"), "FAILED", "ValueError: no rows"),
        (KeyboardInterrupt(), "KILLED", "KeyboardInterrupt: "),
        (ValueError("x" * 9000), "FAILED", "ValueError: " + "x" * 4988),
        (None, "RUNNING", None),
    ],
)
def test_a_run_that_does_not_get_to_its_end_says_why(
    opened: Tracking, parent: Parent, error: BaseException | None, status: str, reason: str | None
) -> None:
    def work() -> None:
        with tracking.ending(opened, parent.run_id):
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(type(error)) as caught:
            work()
        assert caught.value is error
    run = run_of(opened, parent.run_id)
    assert run.info.status == status
    assert run.data.tags.get("unroll.reason") == reason
    assert not is_complete(opened, parent.run_id)


@pytest.mark.parametrize(("missing", "status"), [(0, "FINISHED"), (2, "FAILED")])
def test_a_comparison_ends_with_its_report(
    opened: Tracking, parent: Parent, tmp_path: Path, missing: int, status: str
) -> None:
    write(tmp_path / "page", "report.html", "comparison.json")
    best = {"test/mae": 1.5}
    tracking.finish_comparison(parent, tmp_path / "page", best, missing=missing)
    run = run_of(opened, parent.run_id)
    assert run.info.status == status
    assert run.data.metrics == {"best/test/mae": 1.5}
    assert run.data.tags["unroll.missing"] == str(missing)
    assert is_complete(opened, parent.run_id)
    assert artifacts(opened, parent.run_id, "report") == {
        *("report/report.html", "report/comparison.json")
    }


def test_metrics_that_mlflow_does_not_take_are_sent_later(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = tracking.start_training(parent, job)
    log = tracking.EpochLog(opened, run_id)
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)

    def away(*_: object) -> None:
        raise MlflowException("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(tracking, "log_epochs", away)
        log(first)
    log(second)
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [(one.step, one.value) for one in history] == [(1, 3.0), (2, 1.5)]


def test_open_runs_of_one_comparison_are_ended(
    home: Home, opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = tracking.start_training(parent, job)
    name = opened.client().get_experiment(opened.experiment_id).name
    tracking.end_open_runs(home, name, "another comparison")
    assert run_of(opened, run_id).info.status == "RUNNING"
    tracking.end_open_runs(home, name, parent.id)
    assert [run_of(opened, run).info.status for run in (run_id, parent.run_id)] == ["KILLED"] * 2
