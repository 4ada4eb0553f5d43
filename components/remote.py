"""A place at a URL that fsspec knows, such as `s3://bucket/unroll`: what machines share.

What `manifest.seal` finished lies there as `<name>/<version>/<its files>` and, put last, as
`<name>/manifest.json`. The version is the digest of that manifest: machines that put the same
output at once never mix their files, and a manifest that was cut off leads nowhere.
"""

import json
import logging
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from components.address import is_local, said, shown
from components.disk import is_disk_full
from components.filesystem import may_pass, opened, put_all, require_known
from components.manifest import MANIFEST, damage, listed, version_of
from components.patience import patiently
from params.errors import InputError

logger = logging.getLogger(__name__)

SEE = "see UNROLL_HOME and the credentials for it"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Remote:
    """A place at a URL. What its methods cannot do is told in one line, by an InputError."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return shown(self.url)

    def at(self, name: str) -> "Remote":
        """The place `name` below this one."""
        return Remote(f"{self.url}/{name}")

    def require_writable(self) -> None:
        """See that a file can be put here, and removed again.

        Raises:
            InputError: If that is not so; nothing is waited for.
        """
        try:
            fs, root = opened(self.url)
            probe = f"{root}/.writable-{socket.gethostname()}-{os.getpid()}"
            with NamedTemporaryFile() as file:
                fs.put_file(file.name, probe)
            fs.rm_file(probe)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - each filesystem has errors of its own
            reason = said(error, self.url)
            raise InputError(f"{self} cannot be written: {reason}; {SEE}") from None

    def require_known(self) -> None:
        """See that there is a filesystem for the URL; nothing is asked over a network.

        Raises:
            InputError: If there is none.
        """
        require_known(self.url)

    def require_readable(self) -> None:
        """See that the place answers, whatever is in it; nothing is waited for.

        Raises:
            InputError: If it does not.
        """
        self.require_known()
        try:
            self.names(tries=False)
        except InputError as error:
            raise InputError(f"{error}; {SEE}") from None

    def put(self, folder: Path, name: str) -> None:
        """Put a finished folder, in the place of another one of that name, if there is one."""
        manifest = (folder / MANIFEST).read_bytes()
        version = f"{name}/{version_of(manifest)}"
        self.put_files({f"{version}/{file}": folder / file for file in json.loads(manifest)})
        self.put_files({f"{name}/{MANIFEST}": folder / MANIFEST})

    def fetch(self, name: str, folder: Path) -> bool:
        """Whether a finished folder is there, and is in `folder` now, as it was put.

        One that is not as it was put is named in a warning, and taken for none.

        Raises:
            InputError: If the place cannot be reached; `folder` may have a part of it then.
        """
        manifest = self.read(f"{name}/{MANIFEST}")
        if manifest is None:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_bytes(manifest)
        reason = self.fetch_listed(f"{name}/{version_of(manifest)}", manifest, folder)
        if reason is not None:
            shutil.rmtree(folder, ignore_errors=True)
            logger.warning("%s/%s is damaged (%s); it is not used", self, name, reason)
        return reason is None

    def fetch_listed(self, version: str, manifest: bytes, folder: Path) -> str | None:
        """What is wrong with the files that a manifest lists, which are in `folder` now."""
        try:
            files = {f"{version}/{file}": folder / file for file in listed(manifest)}
        except (ValueError, TypeError):
            return f"its {MANIFEST} cannot be read"
        try:
            self.get_files(files)
        except FileNotFoundError as error:
            return f"a file is missing: {said(error, self.url)}"
        return damage(folder, deep=True)

    def has(self, name: str) -> bool:
        """Whether a finished folder is there, as far as its manifest says, which is whole."""
        try:
            listed(self.read(f"{name}/{MANIFEST}") or b"")
        except (ValueError, TypeError):  # it was cut off, or there is none
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """What a small file holds; None if it is not there."""

        def call(fs: Any, root: str) -> bytes | None:  # Any: fsspec has no types
            try:
                return bytes(fs.cat_file(f"{root}/{name}"))
            except FileNotFoundError:
                return None

        return self.reached("be read", call)

    def put_files(self, files: Mapping[str, Path], *, tries: bool = True) -> None:
        """Put files, by the names that they get. Without `tries` nothing is waited for."""

        def call(fs: Any, root: str) -> None:
            placed = {f"{root}/{name}": path for name, path in files.items()}
            put_all(fs, placed, local=is_local(self.url))

        self.reached("be written", call, tries=tries)

    def get_files(self, files: Mapping[str, Path], *, tries: bool = True) -> None:
        """Fetch files, by their names. Without `tries` nothing is waited for.

        Raises:
            FileNotFoundError: If one is not there.
        """
        for path in files.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        targets = [str(path) for path in files.values()]

        def call(fs: Any, root: str) -> None:
            fs.get([f"{root}/{name}" for name in files], targets)

        self.reached("be read", call, tries=tries)

    def names(self, name: str = "", *, tries: bool = True) -> list[str]:
        """What lies in a folder; nothing if there is none. Without `tries` nothing is waited for.

        Raises:
            InputError: If the place cannot be reached.
        """

        def call(fs: Any, root: str) -> list[str]:
            try:
                found = fs.ls(f"{root}/{name}".rstrip("/"), detail=False)
            except FileNotFoundError:
                return []
            return sorted(PurePosixPath(path).name for path in found)

        return self.reached("be read", call, tries=tries)

    def remove(self, name: str) -> None:
        """Remove a file or a folder, if it is there. That it stays is a warning, no more."""
        try:
            fs, root = opened(self.url)
            fs.rm(f"{root}/{name}", recursive=True)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - each filesystem has errors of its own
            reason = said(error, self.url)
            logger.warning("%s/%s could not be removed: %s", self, name, reason)

    def reached(self, to: str, call: Callable[[Any, str], Result], *, tries: bool = True) -> Result:
        """What `call` returns for what `opened` returns, tried again while nothing answers.

        Raises:
            InputError: If it does not answer in all that time, or refuses.
            FileNotFoundError: If a file is not there.
        """
        failed = f"{self} could not {to}"

        def once() -> Result:
            return call(*opened(self.url))

        def told(error: Exception) -> str:
            return said(error, self.url)

        try:
            return patiently(failed, once, may_pass, told) if tries else once()
        except (FileNotFoundError, InputError):
            raise
        except Exception as error:  # each filesystem has errors of its own; ours are raised above
            if is_disk_full(error):
                raise
            raise InputError(f"{failed}: {told(error)}") from None
