"""The metrics of every epoch, as soon as it has ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE

from components import patience as waiting
from components.records import Epoch
from components.tracking import patience
from components.tracking.epochs import EpochLog
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from components.tracking.trainings import start_training
from components.train.job import TrainingJob

EPOCHS = tuple(
    Epoch(epoch=epoch, seconds=epoch / 4, metrics={"train/loss": 2 / epoch, "val/loss": 3 / epoch})
    for epoch in (1, 2)
)


@contextmanager
def away() -> Iterator[None]:
    """MLflow takes no metrics."""

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", refuse)
        yield


def test_every_epoch_is_logged_once_with_its_number(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
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


def test_an_epoch_that_is_told_twice_is_logged_once(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    event = {"kind": "epoch", **EPOCHS[0].model_dump()}
    for moment in (1000.0, 2000.0):  # at one moment MLflow would take them for one
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        log(event)
    assert len(opened.client().get_metric_history(run_id, "val/loss")) == 1


def test_more_metrics_than_mlflow_takes_at_a_time(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    with away():
        for epoch in range(1, 401):  # of three values each
            log({"kind": "epoch", **EPOCHS[0].model_dump(), "epoch": epoch})
    log.close()
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [one.step for one in history] == list(range(1, 401))


def test_metrics_that_mlflow_does_not_take_are_sent_later(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)

    with away():
        log(first)
    assert not log.begun.is_set()
    log(second)
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [(one.step, one.value) for one in history] == [(1, 3.0), (2, 1.5)]


def test_a_try_that_took_long_is_followed_by_as_long_a_time_without(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    now, tries = 1000.0, 0

    def refuse(*_: object, **__: object) -> None:
        nonlocal now, tries
        now, tries = now + 250, tries + 1
        raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(time, "monotonic", lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", refuse)
        for epoch in (1, 2, 3):
            log({"kind": "epoch", **EPOCHS[0].model_copy(update={"epoch": epoch}).model_dump()})
            now += 10
    assert tries == 1
    now += 250
    log({"kind": "epoch", **EPOCHS[0].model_copy(update={"epoch": 4}).model_dump()})
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [one.step for one in history] == [1, 2, 3, 4]


def test_it_is_waited_for_five_minutes_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0

    def refuse() -> None:
        nonlocal now
        now += 250
        raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(waiting.stopping, "wait", lambda _: None)
    with pytest.raises(MlflowException, match="no answer"):
        patience.patiently("it", refuse)
    assert now == 1500


def test_what_may_have_arrived_is_sent_again_and_is_there_once(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server took it, and its answer was lost."""
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)
    real = MlflowClient.log_batch

    def lose_the_answer(self: MlflowClient, *arguments: Any, **named: Any) -> None:
        real(self, *arguments, **named)
        raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", lose_the_answer)
        log(first)
    time.sleep(0.01)  # so that it would get another time if it got one anew
    log(second)
    history = opened.client().get_metric_history(run_id, "val/loss")
    assert [(one.step, one.value) for one in history] == [(1, 3.0), (2, 1.5)]


def test_a_run_that_is_taken_up_gets_only_the_epochs_that_it_lacks(
    opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)
    log = EpochLog(opened, run_id, taken_up=True)
    EpochLog(opened, run_id)(first)  # by another process, until this one may go on
    for event in (first, second):
        log(event)
    history = opened.client().get_metric_history(run_id, "epoch_seconds")
    assert [(one.step, one.value) for one in history] == [(1, 0.25), (2, 0.5)]


def test_that_mlflow_cannot_say_what_it_has_costs_no_training(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_training(parent, job).run_id
    first, second = ({"kind": "epoch", **epoch.model_dump()} for epoch in EPOCHS)
    EpochLog(opened, run_id)(first)
    before = opened.client().get_metric_history(run_id, "epoch_seconds")

    def fail(*_: object) -> NoReturn:
        raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)

    log = EpochLog(opened, run_id, taken_up=True)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "get_metric_history", fail)
        log(first)
        log(first)
    log(second)
    history = opened.client().get_metric_history(run_id, "epoch_seconds")
    assert [vars(one) for one in history[:1]] == [vars(one) for one in before]
    assert [(one.step, one.value) for one in history] == [(1, 0.25), (2, 0.5)]


def test_at_the_end_mlflow_is_waited_for(
    opened: Tracking, parent: Parent, job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start_training(parent, job).run_id
    log = EpochLog(opened, run_id)
    with away():
        log({"kind": "epoch", **EPOCHS[0].model_dump()})
    back = 3
    real = MlflowClient.log_batch

    def away_for_a_while(self: MlflowClient, *arguments: Any, **named: Any) -> None:
        nonlocal back
        back -= 1
        if back > 0:
            raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)
        real(self, *arguments, **named)

    monkeypatch.setattr(MlflowClient, "log_batch", away_for_a_while)
    monkeypatch.setattr(waiting, "PAUSES", (0, 0, 0))
    log.close()
    assert [one.step for one in opened.client().get_metric_history(run_id, "val/loss")] == [1]


def test_what_mlflow_refuses_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse() -> None:
        tries.append(1)
        raise MlflowException("bad value", INVALID_PARAMETER_VALUE)

    with pytest.raises(MlflowException, match="bad value"):
        patience.patiently("it", refuse)
    assert len(tries) == 1
