"""A disk that is full, in whatever words it is told."""

import errno
from collections.abc import Iterator

FULL = {errno.ENOSPC, errno.EDQUOT}
SAID = ("No space left on device", "Disk quota exceeded", "database or disk is full")


def is_disk_full(error: BaseException) -> bool:
    """Whether a full disk is behind an error: of the system, of SQLite or of a child process."""
    return any(
        (isinstance(one, OSError) and one.errno in FULL) or any(said in str(one) for said in SAID)
        for one in chain_of(error)
    )


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
