"""How trainings are given to workers, against a cluster that is made up."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect_dask.task_runners import PrefectDaskFuture

from components.train.worker import ChildFailed
from flows.cluster import trainings
from flows.cluster.trainings import Cluster
from flows.cluster.worker import Told
from params.resources import Resources

TOLD = Told(root=Path("/"), id="", topic="", level=0, threads={})


class MadeUp:
    """A runner of a cluster, and its workers: what it is given ends when the test says so."""

    def __init__(self, *threads: int, gpus: bool = False) -> None:
        self.free, self.gpus, self.looks = list(threads), gpus, 0
        self.given: list[tuple[str, dict[str, Any]]] = []
        self.ends: dict[str, Callable[[], None]] = {}
        self.fit, self.told_of = {"a"}, dict[str, Callable[[Any], None]]()
        self.client = SimpleNamespace(subscribe_topic=self.told_of.__setitem__)

    def look(self) -> None:
        self.looks += 1

    def room(self) -> int:
        return sum(self.free)

    def threads(self) -> dict[str, int]:
        return {"here": self.room()}

    def annotations(self, gpus: int) -> dict[str, Any]:
        needs = {"resources": {"GPU": gpus}} if self.gpus and gpus else {}
        return {"workers": ["a"], **needs}

    def cluster(self) -> Cluster:
        return Cluster(self, TOLD, self)

    def submit(self, task: Any, given: dict[str, Any]) -> Any:
        import dask

        job = given["job"] if "job" in given else given["run"].job
        assert given["told"].threads == self.threads()
        self.given.append((job.name, dask.get_annotations()))
        return Future(job.name, self.ends)


class Future(PrefectDaskFuture[str]):
    """One whose result is its name; with `ends` it ends when the test says so."""

    def __init__(self, name: str, ends: dict[str, Callable[[], None]]) -> None:
        self.name, self.ends, self.waited = name, ends, 0
        self._wrapped_future = SimpleNamespace(done=lambda: self.waited > 1, key=f"key-{name}")

    def wait(self, timeout: float | None = None) -> None:
        self.waited += 1

    def add_done_callback(self, done: Callable[[Any], None]) -> None:
        self.ends[self.name] = lambda: done(self)

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> str:
        return self.name


def jobs(*names: str, devices: int = 1) -> list[Any]:
    resources = Resources(devices=devices)
    made = [SimpleNamespace(name=name, resources=resources) for name in names]
    return [(job, None) for job in made]


def names(runner: MadeUp) -> list[str]:
    return [name for name, _ in runner.given]


def test_there_are_as_many_under_way_as_workers_can_do_in_the_order_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trainings, "LOOK_SECONDS", 0.05)
    runner = MadeUp(1, 2)
    ended = runner.cluster().trained(jobs(*"12345"), None)
    ends(runner, "2", after=3)
    assert next(ended)[1] == "2"
    assert names(runner) == ["1", "2", "3"]
    ends(runner, "1", after=4)
    assert next(ended)[1] == "1"
    runner.free.append(4)  # of one that came later
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


def test_trainings_and_scores_take_slots_and_baselines_none() -> None:
    runner = MadeUp(2, gpus=True)
    cluster = runner.cluster()
    ((job, _),) = jobs("1", devices=2)
    ends(runner, "1", after=1)
    next(cluster.trained([(job, None)], None))
    cluster.evaluate(SimpleNamespace(job=job), None, None, None)
    cluster.evaluate_baseline(SimpleNamespace(name="mean"), None)
    fit = {"workers": ["a"]}
    assert [how for _, how in runner.given] == [
        {"priority": 0, "resources": {"GPU": 2}, **fit},
        {"priority": 2, "resources": {"GPU": 1}, **fit},
        {"priority": 1, **fit},
    ]


def test_a_worker_that_goes_is_told_of_once_with_what_it_had_been_given(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = MadeUp(3)
    ended = runner.cluster().trained(jobs(*"123"), None)
    ends(runner, "3", after=3)
    assert next(ended)[1] == "3"  # after which no one minds the worker that has it
    hear = runner.told_of["a"]
    hear((0.0, {"action": "add-worker"}))
    assert caplog.messages == []
    gone = {"action": "remove-worker", "processing-tasks": ["key-2", "key-3", "key-1", "other"]}
    hear((0.0, gone))
    hear((0.0, {"action": "remove-worker", "processing-tasks": ["key-3"]}))  # or it scored
    said = [
        "cluster: the worker a is gone, which had been given 1, 2",
        "cluster: the worker a is gone",
    ]
    assert caplog.messages == said
    monkeypatch.setattr(trainings.stopping, "is_set", lambda: True)
    hear((0.0, gone))  # it goes with the flow
    assert caplog.messages == said


def test_while_a_result_is_waited_for_new_workers_are_looked_at_and_listened_to() -> None:
    runner = MadeUp(1)
    cluster = runner.cluster()
    assert set(runner.told_of) == {"a"}  # of whom the first task may be
    runner.fit.add("b")
    assert cluster.outcome(Future("1", {})) == "1"
    assert runner.looks == 1
    assert set(runner.told_of) == {"a", "b"}


def test_what_its_workers_died_of_is_told_in_one_line() -> None:
    from distributed import CancelledError, KilledWorker

    class Lost(Future):
        def __init__(self, error: Exception) -> None:
            super().__init__("lost", {})
            self.error = error

        def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> str:
            raise self.error

    cluster = MadeUp(1).cluster()
    last = SimpleNamespace(address="tcp://10.0.0.7:4000")
    died = cluster.outcome(Lost(KilledWorker("key", last, 3)))
    assert isinstance(died, ChildFailed)
    assert (died.status, died.reason) == ("KILLED", "4 workers died of it, the last on 10.0.0.7")
    with pytest.raises(CancelledError):
        cluster.outcome(Lost(CancelledError()))
