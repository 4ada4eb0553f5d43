"""The Prefect server that flows report to: the configured one, or a temporary one of ours.

Prefect would start a temporary server by itself when a flow begins. Started here it gets ready
while the data are read, and in a process group of its own, which a Ctrl-C in the terminal does not
reach: a flow whose server is gone waits for minutes to tell it that it was cancelled.
"""

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from params.errors import InputError

POLL_SECONDS = 0.05
STOP_SECONDS = 5


@dataclass(frozen=True)
class Temporary:
    """A server's process and what it prints."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def said(self) -> str:
        """The last error it printed, or else the last line."""
        self.output.seek(0)
        lines = [line for line in self.output.read().decode(errors="replace").splitlines() if line]
        errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
        return (errors or lines or ["nothing"])[-1].strip()


@dataclass(frozen=True)
class Server:
    """A server's API, and the server itself if it is ours."""

    url: str
    temporary: Temporary | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within the block, which begins as soon as the server answers, flows report to it.

        Raises:
            InputError: If a temporary server does not answer.
        """
        if self.temporary is not None:
            wait_for(self.url, self.temporary)
        with temporary_settings({PREFECT_API_URL: self.url}):
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


def require_answer(url: str) -> None:
    """See that a configured server answers a question that needs its credentials.

    Raises:
        InputError: If it does not.
    """
    try:
        with get_client(sync_client=True) as client:
            client.read_flows(limit=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, the flow would meet it later
        raise InputError(
            f"no Prefect server answers at {url} ({type(error).__name__}: {error}); start it with "
            "`prefect server start`, or unset PREFECT_API_URL to use a temporary one"
        ) from None


def start(listener: int) -> Temporary:
    """A temporary server that will listen on the socket of that descriptor."""
    # Safe of a folder `flows` where the user stands.
    command = [sys.executable, "-P", "-m", "flows.server", str(listener)]
    environment = {
        **os.environ,
        # What it says is kept for when it fails; the level of our own process hides it.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
        # As Prefect starts its own: without the services that only a lasting server needs.
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
    }
    # What stands in the user's profile, but for what the environment says.
    profile = get_current_settings().to_environment_variables(exclude_unset=True)
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env={**profile, **environment},
        pass_fds=[listener],
        process_group=0,
    )
    temporary = Temporary(process, output)
    atexit.register(stop, temporary)
    return temporary


def wait_for(url: str, temporary: Temporary) -> None:
    """Wait until a temporary server answers.

    Raises:
        InputError: If it ends, or takes longer than Prefect's settings allow.
    """
    limit = get_current_settings().server.ephemeral.startup_timeout_seconds
    end = time.monotonic() + limit
    with httpx.Client(trust_env=False) as client:  # no proxy stands between us and ourselves
        while time.monotonic() < end:
            if temporary.process.poll() is not None:
                raise InputError(
                    f"Prefect's temporary server ended with status {temporary.process.returncode}; "
                    f"it said: {temporary.said()}; PREFECT_API_URL can name another server"
                )
            try:
                if client.get(f"{url}/health").is_success:
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            time.sleep(POLL_SECONDS)
    raise InputError(
        f"Prefect's temporary server did not answer within {limit} s; "
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS can give it longer"
    )


def stop(temporary: Temporary) -> None:
    """End a temporary server, unless it was ended; by now Prefect has told it everything."""
    if temporary.output.closed:
        return
    with temporary.output, temporary.process as process:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def serve(listener: int) -> None:
    """Be a temporary server on that socket, until the process that started this one is gone."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=listener)])
    sys.exit(0 if server.started else 1)


def end_with_parent() -> None:
    """End this process once its standard input, which its parent holds, is closed."""
    os.read(0, 1)  # not sys.stdin, whose lock would keep the interpreter from ending
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
