"""What is said of a cluster that cannot be joined, and what is not when it is left."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from distributed import LocalCluster

from components.storage import Home
from components.tracking.opening import Tracking
from flows.cluster import joined, reach
from flows.experiment import new_context
from flows.told import Lost
from params.errors import InputError
from params.load import load
from params.resources import LocalCluster as Asked

ADDRESS = "tcp://head:8786"


class Gone:
    """A client whose scheduler goes as soon as it was joined."""

    status = "running"

    def subscribe_topic(self, *_: object) -> None:
        self.status = "closed"

    def run(self, *_: object, **how: Any) -> NoReturn:
        assert how["callback_timeout"] > 0
        raise OSError("nobody there")


@pytest.fixture
def fleeting(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def runner(_: str) -> Iterator[None]:
        yield None

    workers = SimpleNamespace(fit={"a"}, client=Gone(), threads=dict, room=lambda: 1)
    monkeypatch.setattr(joined, "runner_for", runner)
    monkeypatch.setattr(joined, "connect", lambda *_: Gone())
    monkeypatch.setattr(joined, "Workers", lambda *_: workers)
    monkeypatch.setattr(joined, "question_of", lambda *_: SimpleNamespace(id="abc"))


@pytest.mark.usefixtures("fleeting")
def test_a_scheduler_that_goes_when_all_is_done_is_no_matter(home: Home) -> None:
    params = load("temperature", [f"resources.cluster={ADDRESS}"])
    tracking, context = Tracking(uri="", experiment_id=""), new_context(params, home, fresh=False)
    with joined.joined(params, tracking, context) as cluster:
        assert cluster.told.id == "abc"
    said = f"^the Dask scheduler at {ADDRESS} is gone$"
    with pytest.raises(Lost, match=said), joined.joined(params, tracking, context):
        raise OSError


def test_a_scheduler_that_is_not_there_or_has_no_worker_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(joined, "WORKERS_SECONDS", 1)
    nowhere = "tcp://127.0.0.1:1"
    with (
        joined.runner_for(nowhere) as runner,
        pytest.raises(InputError, match=f"no Dask scheduler answers at {nowhere} ") as refused,
    ):
        joined.connect(runner, nowhere)
    assert "start one with `dask scheduler`, or mend resources.cluster" in str(refused.value)
    assert "\n" not in str(refused.value)
    empty = LocalCluster(
        n_workers=0,
        processes=False,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": ":0"},
        protocol="tcp",
    )
    with (
        empty,
        joined.runner_for(empty.scheduler_address) as runner,
        pytest.raises(InputError, match="no worker came to the Dask scheduler at tcp") as refused,
    ):
        joined.connect(runner, empty.scheduler_address)
    assert f"within 1 s; start some with `dask worker {empty.scheduler_address}`" in str(
        refused.value
    )


def test_a_local_cluster_does_not_mind_who_has_its_usual_port() -> None:
    how = joined.runner_for(Asked(local=2)).cluster_kwargs
    with ExitStack() as stack:
        with suppress(OSError):  # then it is taken already
            stack.enter_context(socket.create_server(("127.0.0.1", 8787)))
        made = stack.enter_context(
            LocalCluster(**{**how, "n_workers": 0, "processes": False, "protocol": "tcp"})
        )
        server = made.scheduler.http_server
        assert server.address == "127.0.0.1"
        assert server.port != 8787
