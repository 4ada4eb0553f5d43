"""Which workers are given something, on clusters inside this process."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import dask
import pytest
from distributed import Client, LocalCluster, Worker, get_worker

from components.storage import Home
from components.tracking.opening import Tracking
from flows.cluster import workers
from flows.cluster.look import Question
from flows.cluster.workers import Workers
from flows.told import Lost
from params.errors import InputError
from params.resources import Resources

FLOW = "unroll tiny-1"
wrong: dict[str, str] = {}  # with whom, by name
asked: list[tuple[str, int]] = []  # who was looked at, and for how many devices

Start = Callable[..., Worker]


async def look(question: Question, _: object, dask_worker: Worker) -> str | None:
    asked.append((str(dask_worker.name), question.resources.devices))
    return wrong.get(str(dask_worker.name))


def versions(dask_worker: Worker | None = None) -> dict[str, str]:
    name = getattr(dask_worker, "name", "here")  # Dask gives the scheduler, too
    if name == "none":
        raise ModuleNotFoundError("No module named 'flows'")
    return {"code": "2" if name == "other code" else "1"}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    wrong.clear()
    asked.clear()
    monkeypatch.setattr(workers, "look", look)
    monkeypatch.setattr(workers, "versions", versions)
    with LocalCluster(
        n_workers=0,
        processes=False,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": ":0"},  # its other port, too, is any
        silence_logs=logging.CRITICAL,
    ) as made:
        yield made


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster, set_as_default=False) as made:
        yield made


@pytest.fixture
def start(cluster: LocalCluster, client: Client) -> Iterator[Start]:
    """Starts a worker, which has come then."""
    every: list[Worker] = []

    def started(name: str, threads: int = 1, gpus: int = 0) -> Worker:
        async def begin() -> Worker:
            how = {"resources": {"GPU": gpus}} if gpus else {}
            return await Worker(cluster.scheduler_address, name=name, nthreads=threads, **how)

        every.append(cluster.sync(begin))
        return every[-1]

    yield started
    for one in every:
        cluster.sync(one.close)


def question(home: Home, devices: int = 1) -> Question:
    return Question(
        root=home.root,
        id="abc",
        tracking=Tracking(uri=home.own_tracking_uri, experiment_id="1"),
        experiment="tiny",
        flow_run=uuid4(),
        resources=Resources(devices=devices),
    )


def submit(client: Client, fit: Workers, gpus: int = 0) -> Any:
    with dask.annotate(**fit.annotations(gpus)):
        return client.submit(lambda: get_worker().name, pure=False)


def test_a_worker_that_comes_later_is_given_something_once_it_was_looked_at(
    home: Home, cluster: LocalCluster, client: Client, start: Start,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    first = start("first")
    fit = Workers(client, question(home), FLOW)
    assert asked == [("first", 1)]
    wrong["poor"] = "does not see the output folder"
    poor = start("poor", threads=8)
    assert fit.room() == 1
    for _ in range(2):
        fit.look()
    assert fit.room() == 1
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [
        f"cluster: the worker {poor.address} does not see the output folder; it gets nothing"
    ]
    assert {submit(client, fit).result(5) for _ in range(4)} == {"first"}

    cluster.sync(first.close)
    waiting = submit(client, fit)
    fit.look()
    assert fit.room() == 0
    start("second", threads=3)
    time.sleep(0.3)
    assert waiting.status == "pending"
    fit.look()
    assert waiting.result(5) == "second"
    assert fit.room() == 3
    assert asked[1:] == [("poor", 1), ("second", 1)]


def test_when_no_fit_worker_is_left_and_none_comes_the_flow_ends(
    home: Home, cluster: LocalCluster, client: Client, start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    only = start("only")
    fit = Workers(client, question(home), FLOW)
    wrong["poor"] = "has no MLflow"
    start("poor")
    cluster.sync(only.close)
    fit.look()  # one may come yet
    monkeypatch.setattr(workers, "GONE_SECONDS", 0.0)
    with pytest.raises(Lost, match=r"^no worker of the Dask cluster that can train is left$"):
        fit.look()


def test_trainings_take_slots_and_those_without_any_are_looked_at_for_the_rest(
    home: Home, client: Client, start: Start
) -> None:
    start("gpus", threads=2, gpus=5)
    start("one thread", threads=1, gpus=4)
    start("without", threads=8)
    fit = Workers(client, question(home, devices=2), FLOW)
    assert sorted(asked) == [("gpus", 2), ("one thread", 2), ("without", 1)]
    assert fit.gpus
    assert fit.room() == 3  # a thread and two slots for each
    assert {submit(client, fit, gpus=1).result(5) for _ in range(4)} <= {"gpus", "one thread"}
    assert len(fit.annotations(0)["workers"]) == 3
    with pytest.raises(
        InputError,
        match=r"^resources\.devices must be at most 5, the GPU slots of a worker, got 6$",
    ):
        Workers(client, question(home, devices=6), FLOW)


def test_what_one_lacks_at_the_beginning_is_refused(
    home: Home, client: Client, start: Start
) -> None:
    wrong.update(dict.fromkeys(("b", "c"), "has no MLflow"))
    addresses = {name: start(name).address for name in "abc"}
    first = min(addresses["b"], addresses["c"])
    with pytest.raises(InputError) as refused:
        Workers(client, question(home), FLOW)
    assert str(refused.value) == f"the worker {first} has no MLflow (and 1 more)"


def test_one_that_runs_other_code_is_not_looked_at(
    home: Home, client: Client, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start("first")
    fit = Workers(client, question(home), FLOW)
    other = start("other code").address
    fit.look()
    said = f"cluster: the worker {other} has code 2 (here 1); install the same on all machines"
    assert f"{said} and start it anew; it gets nothing" in caplog.messages
    none = start("none").address
    fit.look()
    said = f"cluster: the worker {none} has no Unroll of this version (No module named 'flows'); "
    assert f"{said}install the same on all machines; it gets nothing" in caplog.messages
    assert asked == [("first", 1)]
