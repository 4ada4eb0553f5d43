"""A Prefect server that is gone while a flow reports to it.

The flow itself would try for minutes to reach it, and then crash. A command ends within a second if
a temporary server is gone, which nobody can bring back, and after a minute if another one does not
answer; what was trained is taken up by the next one.
"""

import os
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import httpx
from prefect.settings import get_current_settings

from components.stopping import stopping
from components.storage import Home
from components.train import worker
from flows.settings import few_tries
from flows.started import Started
from flows.told import print_error, show_cursor

AWAY_SECONDS = 60.0  # for which a lasting server may be away, as while it is started anew
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 10.0  # for which a server under load may think about an answer


@contextmanager
def watching(url: str, temporary: Started | None, on_loss: Callable[[], object]) -> Iterator[None]:
    """Call `on_loss`, in a thread, if the server is gone before the block is left.

    Args:
        url: The server's API.
        temporary: Its process, if it is ours.
        on_loss: Called once.
    """
    over, client = threading.Event(), client_for(temporary)

    def watch() -> None:
        heard = time.monotonic()
        with client:
            while not over.wait(LOOK_SECONDS):
                if temporary is not None:
                    lost = temporary.process.poll() is not None
                else:
                    heard = time.monotonic() if answers(client, url) else heard
                    lost = time.monotonic() - heard > AWAY_SECONDS
                if lost and not over.is_set():
                    on_loss()
                    return

    threading.Thread(target=watch, name="prefect server", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def client_for(temporary: Started | None) -> httpx.Client:
    """A client that trusts what Prefect's own is told to trust, such as a private certificate.

    Args:
        temporary: The server's process, if it is ours: no proxy stands between us and ourselves.
    """
    api = get_current_settings().api
    trusted: bool | ssl.SSLContext = not api.tls_insecure_skip_verify
    if trusted and api.ssl_cert_file:
        trusted = ssl.create_default_context(cafile=api.ssl_cert_file)
    return httpx.Client(trust_env=temporary is None, verify=trusted, timeout=ANSWER_SECONDS)


def answers(client: httpx.Client, url: str) -> bool:
    """Whether a server says anything at all; one that wants credentials is there, too."""
    try:
        client.get(f"{url}/health")
    except httpx.TransportError:
        return False
    return True


def end_without_server(home: Home, experiments: Sequence[str], advice: str) -> NoReturn:
    """End this process with status 1 and a line that says why; its runs are KILLED in MLflow.

    Args:
        home: The folder for everything.
        experiments: Those whose runs are this process's.
        advice: What a person can do then.
    """
    from components.tracking import runs

    stopping.set()
    worker.stop_all()
    with few_tries():
        for name in experiments:
            runs.end_open_runs(home, name)
    print_error(f"Prefect's server is gone; {advice}")
    sys.stdout.flush()
    show_cursor()
    os._exit(1)
