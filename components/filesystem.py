"""What of fsspec is used: a filesystem is opened, and files come into it whole."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from components.address import WANTED, is_local, said, shown
from components.disk import is_disk_full
from params.errors import InputError

# Another try meets the same: no access, no such bucket, a filesystem that only reads, a setting
# that it does not take.
LASTING = (PermissionError, FileNotFoundError, NotImplementedError, ValueError, TypeError)


def opened(url: str) -> tuple[Any, str]:  # Any: fsspec has no types
    """Fsspec's filesystem, and where in it a URL is; some connect when they are made.

    Raises:
        InputError: If fsspec does not know it, or lacks the package for it.
        Exception: If it connects now, and cannot: that of the filesystem.
    """
    import fsspec

    # What other machines put is to be seen at once; and only disks have folders to be made.
    options = {"use_listings_cache": False} | ({"auto_mkdir": True} if is_local(url) else {})
    with told(url):
        return fsspec.core.url_to_fs(url, **options)  # type: ignore[no-any-return]  # untyped


def require_known(url: str) -> None:
    """See that fsspec knows the filesystem of a URL; nothing is asked over a network.

    Raises:
        InputError: If not, or if it lacks the package for it.
    """
    import fsspec

    with told(url):
        fsspec.get_filesystem_class(url.partition("://")[0])


@contextmanager
def told(url: str) -> Iterator[None]:
    """Say in one line why fsspec has no filesystem for a URL.

    Raises:
        InputError: If it has none.
    """
    try:
        yield
    except ImportError as error:
        hint = "install it, or let UNROLL_HOME name another place"
        reason = f"needs a package that is not there: {error}"
        raise InputError(f"{shown(url)} {reason}; {hint}") from None
    except (ValueError, FileNotFoundError) as error:
        reason = f"cannot be used: {said(error, url)}"
        raise InputError(f"{shown(url)} {reason}; UNROLL_HOME must be {WANTED}") from None


def put_all(fs: Any, files: Mapping[str, Path], *, local: bool) -> None:  # Any: as above
    """Put files at their paths in a filesystem.

    A file in a bucket is there whole or not at all. On a disk, where it is copied, it gets its
    name last: who reads meanwhile, or comes after a kill, finds none or another one that is whole.
    """
    if not local:
        fs.put([str(path) for path in files.values()], list(files))
        return
    for target, path in files.items():
        arriving = f"{target}.{socket.gethostname()}-{os.getpid()}.arriving"
        try:
            fs.put_file(str(path), arriving)
            fs.mv(arriving, target)
        except BaseException:  # Ctrl-C too: nothing is left under that name
            with suppress(Exception):
                fs.rm_file(arriving)
            raise


def may_pass(error: Exception) -> bool:
    """Whether another try may not meet an error; each filesystem has some of its own."""
    return not isinstance(error, LASTING) and not is_disk_full(error)
