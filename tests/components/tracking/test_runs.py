"""How runs begin and end: every test has a database of its own."""

from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.stopping import Interrupted
from components.storage import Home
from components.tracking.opening import Tracking
from components.tracking.runs import Parent, end_open_runs, ending, shortened, start
from components.tracking.trainings import start_training
from components.train.job import TrainingJob
from components.train.worker import ChildFailed


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ChildFailed("memory ran out", "KILLED"), "KILLED", "memory ran out"),
        (ChildFailed("TrainingDiverged: nan", "FAILED"), "FAILED", "TrainingDiverged: nan"),
        (ValueError("no rows"), "FAILED", "ValueError: no rows"),
        (KeyboardInterrupt(), "KILLED", "KeyboardInterrupt: "),
        (Interrupted("while it waited"), "KILLED", "Interrupted: while it waited"),
        (ValueError("x" * 9000), "FAILED", "ValueError: " + "x" * 4988),
        (None, "RUNNING", None),
    ],
)
def test_a_run_that_does_not_get_to_its_end_says_why(
    seen: Any,
    opened: Tracking,
    parent: Parent,
    error: BaseException | None,
    status: str,
    reason: str | None,
) -> None:
    def work() -> None:
        with ending(opened, parent.run_id):
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(type(error)) as caught:
            work()
        assert caught.value is error
    run = seen.run(parent.run_id)
    assert run.info.status == status
    assert run.data.tags.get("unroll.reason") == reason
    assert not seen.is_complete(parent.run_id)


def test_open_runs_of_this_process_are_ended(
    seen: Any, home: Home, opened: Tracking, parent: Parent, job: TrainingJob
) -> None:
    run_id = start_training(parent, job).run_id
    name = opened.client().get_experiment(opened.experiment_id).name
    other = start_training(parent, job).run_id
    opened.client().set_tag(other, "unroll.pid", "1")
    end_open_runs(home, name)
    assert seen.run(other).info.status == "RUNNING"
    assert [seen.run(run).info.status for run in (run_id, parent.run_id)] == ["KILLED"] * 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ChildFailed("no", "FAILED", "its log")])
@pytest.mark.parametrize("away", [MlflowException("away"), OSError("the disk is full")])
def test_what_ended_a_run_is_told_even_if_mlflow_is_not(
    seen: Any,
    home: Home,
    opened: Tracking,
    parent: Parent,
    error: BaseException,
    away: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise away

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_tag", refuse)
        with pytest.raises(type(error)) as caught, ending(opened, parent.run_id):
            raise error
        assert caught.value is error
        end_open_runs(home, "tiny")
    assert [one.getMessage() for one in caplog.records] == [
        f"MLflow did not take how a run ended: {away}",
        f"MLflow did not take which runs were interrupted: {away}",
    ]
    assert seen.run(parent.run_id).info.status == "RUNNING"


def test_a_log_that_cannot_be_kept_leaves_no_run_open(
    seen: Any, opened: Tracking, parent: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(MlflowClient, "log_text", refuse)
    with pytest.raises(ChildFailed, match="why"), ending(opened, parent.run_id):
        raise ChildFailed("why", "FAILED", "its log")
    run = seen.run(parent.run_id)
    assert (run.info.status, run.data.tags["unroll.reason"]) == ("FAILED", "why")


def test_what_a_tag_cannot_hold_is_cut_at_a_line() -> None:
    assert shortened("x" * 8000) == "x" * 8000
    lines = "\n".join(["y" * 99] * 81)  # 8,099 characters
    cut = shortened(lines)
    assert len(cut) <= 8000
    assert cut == "\n".join(["y" * 99] * 79) + "\n…"
    assert shortened("z" * 9000) == "z" * 7998 + "\n…"


def test_a_user_without_a_name_has_runs_too(
    seen: Any, opened: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    run = seen.run(start(opened, "a run", {"a": "b"}))
    assert run.data.tags["a"] == "b"
    assert "mlflow.user" not in run.data.tags
