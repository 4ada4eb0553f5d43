"""Whose trials are running still: a process holds a locked file for as long as it lives.

The system takes the lock from a process however it ends, so that a killed one is known at once and
a number that another process has got by now is not taken for it.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from components.locks import is_held
from components.records import Search
from components.storage import Home


def owners_folder(search: Search, home: Home) -> Path:
    """Where all who work at a search find each other."""
    return home.tuning / search.id / "owners"


def claim_path(search: Search, home: Home) -> Path:
    """The lock of the search's run, which two who begin or end at a time take in turn."""
    return owners_folder(search, home) / "run.claim"


@dataclass(frozen=True)
class Owner:
    """This process, as others find it in `folder`."""

    folder: Path
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    lock: FileLock = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take the lock of a name that nobody else has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Whatever thread gives it up: it is the process's.
        lock = FileLock(self.folder / f"{self.name}.lock", thread_local=False)
        object.__setattr__(self, "lock", lock)
        lock.acquire(timeout=0)

    def is_alive(self, name: str) -> bool:
        """Whether the owner of that name lives; a file that the dead left is taken away."""
        path = self.folder / f"{name}.lock"
        if name == self.name:
            return True
        if is_held(path):
            return True
        path.unlink(missing_ok=True)  # nobody takes that name again
        return False

    def leave(self) -> None:
        """Be no owner any more, as if the process had ended."""
        self.lock.release()
        (self.folder / f"{self.name}.lock").unlink(missing_ok=True)
