"""The Prefect server that flows report to: the configured one, or a temporary one of ours.

Prefect would start a temporary server by itself when a flow begins. Started here it gets ready
while the data are read, and in a process group of its own, which a Ctrl-C in the terminal does not
reach: a flow whose server is gone waits for minutes to tell it that it was cancelled.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from params.errors import InputError

POLL_SECONDS = 0.05
STOP_SECONDS = 5


@dataclass(frozen=True)
class Server:
    """A server's API, and the server's process if it is ours."""

    url: str
    process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within the block, which begins as soon as the server answers, flows report to it.

        Raises:
            InputError: If it does not answer.
        """
        if self.process is not None:
            wait_for(self.url, self.process)
        with temporary_settings({PREFECT_API_URL: self.url}):
            with get_client(sync_client=True) as client:
                problem = client.api_healthcheck()
            if problem is not None:
                raise InputError(
                    f"no Prefect server answers at {self.url} ({problem}); start it with "
                    "`prefect server start`, or unset PREFECT_API_URL to use a temporary one"
                )
            yield


def find_or_start() -> Server:
    """The configured server, or a temporary one, which is starting and ends with this process.

    Raises:
        InputError: If there is none and Prefect is told not to start one.
    """
    settings = get_current_settings()
    if settings.api.url is not None:
        return Server(settings.api.url)
    if not settings.server.ephemeral.enabled:
        raise InputError(
            "no Prefect server is configured and PREFECT_SERVER_EPHEMERAL_ENABLED is off; "
            "set PREFECT_API_URL, or allow a temporary server"
        )
    port = free_port()
    # Safe of a folder `flows` where the user stands.
    command = [sys.executable, "-P", "-m", "flows.server", str(port)]
    # As Prefect starts its own: without the services that only a lasting server needs.
    environment = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    environment |= settings.to_environment_variables(exclude_unset=True)
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, env={**os.environ, **environment}, process_group=0
    )
    atexit.register(stop, process)
    return Server(f"http://127.0.0.1:{port}/api", process)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a temporary server answers.

    Raises:
        InputError: If it ends, or takes longer than Prefect's settings allow.
    """
    limit = get_current_settings().server.ephemeral.startup_timeout_seconds
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            raise InputError(
                f"Prefect's temporary server ended with status {process.returncode}; "
                "what it said stands above; PREFECT_API_URL can name another server"
            )
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        time.sleep(POLL_SECONDS)
    raise InputError(
        f"Prefect's temporary server did not answer within {limit} s; "
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS can give it longer"
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a temporary server; by now Prefect has told it everything."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def serve(port: int) -> None:
    """Be a temporary server, until the process that started this one is gone."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    import uvicorn

    application = "prefect.server.api.server:create_app"
    uvicorn.run(application, factory=True, host="127.0.0.1", port=port, log_level="error")


def end_with_parent() -> None:
    """End this process once its standard input, which its parent holds, is closed."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
