"""The metrics of every epoch, as soon as it has ended."""

from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from components.records import Epoch
from components.tracking import epochs
from components.tracking.epochs import EpochLog, log_epochs
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from components.tracking.trainings import start_training
from components.train.job import TrainingJob

EPOCHS = tuple(
    Epoch(epoch=epoch, seconds=epoch / 4, metrics={"train/loss": 2 / epoch, "val/loss": 3 / epoch})
    for epoch in (1, 2)
)


def test_every_epoch_is_logged_once_with_its_number(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job)
    step = {"kind": "step", "epoch": 1, "step": 3, "num_steps": 9}
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)
    log = EpochLog(opened, run_id)
    log(step)
    assert not log.begun.is_set()
    for event in ({**first, "max_epochs": 2}, step, second):
        log(event)
        assert log.begun.is_set()
    log.send()
    history = {
        key: [(one.step, one.value) for one in opened.client().get_metric_history(run_id, key)]
        for key in seen.run(run_id).data.metrics
    }
    assert history == {
        "train/loss": [(1, 2.0), (2, 1.0)],
        "val/loss": [(1, 3.0), (2, 1.5)],
        "epoch_seconds": [(1, 0.25), (2, 0.5)],
    }


def test_more_metrics_than_mlflow_takes_at_a_time(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job)
    many = [EPOCHS[0].model_copy(update={"epoch": epoch}) for epoch in range(1, 401)]
    log_epochs(opened, run_id, many)  # of three values each
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [one.step for one in history] == list(range(1, 401))


def test_metrics_that_mlflow_does_not_take_are_sent_later(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_training(parent, job)
    log = EpochLog(opened, run_id)
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)

    def away(*_: object) -> None:
        raise MlflowException("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "log_epochs", away)
        log(first)
    assert not log.begun.is_set()
    log(second)
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [(one.step, one.value) for one in history] == [(1, 3.0), (2, 1.5)]
