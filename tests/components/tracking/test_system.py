"""CPU, memory and GPU while a training goes on; the training is never the one to wait."""

import threading
import time
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.tracking import system
from components.tracking.opening import Tracking
from components.tracking.runs import Parent

KEYS = {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"}


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "SHORTEST", 0.05)


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("system ")]


def begun(*, already: bool = True) -> threading.Event:
    event = threading.Event()
    if already:
        event.set()
    return event


def wait_for_metrics(seen: Any, parent: Parent) -> dict[str, float]:
    for _ in range(200):
        found: dict[str, float] = seen.run(parent.run_id).data.metrics
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("no metrics came")


@pytest.mark.usefixtures("often")
def test_samples_come_until_the_block_ends(seen: Any, opened: Tracking, parent: Parent) -> None:
    with system.watching(opened, parent.run_id, begun()):
        assert threads() == [f"system {parent.run_id}"]
        assert wait_for_metrics(seen, parent).keys() >= KEYS
        time.sleep(0.3)
    assert threads() == []
    history = opened.client().get_metric_history(parent.run_id, min(KEYS))
    assert len(history) >= 2
    assert [one.step for one in history] == list(range(len(history)))
    assert all(0 <= one.value <= 100 for one in history)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("error", [ValueError("diverged"), KeyboardInterrupt()])
def test_a_failure_and_ctrl_c_end_it(
    opened: Tracking, parent: Parent, error: BaseException
) -> None:
    with pytest.raises(type(error)), system.watching(opened, parent.run_id, begun()):  # noqa: PT012
        assert threads() != []
        raise error
    assert threads() == []


@pytest.mark.usefixtures("often")
def test_what_came_before_the_first_epoch_is_sent_after_it(
    seen: Any, opened: Tracking, parent: Parent
) -> None:
    event = begun(already=False)
    with system.watching(opened, parent.run_id, event):
        time.sleep(0.3)
        assert seen.run(parent.run_id).data.metrics == {}
        event.set()
        wait_for_metrics(seen, parent)
    history = opened.client().get_metric_history(parent.run_id, min(KEYS))
    assert len(history) >= 3
    assert history[0].step == 0


@pytest.mark.usefixtures("often")
def test_a_server_that_is_slow_is_not_waited_for(
    opened: Tracking, parent: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> None:
        asked.set()
        answer.wait()

    monkeypatch.setattr(MlflowClient, "log_batch", slow)
    monkeypatch.setattr(system, "PATIENCE", 0.1)
    with system.watching(opened, parent.run_id, begun()):
        assert asked.wait(10)
        start = time.monotonic()
    assert time.monotonic() - start < 1
    answer.set()


@pytest.mark.usefixtures("often")
def test_a_server_that_is_away_costs_only_the_samples(
    opened: Tracking,
    parent: Parent,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(*_: object, **__: object) -> None:
        raise MlflowException("no route to host")

    monkeypatch.setattr(MlflowClient, "log_batch", away)
    with system.watching(opened, parent.run_id, begun()):
        for _ in range(200):
            if not threads():
                break
            time.sleep(0.05)
        assert threads() == []
    assert [one.getMessage() for one in caplog.records] == [
        "no system metrics from here on: MlflowException: no route to host"
    ]


def test_they_can_be_turned_off(
    opened: Tracking, parent: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    with system.watching(opened, parent.run_id, begun()):
        assert threads() == []
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    with system.watching(opened, parent.run_id, begun()):
        assert threads() != []


def test_samples_are_as_far_apart_as_they_need_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [system.pause(passed) for passed in (0, 5, 40, 100, 7200)] == [1, 1, 4, 10, 10]
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "3")
    assert system.pause(7200) == 3
