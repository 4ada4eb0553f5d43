"""Files that are on the disk and whole, and their digests."""

import hashlib
import os
import secrets
from pathlib import Path

REMOVED = ".removed"  # ends the name of what is being removed; it begins with a dot


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Bring a file or a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that nobody ever sees a part of it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    sync(partial)
    partial.replace(path)


def put_aside(path: Path) -> Path:
    """The new name of a folder that is to be removed, which nobody looks for, beside the old one.

    It is renamed before it is emptied, so that nobody ever finds a part of it.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}{REMOVED}")
    path.rename(new)
    return new
