"""What is said of an address at which no Dask scheduler is, whatever else listens there."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from distributed import LocalCluster

from components.storage import Home
from components.train import worker
from flows.cluster import reach
from flows.session import Asked, run_all
from params.errors import InputError
from params.load import load

SILENCE = "nothing was said within "
# Taken for the length of a message of Dask's, its first bytes are more than any memory.
BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"


@contextmanager
def listening(said: bytes | None) -> Iterator[int]:
    """The port of a server that says something and closes, or accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # the test is over
                    return
                if said is None:
                    kept.append(connection)
                else:
                    connection.sendall(said)
                    connection.close()

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        for connection in kept:
            connection.close()


@pytest.mark.parametrize(
    ("listens", "because"), [(None, SILENCE), (b"", "CommClosedError: "), (BANNER, "Error: ")]
)
def test_who_is_no_scheduler_is_not_waited_for(
    listens: bytes | None, because: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine Dask may still be trying again when its time is over."""
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 0.5 if listens is None else 2.0)
    begun = time.monotonic()
    with listening(listens) as port, pytest.raises(InputError) as refused:
        reach.require_scheduler(f"tcp://127.0.0.1:{port}")
    assert time.monotonic() - begun < 20  # not minutes
    said = str(refused.value)
    assert said.startswith(f"no Dask scheduler answers at tcp://127.0.0.1:{port} (")
    assert because in said or SILENCE in said
    assert said.endswith(
        "; start one with `dask scheduler`, or mend resources.cluster, in the params file or by "
        "--set"
    )


def test_a_name_that_is_not_found_out_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over, asked, look_up = threading.Event(), list[threading.Thread](), socket.getaddrinfo

    def slowly(host: str, *given: Any, flags: int = 0, **more: Any) -> Any:
        if host != "head" or flags:
            return look_up(host, *given, flags=flags, **more)
        asked.append(threading.current_thread())
        over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")

    monkeypatch.setattr(reach, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"^no Dask scheduler answers at tcp://head:"):
        reach.require_scheduler("tcp://head:8786")
    assert time.monotonic() - begun < 5
    assert asked
    assert all(one.daemon for one in asked)  # else Python would wait for them at its end
    over.set()
    for one in asked:  # what they found is of no interest any more
        one.join(5)


def test_a_worker_is_no_scheduler() -> None:
    with LocalCluster(
        n_workers=1,
        processes=False,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": ":0"},
        protocol="tcp",
    ) as cluster:
        reach.require_scheduler(cluster.scheduler_address)
        (one,) = cluster.workers.values()
        with pytest.raises(InputError, match="is no Dask scheduler but a Worker; mend"):
            reach.require_scheduler(one.address)


def test_tls_without_certificates_is_one_line() -> None:
    address = "tls://127.0.0.1:1"
    with pytest.raises(InputError, match=f"^the Dask scheduler at {address} cannot") as refused:
        reach.require_scheduler(address)
    assert "(TypeError: TLS expects" in str(refused.value)
    assert str(refused.value).endswith(
        "; give the certificates in Dask's own configuration, at distributed.comm.tls"
    )


def test_it_is_asked_before_anything_else_is_done(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preload() -> None:
        raise AssertionError("it was not asked first")

    monkeypatch.setattr(worker, "preload", preload)
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 0.1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    params = load("temperature", ["resources.cluster=tcp://127.0.0.1:1"])
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp://127"):
        run_all([Asked(params, ["run", "temperature"])], home)
