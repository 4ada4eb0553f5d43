"""Which processes use a store, and when an output was last used: what may not be cleared away.

A process that asks the store for an output holds a lock in the store's folder `.users` until it
ends, however it ends, and each output that is used gets the moment as its folder's time. So what
was last used before every living user began is in nobody's hands: whoever used it has ended, and
has told MLflow what it needs, or never will.
"""

import os
import platform
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from components.locks import is_held

USERS = ".users"
SETTLED_SECONDS = 60  # after which a lock that nobody holds is a dead process's

_mine: dict[Path, FileLock] = {}  # held until this process ends
_registering = threading.Lock()


def register(root: Path) -> None:
    """Say that this process uses the store `root`, until it ends.

    Again, it does nothing, unless the clock was set back to before the process had said so: then
    what it uses from now on has an earlier time, from which it counts as well.
    """
    with _registering:
        if root in _mine:
            own = Path(_mine[root].lock_file)
            if used(own) > time.time():
                mark(own)
            return
        users = root / USERS
        users.mkdir(parents=True, exist_ok=True)
        for path in users.glob("*.lock"):
            if not is_held(path):
                forget(path)
        own = users / f"{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}.lock"
        lock = FileLock(own, thread_local=False)  # whichever thread asked first
        lock.acquire()
        mark(own)
        _mine[root] = lock


def mark(path: Path) -> None:
    """Note that `path` is used now, by the clock that `needed_since` reads."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def used(path: Path) -> float:
    """When an output was last used, in seconds since 1970."""
    return path.stat().st_mtime


def needed_since(root: Path) -> float:
    """The moment since when a living process may have used an output, in seconds since 1970.

    It is that at which the first of those that live now registered, or now. Take it first, then
    read what finished comparisons refer to: what was last used before it, and is not referred to,
    nobody needs.
    """
    found = [time.time()]
    for path in (root / USERS).glob("*.lock"):
        with suppress(FileNotFoundError):
            began = used(path)
            if is_held(path):
                # It began later than now: the clock was set back, and all may be in use.
                found.append(began if began <= time.time() else 0.0)
    return min(found)


def forget(lock: Path) -> None:
    """Remove a dead process's lock, unless it is so new that its process may yet take it."""
    with suppress(FileNotFoundError):
        if time.time() - used(lock) > SETTLED_SECONDS:
            lock.unlink()
