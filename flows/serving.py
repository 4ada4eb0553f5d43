"""A Prefect server of ours from inside: `python -m flows.serving` with the number of a socket."""

import os
import socket
import sys
import threading
from datetime import timedelta
from functools import partial
from types import ModuleType

from components.importing import importing
from flows.started import STOP_SECONDS, end_with_parent

EPHEMERAL = "PREFECT__SERVER_EPHEMERAL"  # what Prefect tells its own temporary servers
IDLE_SECONDS = 5.0  # between a temporary one's looks for housekeeping to do


def serve(listener: int) -> None:
    """Be a server on that socket, until the process that started this one is gone."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    with importing():
        import uvicorn
        from prefect.server.api import background_workers
        from prefect.server.api.server import create_app

    if os.environ.get(EPHEMERAL):
        look_seldom(background_workers)
    config = uvicorn.Config(
        create_app,
        factory=True,
        log_level="error",
        lifespan="on",
        # Followers of its events would hold it up; who started it kills it a little later.
        timeout_graceful_shutdown=STOP_SECONDS - 2,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=listener)])
    sys.exit(0 if server.started else 1)


def look_seldom(background_workers: ModuleType) -> None:
    """Let the server that will be made look every few seconds for housekeeping, as of old events.

    It would look four times a second, at the cost of the trainings beside it: Prefect has no
    setting for that.
    """
    seldom = timedelta(seconds=IDLE_SECONDS)
    worker = background_workers.Worker
    background_workers.Worker = partial(worker, minimum_check_interval=seldom)  # type: ignore[attr-defined]  # a module's


if __name__ == "__main__":
    serve(int(sys.argv[1]))
