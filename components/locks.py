"""File locks: held while something is made that two must not make, and looked at by others.

The system takes a lock from its process however that ends.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from components.stopping import Interrupted, stopping

logger = logging.getLogger(__name__)


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold the file lock `path` in the block; if another process has it, say so and wait.

    Raises:
        Interrupted: If this process is ended meanwhile.
    """
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.info("%s: another process is making the same; waiting for it", what)
        try:
            lock.acquire(poll_interval=0.2, cancel_check=stopping.is_set)
        except Timeout:
            raise Interrupted(f"interrupted while another process held {path}") from None
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock `path` now. One that cannot be asked counts as held.

    No file is made, also where it is removed just now, and who looks at the same time is no holder.
    """
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
