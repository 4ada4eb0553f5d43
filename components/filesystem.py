"""What of fsspec is used: a filesystem is opened, and files come into it whole."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from components.address import said, shown
from params.errors import InputError

LOCAL = ("file", "local")


def opened(url: str) -> tuple[Any, str]:  # Any: fsspec has no types
    """Fsspec's filesystem, and where in it a URL is; some connect when they are made.

    Raises:
        InputError: If fsspec does not know it, or lacks the package for it.
        Exception: If it connects now, and cannot: that of the filesystem.
    """
    import fsspec

    # What other machines put is to be seen at once; and only disks have folders to be made.
    options = {"use_listings_cache": False} | ({"auto_mkdir": True} if is_local(url) else {})
    try:
        return fsspec.core.url_to_fs(url, **options)  # type: ignore[no-any-return]  # as above
    except ImportError as error:
        raise InputError(f"{shown(url)} needs a package that is not there: {error}") from None
    except (ValueError, FileNotFoundError) as error:
        hint = "UNROLL_HOME must be a folder, or a URL such as s3://bucket/unroll"
        raise InputError(f"{shown(url)} cannot be used: {said(error, url)}; {hint}") from None


def is_local(url: str) -> bool:
    """Whether a URL is a folder of this machine, or one that is mounted."""
    return url.partition("://")[0] in LOCAL


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
