"""The Prefect server that flows report to: the configured one, or a temporary one of ours.

Prefect would start a temporary server by itself when a flow begins. Started here it gets ready
while the data are read, and in a process group of its own, which a Ctrl-C in the terminal does not
reach: a flow whose server is gone waits for minutes to tell it that it was cancelled.
"""

import atexit
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_TO_API_BATCH_INTERVAL,
    get_current_settings,
    temporary_settings,
)

from flows.loss import watching
from flows.serving import EPHEMERAL
from flows.started import NotUp, Started, launch, stop, wait_for
from params.errors import InputError

LOG_SECONDS = 10.0  # between two batches of log lines for a temporary server, which nobody looks at


@dataclass(frozen=True)
class Server:
    """A server's API, and the server itself if it is ours."""

    url: str
    temporary: Started | None = None

    @contextmanager
    def in_use(self, on_loss: Callable[[], object]) -> Iterator[None]:
        """Within the block, which begins as soon as the server answers, flows report to it.

        Args:
            on_loss: Called in a thread if the server is gone before the block is left.

        Raises:
            InputError: If a temporary server does not answer.
        """
        to_api = get_current_settings().logging.to_api
        pause = to_api.batch_interval
        if self.temporary is not None:
            wait_for_temporary(self.url, self.temporary)
            if "batch_interval" not in to_api.model_fields_set:
                pause = LOG_SECONDS
        told = {PREFECT_API_URL: self.url, PREFECT_LOGGING_TO_API_BATCH_INTERVAL: pause}
        with (
            temporary_settings(told),
            watching(self.url, self.temporary, on_loss),
        ):
            yield


def find_or_start() -> Server:
    """The configured server, or a temporary one, which is starting and ends with this process.

    Raises:
        InputError: If the configured one does not answer as it must, or there is none and Prefect
            is told not to start one.
    """
    settings = get_current_settings()
    if settings.api.url:
        require_answer(settings.api.url)
        return Server(settings.api.url)
    if not settings.server.ephemeral.enabled:
        raise InputError(
            "no Prefect server is configured and PREFECT_SERVER_EPHEMERAL_ENABLED is off; "
            "set PREFECT_API_URL, or allow a temporary server"
        )
    with socket.socket() as listener:
        # Bound here and handed on, so that nobody else gets the port before the server listens.
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        temporary = start(listener.fileno())
    return Server(f"http://127.0.0.1:{port}/api", temporary)


def require_answer(
    url: str, otherwise: str = "unset PREFECT_API_URL to use a temporary one"
) -> None:
    """See that a configured server answers a question that needs its credentials.

    Args:
        url: Its API.
        otherwise: What else a person can do than start it.

    Raises:
        InputError: If it does not.
    """
    try:
        with get_client(sync_client=True) as client:
            client.read_flows(limit=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, the flow would meet it later
        raise InputError(
            f"no Prefect server answers at {url} ({type(error).__name__}: {error}); start it with "
            f"`prefect server start`, or {otherwise}"
        ) from None


def start(listener: int) -> Started:
    """A temporary server that will listen on the socket of that descriptor."""
    # As Prefect starts its own: without the services that only a lasting server needs.
    environment = {EPHEMERAL: "1"}
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    temporary = start_server(listener, environment, output)
    atexit.register(stop, temporary)
    return temporary


def start_server(listener: int, environment: Mapping[str, str], output: IO[bytes]) -> Started:
    """A Prefect server that will listen on the socket of that descriptor."""
    # What stands in the user's profile, but for what the environment says.
    profile = get_current_settings().to_environment_variables(exclude_unset=True)
    told = {
        # What it says is kept for when it fails; the level of our own process hides it.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
        "PREFECT__SERVER_FINAL": "1",
        **environment,
    }
    arguments = ["-m", "flows.serving", str(listener)]
    return launch(arguments, {**profile, **os.environ, **told}, output, pass_fds=[listener])


def wait_for_temporary(url: str, temporary: Started) -> None:
    """Wait until a temporary server answers.

    Raises:
        InputError: If it ends, or takes longer than Prefect's settings allow.
    """
    limit = get_current_settings().server.ephemeral.startup_timeout_seconds
    try:
        wait_for(f"{url}/health", temporary, limit)
    except NotUp as error:
        mend = (
            "PREFECT_API_URL can name another server"
            if temporary.process.poll() is not None
            else "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS can give it longer"
        )
        raise InputError(f"Prefect's temporary server {error}; {mend}") from None
