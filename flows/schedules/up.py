"""`unroll up`: a Prefect server and an MLflow server on 127.0.0.1, until a signal ends both."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from filelock import FileLock

from components.storage import Home
from flows.schedules.databases import Databases
from flows.schedules.running import claimed, folder, publish
from flows.server import start_server
from flows.settings import DEFAULTS
from flows.started import NotUp, Started, kill, launch, stop, wait_for
from flows.terminal import note
from flows.told import print_error
from flows.ui import mlflow_server, require_free
from params.errors import InputError

START_SECONDS = 180  # the first start makes the tables
POLL_SECONDS = 0.2
# What a server that lasts has and a temporary one does without.
LASTING = {"PREFECT_SERVER_UI_ENABLED": "true", "PREFECT_API_BLOCKS_REGISTER_ON_START": "true"}


class Ended(BaseException):
    """A signal asks for the end; not an `Exception`, so that nothing takes it for a failure."""

    def __init__(self, number: int):
        """The end that the signal of that number asks for."""
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Server:
    """A server, what it is called, and the page and the address of its health."""

    name: str
    page: str
    health: str
    started: Started


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
    home.require_writable()
    with claimed(home), listening(prefect_port) as listener:
        require_free(mlflow_port, "--mlflow-port")
        databases = connect()
        servers: list[Server] = []
        try:
            with ended_by_signals(servers):
                with making_tables(home):
                    note("starting Prefect and MLflow")
                    servers.append(start_prefect(home, databases, listener))
                    servers.append(start_mlflow(home, databases, mlflow_port))
                    wait_for_all(servers)
                keep(home, servers)
        except Ended as asked:
            print_error("both servers are stopped")
            return 128 + asked.number
        except NotUp as error:
            print_error(f"{error}; the other server is stopped, and {folder(home)} has the logs")
            return 1


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket that is bound to that port, for the server to listen on.

    Raises:
        InputError: If the port cannot be used.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}; choose another with --prefect-port"
            ) from None
        yield listener


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


def wait_for_all(servers: list[Server]) -> None:
    """Wait until every server answers.

    Raises:
        NotUp: If one ends or does not answer.
    """
    for server in servers:
        with named(server):
            wait_for(server.health, server.started, START_SECONDS)


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


@contextmanager
def named(server: Server) -> Iterator[None]:
    """Say which server it was.

    Raises:
        NotUp: What came out of the block, with the server's name.
    """
    try:
        yield
    except NotUp as error:
        raise NotUp(f"the {server.name} server {error}") from None


def start_prefect(home: Home, databases: Databases, listener: socket.socket) -> Server:
    """Prefect's server on that socket, with all its files under the output folder."""
    host, port = listener.getsockname()
    page = f"http://{host}:{port}"
    files = home.root / "prefect"
    files.mkdir(exist_ok=True)
    search_path = (
        {}
        if databases.search_path is None
        else {"PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_SEARCH_PATH": databases.search_path}
    )
    environment = {
        **preferred(DEFAULTS | LASTING),
        **search_path,
        "PREFECT_HOME": str(files),
        "PREFECT_API_URL": f"{page}/api",
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": databases.prefect,
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(files / "ui"),
        # In memory a server forgets at its end that a run holds its deployment's one place, which
        # would be taken for ever: no run of it would begin again.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
    }
    log = (folder(home) / "prefect.log").open("w+b")
    started = start_server(listener.fileno(), environment, log)
    return Server("Prefect", page, f"{page}/api/health", started)


def start_mlflow(home: Home, databases: Databases, port: int) -> Server:
    """MLflow's server, whose artifacts lie where those of `unroll run` without a server lie."""
    command = [
        *mlflow_server(port, home.artifacts),
        *("--default-artifact-root", home.artifacts.as_uri(), "--workers", "1"),
    ]
    environment = {
        **os.environ,
        **preferred(DEFAULTS),
        # Not an argument, which everybody on this machine could read.
        "MLFLOW_BACKEND_STORE_URI": databases.mlflow,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    environment.pop("MLFLOW_TRACKING_URI", None)
    log = (folder(home) / "mlflow.log").open("w+b")
    started = launch(["-m", "flows.started", *command], environment, log)
    page = f"http://127.0.0.1:{port}"
    return Server("MLflow", page, f"{page}/health", started)


def preferred(defaults: Mapping[str, str]) -> dict[str, str]:
    """Those settings, each as the user has set it or else as it stands there."""
    return {name: os.environ.get(name, value) for name, value in defaults.items()}
