"""What a finished folder holds: every file with its size and its SHA-256, written last.

A folder without a manifest is not finished. Manifests of older versions have sizes alone.
"""

import hashlib
import json
import logging
from pathlib import Path, PurePosixPath

from components.files import file_digest, sync

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"


def seal(folder: Path) -> None:
    """Bring every file of `folder` to disk, then write its manifest."""
    manifest = folder / MANIFEST  # there is one if whoever sealed it before was interrupted
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != manifest)
    for path in files:
        sync(path)
    listed = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": file_digest(path),
        }
        for path in files
    }
    manifest.write_text(json.dumps(listed, indent=1), encoding="utf-8")
    sync(manifest)
    sync(folder)


def damage(folder: Path, *, deep: bool) -> str | None:
    """What is wrong with a finished folder, in a few words; None if nothing is.

    Args:
        folder: What `seal` was given, wherever it lies by now.
        deep: Read every file and compare its digest, too; else sizes alone are compared.
    """
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
        files = [(name, *expected(entry)) for name, entry in listed.items()]
    except FileNotFoundError:
        return f"it has no {MANIFEST}"
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return f"its {MANIFEST} cannot be read"
    for name, size, digest in files:
        try:
            has = (folder / name).stat().st_size
            if has != size:
                return f"{name} has {has:,} bytes instead of {size:,}"
            if deep and digest and file_digest(folder / name) != digest:
                return f"{name} is not what was written"
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
    return None


def is_whole(path: Path) -> bool:
    """Whether an output is there and every file in it is what was written.

    Every byte is read, at 1 to 2 GB a second: what is reused has lain on a disk that others reach.
    """
    if not path.exists():
        return False
    reason = damage(path, deep=True)
    if reason is not None:
        logger.warning("%s is damaged (%s); it is made again", path, reason)
    return reason is None


def expected(entry: int | dict[str, int | str]) -> tuple[int, str | None]:
    """The size and the digest that a manifest asks of a file; older ones have no digest.

    Raises:
        KeyError, TypeError, ValueError: If it is no such entry.
    """
    if isinstance(entry, dict):
        return int(entry["size"]), str(entry["sha256"])
    return int(entry), None


def version_of(manifest: bytes) -> str:
    """Sixteen hexadecimal digits by which what a manifest lists is known."""
    return hashlib.sha256(manifest).hexdigest()[:16]


def listed(manifest: bytes) -> list[str]:
    """The files that a manifest lists, none of which lies outside of its folder.

    Raises:
        ValueError, TypeError: If it is no such manifest.
    """
    names = [PurePosixPath(name) for name in json.loads(manifest)]
    if any(name.is_absolute() or ".." in name.parts for name in names):
        raise ValueError("a manifest lists what lies in its folder")
    return [name.as_posix() for name in names]
