"""Where `unroll up` says which servers it runs, so that commands on the same folder find them.

It holds a lock for as long as it lives, which the kernel takes from a process however it ends: what
is left of one that was killed names nothing.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from components.files import write_whole
from components.storage import Home
from params.errors import InputError

READERS_SECONDS = 1  # somebody who reads holds the lock for less


@dataclass(frozen=True)
class Servers:
    """Where the two servers answer, and on which host."""

    prefect: str
    mlflow: str
    host: str

    @property
    def environment(self) -> dict[str, str]:
        """By which variables Prefect, MLflow and our own commands find them."""
        return {"PREFECT_API_URL": self.prefect, "MLFLOW_TRACKING_URI": self.mlflow}


def folder(home: Home) -> Path:
    """What the servers print, and where they are."""
    return home.root / "servers"


def running(home: Home) -> Servers | None:
    """The servers that `unroll up` runs for this folder on this host; None if it does not."""
    try:
        with (folder(home) / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read(folder(home) / "running.json")
    except OSError:
        pass  # nobody ever ran them here
    return None


def read(path: Path) -> Servers | None:
    """What stands in that file, if that is on this host; None while the servers are starting."""
    try:
        found = Servers(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.host == socket.gethostname() else None


def use_running(home: Home) -> None:
    """Let this command use the servers that run for its folder, unless it is told of others."""
    found = running(home)
    if found is not None:
        for name, value in found.environment.items():
            os.environ.setdefault(name, value)


@contextmanager
def claimed(home: Home) -> Iterator[None]:
    """Within the block nobody else runs servers for this folder.

    Raises:
        InputError: If somebody does.
    """
    folder(home).mkdir(parents=True, exist_ok=True)
    with (folder(home) / "lock").open("w") as lock:
        end = time.monotonic() + READERS_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise InputError(already(home)) from None
                time.sleep(READERS_SECONDS / 20)
        withdraw(home)  # of one that was killed
        try:
            yield
        finally:
            withdraw(home)


def already(home: Home) -> str:
    """What is said when there are servers already."""
    found = running(home)
    where = f": {found.prefect} and {found.mlflow}" if found else ""
    return f"`unroll up` runs for {home.root} already{where}"


def publish(home: Home, prefect: str, mlflow: str) -> Servers:
    """Say where the servers answer."""
    servers = Servers(prefect=prefect, mlflow=mlflow, host=socket.gethostname())
    write_whole(folder(home) / "running.json", json.dumps(asdict(servers)))
    return servers


def withdraw(home: Home) -> None:
    """Say nothing more."""
    (folder(home) / "running.json").unlink(missing_ok=True)
