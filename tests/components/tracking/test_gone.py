"""Runs whose process is gone are told from those whose process is there, and can be taken up."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow.entities import Run

from components.storage import Home
from components.tracking import gone
from components.tracking import owner as own_machine
from components.tracking.gone import end_gone_runs, to_take_up, unfinished
from components.tracking.opening import Tracking
from components.tracking.owner import holding, is_gone, lock_path, machine, owner
from components.tracking.runs import Parent, end_open_runs, finish
from components.tracking.trainings import start_training
from components.train.job import TrainingJob
from params.errors import InputError

HOLD = """
import sys, time
from pathlib import Path
from components.storage import Home
from components.tracking.owner import holding
with holding(Home(Path(sys.argv[1])), sys.argv[2]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the comparison `tiny-1`."""
    command = [sys.executable, "-c", HOLD, str(home.root), "tiny-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def own(opened: Tracking, run_id: str, **tags: str) -> Any:
    """The run with other owners' tags."""
    for name, value in tags.items():
        opened.client().set_tag(run_id, f"unroll.{name}", value)
    return opened.client().get_run(run_id)


def test_a_run_belongs_to_the_process_that_started_it(seen: Any, parent: Parent) -> None:
    tags = seen.run(parent.run_id).data.tags
    assert (tags["unroll.pid"], tags["unroll.host"]) == (str(os.getpid()), socket.gethostname())
    assert owner().items() <= tags.items()


def test_a_clock_that_is_set_meanwhile_does_not_lose_a_process_its_runs(
    seen: Any, opened: Tracking, parent: Parent, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: before + 1)
    end_open_runs(home, opened.client().get_experiment(opened.experiment_id).name)
    assert seen.run(parent.run_id).info.status == "KILLED"


@pytest.mark.parametrize(
    ("tags", "gone"),
    [
        ({}, False),
        ({"pid": "999999999"}, True),
        ({"process_started": "1.5"}, True),  # the number was given to another process since
        ({"pid": "999999999", "host": "elsewhere"}, False),  # nobody here can know
        ({"pid": "999999999", "machine": "another pid:[1]"}, False),  # of the same name
        ({"pid": "999999999", "machine": machine()}, True),
        ({"pid": "not a number"}, True),
    ],
)
def test_without_a_lock_the_tags_say_whose_it_is(
    tags: dict[str, str], gone: bool, opened: Tracking, parent: Parent, home: Home
) -> None:
    assert is_gone(own(opened, parent.run_id, **tags), home) == gone


def test_a_machine_is_told_by_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, none = tmp_path / "machine-id", tmp_path / "none"
    known.write_text("4be71ce0\n")
    namespace = tmp_path / "pid"
    namespace.symlink_to("pid:[4026531836]")
    for paths, said in (
        ((known, namespace), "4be71ce0 pid:[4026531836]"),
        ((none, namespace), "pid:[4026531836]"),
        ((known, none), "4be71ce0"),
        ((none, none), "unknown"),
    ):
        monkeypatch.setattr(own_machine, "MACHINE_ID", paths[0])
        monkeypatch.setattr(own_machine, "PROCESSES", paths[1])
        assert machine.__wrapped__() == said


def test_a_run_of_an_older_version_does_not_name_its_machine(
    opened: Tracking, parent: Parent, home: Home
) -> None:
    opened.client().delete_tag(parent.run_id, "unroll.machine")
    assert not is_gone(own(opened, parent.run_id), home)
    assert is_gone(own(opened, parent.run_id, pid="999999999"), home)


def test_a_lock_tells_also_of_a_process_that_cannot_be_seen(
    opened: Tracking, parent: Parent, home: Home, holder: subprocess.Popen[str]
) -> None:
    """As in another container, where the process has another number and the host another name."""
    run = own(opened, parent.run_id, pid="999999999", host="elsewhere")
    assert not is_gone(run, home)
    with pytest.raises(InputError, match="being run by another process"), holding(home, "tiny-1"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert is_gone(run, home)
    with holding(home, "tiny-1"):
        assert not is_gone(run, home)
    assert not lock_path(home, "tiny-1").exists()


def test_runs_of_dead_processes_are_killed_and_no_others(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob, home: Home
) -> None:
    alive, dead = (start_training(parent, job).run_id for _ in range(2))
    own(opened, dead, pid="999999999")
    assert end_gone_runs(opened.client(), home) == []
    assert seen.run(alive).info.status == "RUNNING"
    run = seen.run(dead)
    assert run.info.status == "KILLED"
    assert run.data.tags["unroll.reason"] == (
        f"its process 999999999 on {socket.gethostname()} is gone"
    )
    own(opened, parent.run_id, pid="999999999")
    assert end_gone_runs(opened.client(), home) == ["tiny-1"]
    assert end_gone_runs(opened.client(), home) == []


def test_a_run_that_ended_just_now_keeps_its_end(
    seen: Any, opened: Tracking, parent: Parent, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_meanwhile(run: Run, home: Home) -> bool:
        finish(opened.client(), run.info.run_id, "FINISHED", {})
        return True

    monkeypatch.setattr(gone, "is_gone", ends_meanwhile)
    assert end_gone_runs(opened.client(), home) == []
    assert seen.run(parent.run_id).info.status == "FINISHED"


def found(opened: Tracking, parent: Parent, home: Home, digest: str | None = None) -> str | None:
    asked = {"experiment_id": opened.experiment_id}
    asked["digest"] = digest or parent.provenance.params_digest
    run = unfinished(opened.client(), home, **asked)
    return run.info.run_id if run else None


def test_what_runs_is_not_taken_up(opened: Tracking, parent: Parent, home: Home) -> None:
    assert found(opened, parent, home) is None
    with pytest.raises(InputError, match=f"still being run by process {os.getpid()} on"):
        to_take_up(opened.client(), home, "tiny-1")
    with pytest.raises(InputError, match="no comparison is unfinished"):
        to_take_up(opened.client(), home, None)


@pytest.mark.parametrize("status", ["KILLED", "FAILED"])
def test_what_ended_without_a_result_is_taken_up(
    status: str, opened: Tracking, parent: Parent, home: Home
) -> None:
    opened.client().set_terminated(parent.run_id, status)
    assert found(opened, parent, home) == parent.run_id
    assert found(opened, parent, home, "another digest") is None
    for name in (None, "tiny-1", "tiny", parent.run_id, parent.run_id[:8]):
        assert to_take_up(opened.client(), home, name).info.run_id == parent.run_id


@pytest.mark.parametrize(("missing", "taken_up"), [("0", False), ("1", True)])
def test_what_is_finished_is_taken_up_if_a_run_is_missing(
    missing: str, taken_up: bool, opened: Tracking, parent: Parent, home: Home
) -> None:
    finish(opened.client(), parent.run_id, "FINISHED", {"unroll.missing": missing})
    assert (found(opened, parent, home) is not None) == taken_up
    if not taken_up:
        with pytest.raises(InputError, match="nothing to take up: tiny-1 is finished"):
            to_take_up(opened.client(), home, "tiny-1")


def test_a_run_is_no_comparison(
    opened: Tracking, parent: Parent, job: TrainingJob, home: Home
) -> None:
    run_id = start_training(parent, job).run_id
    with pytest.raises(InputError, match=r"is no comparison but a run, gru-seed7; .* tiny-1"):
        to_take_up(opened.client(), home, run_id)


def test_the_lock_is_let_go_after_an_error(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), holding(home, "x"):
        raise ZeroDivisionError
    assert list(Path(home.root / "running").iterdir()) == []
