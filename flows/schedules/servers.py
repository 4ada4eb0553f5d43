"""The two servers of `unroll up`, each in a process of its own."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from components.storage import Home
from flows.schedules.databases import Databases
from flows.schedules.running import folder
from flows.server import start_server
from flows.settings import DEFAULTS
from flows.started import NotUp, Started, launch, wait_for
from flows.ui import mlflow_server
from params.errors import InputError

START_SECONDS = 180  # the first start makes the tables
# What a server that lasts has and a temporary one does without.
LASTING = {"PREFECT_SERVER_UI_ENABLED": "true", "PREFECT_API_BLOCKS_REGISTER_ON_START": "true"}


@dataclass(frozen=True)
class Server:
    """A server, what it is called, and the page and the address of its health."""

    name: str
    page: str
    health: str
    started: Started


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


def wait_for_all(servers: list[Server]) -> None:
    """Wait until every server answers.

    Raises:
        NotUp: If one ends or does not answer.
    """
    for server in servers:
        with named(server):
            wait_for(server.health, server.started, START_SECONDS)


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
