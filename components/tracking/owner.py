"""Which process a run belongs to, and whether it is still there.

A process that was killed cannot say so: its runs stay RUNNING in MLflow. A comparison is therefore
held by a file lock for as long as its process lives, which the operating system lets go however the
process ends. Where the lock cannot be seen, as on another output folder, the tags of the run say
which process it was; a process on another machine is taken to be alive.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psutil
from filelock import FileLock, Timeout
from mlflow.entities import Run

from components.locks import is_held
from components.storage import Home
from params.errors import InputError

PID, HOST, STARTED = "unroll.pid", "unroll.host", "unroll.process_started"
MACHINE = "unroll.machine"  # two may have one name: containers on the host's network, copied VMs
MACHINE_ID, PROCESSES = Path("/etc/machine-id"), Path("/proc/self/ns/pid")  # of Linux
SAME_START_SECONDS = 2.0  # within which two readings of a process's start are the same
PATIENCE_SECONDS = 1.0  # for someone who only looks whether a lock is held


def owner() -> dict[str, str]:
    """The tags of a run that belongs to this process."""
    return {
        PID: str(os.getpid()),
        HOST: socket.gethostname(),
        STARTED: started(os.getpid()),
        MACHINE: machine(),
    }


@cache
def machine() -> str:
    """What tells this machine, and its container, from others of the same name, where it can."""
    parts = []
    with suppress(OSError):
        parts.append(MACHINE_ID.read_text(encoding="utf-8").strip())
    with suppress(OSError):
        parts.append(str(PROCESSES.readlink()))  # among which a number names a process
    return " ".join(filter(None, parts)) or "unknown"


@cache
def started(pid: int) -> str:
    """When process `pid` started, read once: a clock that is set meanwhile moves it by a second."""
    return repr(psutil.Process(pid).create_time())


@contextmanager
def holding(home: Home, comparison: str) -> Iterator[None]:
    """Hold a comparison while the block runs: nobody else takes it up, or takes it for dead.

    Raises:
        InputError: If another process holds it.
    """
    path = lock_path(home, comparison)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise InputError(f"{comparison} is being run by another process; wait for it") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held, so that nobody is left holding its name
        lock.release()


def is_gone(run: Run, home: Home) -> bool:
    """Whether the process that the run belongs to has ended, as far as can be known from here."""
    tags = run.data.tags
    path = lock_path(home, tags.get("unroll.comparison", ""))
    if path.is_file():
        return not is_held(path)
    if tags.get(HOST) != socket.gethostname() or tags.get(MACHINE, machine()) != machine():
        return False
    try:
        process = psutil.Process(int(tags[PID]))
        started = float(tags.get(STARTED, process.create_time()))
        return bool(abs(process.create_time() - started) > SAME_START_SECONDS)
    except (psutil.NoSuchProcess, KeyError, ValueError):
        return True


def lock_path(home: Home, comparison: str) -> Path:
    """Where a comparison's lock lies while it runs."""
    return home.root / "running" / f"{comparison}.lock"
