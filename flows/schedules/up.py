"""`unroll up`: a Prefect server and an MLflow server on 127.0.0.1, until a signal ends both."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from filelock import FileLock

from components.storage import Home
from flows.schedules.databases import Databases
from flows.schedules.running import claimed, folder, publish
from flows.schedules.servers import (
    Server,
    listening,
    named,
    start_mlflow,
    start_prefect,
    wait_for_all,
)
from flows.started import NotUp, kill, stop
from flows.terminal import note
from flows.told import print_error
from flows.ui import require_free
from params.errors import InputError

POLL_SECONDS = 0.2


class Ended(BaseException):
    """A signal asks for the end; not an `Exception`, so that nothing takes it for a failure."""

    def __init__(self, number: int):
        """The end that the signal of that number asks for."""
        super().__init__(number)
        self.number = number


def up(home: Home, connect: Callable[[], Databases], *, prefect_port: int, mlflow_port: int) -> int:
    """Run both servers until a signal comes or one of them ends; returns the exit status.

    Args:
        home: Under it lie what they print, Prefect's files and MLflow's artifacts.
        connect: The databases, reached when it is sure that both servers can be started.
        prefect_port: Port of Prefect's server on 127.0.0.1.
        mlflow_port: Port of MLflow's.

    Raises:
        InputError: If a port is taken, servers run for this folder already, or a database cannot
            be used.
    """
    if prefect_port == mlflow_port:
        raise InputError(f"both servers cannot have port {mlflow_port}; see --mlflow-port")
    home.require_writable()
    with claimed(home), listening(prefect_port) as listener:
        require_free(mlflow_port, "--mlflow-port")
        servers: list[Server] = []
        try:
            with ended_by_signals(servers):
                databases = waited_for(connect)
                with making_tables(home):
                    note("starting Prefect and MLflow")
                    servers.append(start_prefect(home, databases, listener))
                    servers.append(start_mlflow(home, databases, mlflow_port))
                    wait_for_all(servers)
                keep(home, servers)
        except Ended as asked:
            print_error("both servers are stopped" if servers else "stopped before a server began")
            return 128 + asked.number
        except NotUp as error:
            print_error(f"{error}; the other server is stopped, and {folder(home)} has the logs")
            return 1


@contextmanager
def ended_by_signals(servers: list[Server]) -> Iterator[None]:
    """Raise `Ended` at Ctrl-C and SIGTERM, then stop the servers; a second signal kills them."""

    def kill_all(_: int, __: FrameType | None) -> None:
        for server in servers:
            kill(server.started)

    def end(number: int, _: FrameType | None) -> NoReturn:
        answer_with(kill_all)
        raise Ended(number)

    answer_with(end)
    try:
        yield
    finally:
        answer_with(kill_all)
        stop(*(server.started for server in servers))


def waited_for(connect: Callable[[], Databases]) -> Databases:
    """What `connect` gives; it goes on in a thread, since psycopg2 lets no signal be answered.

    Raises:
        InputError: If a database cannot be used.
    """
    found: Future[Databases] = Future()

    def call() -> None:
        try:
            found.set_result(connect())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            found.set_exception(error)

    threading.Thread(target=call, name="databases", daemon=True).start()
    return found.result()


def answer_with(handler: Callable[[int, FrameType | None], None]) -> None:
    """Let both signals be answered by `handler`."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


@contextmanager
def making_tables(home: Home) -> Iterator[None]:
    """Let nobody else make the tables of a new MLflow database while the server does."""
    if home.database.is_file():
        yield
    else:
        with FileLock(f"{home.database}.lock"):
            yield


def keep(home: Home, servers: list[Server]) -> NoReturn:
    """Say where the servers are, and watch them.

    Raises:
        NotUp: If one ends.
    """
    prefect, mlflow = servers
    found = publish(home, prefect=f"{prefect.page}/api", mlflow=mlflow.page)
    for server in servers:
        note(f"{server.name}: {server.page}")
    note(f"commands that write to {home.root} find both; others need")
    for name, value in found.environment.items():
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()
    note("Ctrl-C stops both")
    while True:
        for server in servers:
            with named(server):
                server.started.require_running()
        time.sleep(POLL_SECONDS)
