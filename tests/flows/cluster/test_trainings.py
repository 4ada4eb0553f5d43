"""How trainings are given to workers, against a cluster that is made up."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.train.worker import ChildFailed
from flows.cluster import trainings
from flows.cluster.trainings import Cluster
from flows.cluster.worker import Told
from params.resources import Resources

TOLD = Told(root=Path("/"), id="", topic="", level=0, threads={})


class MadeUp:
    """A runner of a cluster: what is given to it ends when the test says so."""

    def __init__(self, workers: dict[str, dict[str, Any]]) -> None:
        self.workers = workers
        self.given: list[tuple[str, dict[str, Any]]] = []
        self.ends: dict[str, Callable[[], None]] = {}
        self.client = SimpleNamespace(scheduler_info=lambda n_workers: {"workers": self.workers})

    def submit(self, task: Any, given: dict[str, Any]) -> Any:
        import dask

        self.given.append((given["job"].name, dask.get_annotations()))
        return Future(given["job"].name, self.ends)


class Future:
    """One whose result is its name."""

    def __init__(self, name: str, ends: dict[str, Callable[[], None]]) -> None:
        self.name, self.ends = name, ends

    def add_done_callback(self, done: Callable[[Any], None]) -> None:
        self.ends[self.name] = lambda: done(self)

    def result(self, raise_on_failure: bool) -> str:
        return self.name


def jobs(*names: str, devices: int = 1) -> list[Any]:
    resources = Resources(devices=devices)
    made = [SimpleNamespace(name=name, resources=resources) for name in names]
    return [(job, None) for job in made]


def worker(threads: int, gpus: int = 0) -> dict[str, Any]:
    return {"nthreads": threads, "resources": {"GPU": gpus} if gpus else {}}


def names(runner: MadeUp) -> list[str]:
    return [name for name, _ in runner.given]


def test_there_are_as_many_under_way_as_workers_can_do_in_the_order_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trainings, "LOOK_SECONDS", 0.05)
    runner = MadeUp({"a": worker(1), "b": worker(2)})
    ended = Cluster(runner, TOLD, gpus=False).trained(jobs(*"12345"), None)
    ends(runner, "2", after=3)
    assert next(ended)[1] == "2"
    assert names(runner) == ["1", "2", "3"]
    ends(runner, "1", after=4)
    assert next(ended)[1] == "1"
    runner.workers["c"] = worker(4)  # which came later
    ends(runner, "5", after=5)
    assert next(ended)[1] == "5"
    assert names(runner) == list("12345")
    runner.ends["3"]()
    runner.ends["4"]()
    assert [outcome for _, outcome in ended] == ["3", "4"]
    assert all("resources" not in how for _, how in runner.given)


def ends(runner: MadeUp, name: str, *, after: int) -> None:
    """Let a training end once so many were given."""

    def wait() -> None:
        while len(runner.given) < after:
            time.sleep(0.01)
        time.sleep(0.05)
        runner.ends[name]()

    threading.Thread(target=wait, daemon=True).start()


def test_a_training_takes_the_slots_of_its_gpus() -> None:
    workers = {"a": worker(8, gpus=3), "b": worker(8, gpus=2), "c": worker(8)}
    runner = MadeUp(workers)
    cluster = Cluster(runner, TOLD, gpus=True)
    two = jobs("1", devices=2)[0][0]
    assert cluster.room(two) == 2
    assert cluster.room(jobs("1")[0][0]) == 5
    ended = cluster.trained(jobs("1", "2", "3", devices=2), None)
    ends(runner, "1", after=2)
    next(ended)
    assert [how for _, how in runner.given] == [{"resources": {"GPU": 2}}] * 2


def test_what_its_workers_died_of_is_told_in_one_line() -> None:
    from distributed import CancelledError, KilledWorker

    class Lost:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def result(self, raise_on_failure: bool) -> None:
            raise self.error

    cluster = Cluster(MadeUp({}), TOLD, gpus=False)
    last = SimpleNamespace(address="tcp://10.0.0.7:4000")
    died = cluster.outcome(Lost(KilledWorker("key", last, 3)))
    assert isinstance(died, ChildFailed)
    assert (died.status, died.reason) == ("KILLED", "4 workers died of it, the last on 10.0.0.7")
    with pytest.raises(CancelledError):
        cluster.outcome(Lost(CancelledError()))
