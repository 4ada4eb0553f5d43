"""Real children: they return, fail, exit, are killed, and outlive nobody."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children
from pathlib import Path
from types import ModuleType

import pytest

from components.outputs import Store
from components.stopping import stopping
from components.train import worker
from components.train.job import TrainingJob
from components.train.run import train
from components.train.worker import ChildFailed, run_in_child

pytestmark = pytest.mark.usefixtures("children")


@pytest.fixture
def child_work(children: None) -> ModuleType:
    import child_work

    return child_work


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def test_events_arrive_in_order_each_once_while_the_child_works(
    child_work: ModuleType, run_folder: Path
) -> None:
    events: list[worker.Event] = []
    before_the_end: list[bool] = []

    def on_event(event: worker.Event) -> None:
        events.append(event)
        before_the_end.append(not (run_folder / "result.txt").exists())

    run_in_child(child_work.tell, "100", run_folder, on_event)
    assert [event["step"] for event in events[:-1]] == list(range(100))
    assert events[-1] == {"kind": "epoch", "word": "größer ±"}
    assert before_the_end[0]
    assert (run_folder / "result.txt").read_text() == "100"
    assert (run_folder / "child.log").read_text() == "said on stdout\n"
    assert active_children() == []


@pytest.mark.parametrize(
    ("work", "job", "status", "reason"),
    [
        ("fail", "out of\n  luck", "FAILED", "ValueError: out of luck"),
        ("fail", "", "FAILED", "ValueError: no message"),
        (
            "kill_itself",
            "SIGKILL",
            "KILLED",
            "its process was ended by SIGKILL; if nobody killed it, memory ran out",
        ),
        ("kill_itself", "SIGSEGV", "KILLED", "its process was ended by SIGSEGV"),
        ("leave", "3", "FAILED", "its process ended with status 3 and no word"),
        ("leave_in_order", "0", "FAILED", "SystemExit: 0"),
    ],
)
def test_a_child_that_does_not_return(
    child_work: ModuleType, run_folder: Path, work: str, job: str, status: str, reason: str
) -> None:
    events: list[worker.Event] = []
    with pytest.raises(ChildFailed) as caught:
        run_in_child(getattr(child_work, work), job, run_folder, events.append)
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert len(events) == (2 if work == "kill_itself" else 0)
    if work == "fail":
        assert "Traceback" in (run_folder / "child.log").read_text()


@pytest.mark.parametrize(("times", "ran_out"), [([4, 5], True), ([5, 5], False)])
def test_a_killed_child_ran_out_of_memory_if_the_system_says_so(
    times: list[int],
    ran_out: bool,
    child_work: ModuleType,
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "times_memory_ran_out", iter(times).__next__)
    with pytest.raises(ChildFailed) as caught:
        run_in_child(child_work.kill_itself, "SIGKILL", run_folder)
    assert caught.value.out_of_memory == ran_out
    assert (caught.value.reason == "memory ran out, and the system ended its process") == ran_out


def test_a_child_that_could_not_have_its_memory_says_so(
    child_work: ModuleType, run_folder: Path
) -> None:
    with pytest.raises(ChildFailed, match=r"^MemoryError: no message$") as caught:
        run_in_child(child_work.hold, str(2**60), run_folder)
    assert (caught.value.status, caught.value.out_of_memory) == ("FAILED", True)


def test_many_children_at_once_each_have_their_own_end(
    child_work: ModuleType, tmp_path: Path
) -> None:
    """Eight threads start and end children all the time; no status may get lost on the way."""

    def end(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            run_in_child(child_work.leave, str(number % 2), folder)
        except ChildFailed as failed:
            return failed.reason
        return "returned"

    with ThreadPoolExecutor(8) as pool:
        reasons = list(pool.map(end, range(200)))
    assert reasons == ["returned", "its process ended with status 1 and no word"] * 100


@pytest.mark.parametrize("work", ["sleep", "deaf"])
def test_a_child_ends_when_its_follower_fails(
    child_work: ModuleType, run_folder: Path, work: str
) -> None:
    def on_event(event: worker.Event) -> None:
        raise OSError("the database is gone")

    start = time.monotonic()
    with pytest.raises(OSError, match="the database is gone"):
        run_in_child(getattr(child_work, work), "", run_folder, on_event)
    assert not is_running(int((run_folder / "pid").read_text()))
    assert time.monotonic() - start < 30  # not at its own end


def test_stop_all_ends_children_and_lets_no_other_begin(
    child_work: ModuleType, run_folder: Path
) -> None:
    stopper = threading.Thread(
        target=lambda: wait_for((run_folder / "pid").exists) and worker.stop_all()
    )
    stopper.start()
    with pytest.raises(ChildFailed) as caught:
        run_in_child(child_work.sleep, "", run_folder)
    stopper.join()
    assert (caught.value.status, caught.value.reason) == (
        "KILLED",
        "its process was ended by SIGTERM",
    )
    with pytest.raises(ChildFailed, match="it was interrupted before it began") as caught:
        run_in_child(child_work.leave, "0", run_folder)
    assert caught.value.status == "KILLED"
    worker.preload()
    run_in_child(child_work.leave, "0", run_folder)


def test_a_child_ends_when_nobody_wants_what_its_thread_does(
    child_work: ModuleType, run_folder: Path
) -> None:
    with (
        stopping.when((run_folder / "pid").exists),
        pytest.raises(ChildFailed, match="its process was ended by SIGTERM"),
    ):
        run_in_child(child_work.sleep, "", run_folder)
    assert not is_running(int((run_folder / "pid").read_text()))
    run_in_child(child_work.leave, "0", run_folder)  # others may begin


def test_a_training_that_is_stopped_is_not_complete(series_job: TrainingJob, store: Store) -> None:
    """Lightning answers a request to end by leaving with status 0, as if the work were done."""
    endless = {"max_epochs": 1_000_000, "patience": None}
    job = series_job.model_copy(update={"train": series_job.train.model_copy(update=endless)})
    with pytest.raises(ChildFailed) as caught:
        train(job, store, lambda event: worker.stop_all())
    assert (caught.value.status, caught.value.reason) == (
        "KILLED",
        "its process was ended by SIGTERM",
    )
    assert {path.suffix for path in (store.root / "train").iterdir()} == {".lock", ".partial"}


def test_a_child_is_deaf_to_ctrl_c(child_work: ModuleType, run_folder: Path) -> None:
    def interrupt(event: worker.Event) -> None:
        os.kill(int((run_folder / "pid").read_text()), signal.SIGINT)
        time.sleep(0.3)
        assert is_running(int((run_folder / "pid").read_text()))
        worker.stop_all()

    with pytest.raises(ChildFailed, match="SIGTERM"):
        run_in_child(child_work.sleep, "", run_folder, interrupt)


def test_a_child_ends_when_its_parent_is_killed(run_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import child_work;"
        "from components.train.worker import run_in_child;"
        "run_in_child(child_work.sleep, '', Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-c", code, str(run_folder)], env=environment) as parent:
        assert wait_for((run_folder / "pid").exists, 30)
        pid = int((run_folder / "pid").read_text())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not is_running(pid), 5)


def test_torch_and_lightning_are_in_the_child_already_and_not_in_its_parent(
    child_work: ModuleType, run_folder: Path
) -> None:
    run_in_child(child_work.modules, "torch pytorch_lightning sklearn.metrics", run_folder)
    known = (run_folder / "modules.txt").read_text()
    assert known == "torch pytorch_lightning sklearn.metrics"
    code = "import sys, components.train.worker; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_failure_survives_pickling() -> None:
    failed = ChildFailed("memory ran out", "KILLED", out_of_memory=True)
    copy = pickle.loads(pickle.dumps(failed))
    assert isinstance(copy, ChildFailed)
    assert copy.out_of_memory
    assert (copy.reason, copy.status, str(copy)) == ("memory ran out", "KILLED", "memory ran out")


def test_what_a_process_leaves_that_ends_at_once_is_removed_without_a_word() -> None:
    code = (
        "import multiprocessing, os; from components.train import worker; worker.start_tracker();"
        "made = multiprocessing.get_context('spawn').Lock(); print(made._semlock.name);"
        "import sys; sys.stdout.flush(); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""  # which the tracker has, too, and so is waited for
    assert not Path(f"/dev/shm/sem.{done.stdout.strip().removeprefix('/')}").exists()
