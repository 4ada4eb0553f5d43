"""A place at a URL that fsspec knows, such as `s3://bucket/unroll`: what machines share.

What `manifest.seal` finished lies there as `<name>/<version>/<its files>` and, put last, as
`<name>/manifest.json`. The version is the digest of that manifest: machines that put the same
output at once never mix their files, and a manifest that was cut off leads nowhere.
"""

import json
import logging
import os
import re
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from components.disk import is_disk_full
from components.manifest import MANIFEST, damage, listed, version_of
from components.patience import patiently
from params.errors import InputError

logger = logging.getLogger(__name__)

PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
LOCAL = ("file", "local")
# Another try meets the same: no access, no such bucket, a filesystem that only reads.
LASTING = (PermissionError, FileNotFoundError, NotImplementedError, ValueError, TypeError)

Result = TypeVar("Result")


def shown(url: str) -> str:
    """An address without its password."""
    return PASSWORD.sub(r"\1:***@", url)


@dataclass(frozen=True)
class Remote:
    """A place at a URL. What its methods cannot do is told in one line, by an InputError."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return shown(self.url)

    def at(self, name: str) -> "Remote":
        """The place `name` below this one."""
        return Remote(f"{self.url}/{name}")

    def opened(self) -> tuple[Any, str]:  # Any: fsspec has no types
        """Fsspec's filesystem, and where in it this place is.

        Raises:
            InputError: If fsspec does not know it, or lacks the package for it.
        """
        import fsspec

        # What other machines put is to be seen at once; and only disks have folders to be made.
        options = {"use_listings_cache": False}
        protocol = self.url.partition("://")[0]
        try:
            return fsspec.core.url_to_fs(  # type: ignore[no-any-return]  # as above
                self.url, **options, **({"auto_mkdir": True} if protocol in LOCAL else {})
            )
        except ImportError as error:
            raise InputError(f"{self} needs a package that is not there: {error}") from None
        except ValueError as error:
            hint = "UNROLL_HOME must be a folder, or a URL such as s3://bucket/unroll"
            raise InputError(f"{self} cannot be used: {self.said(error)}; {hint}") from None

    def require_writable(self) -> None:
        """See that a file can be put here, and removed again.

        Raises:
            InputError: If that is not so; nothing is waited for.
        """
        fs, root = self.opened()
        probe = f"{root}/.writable-{socket.gethostname()}-{os.getpid()}"
        try:
            with NamedTemporaryFile() as file:
                fs.put_file(file.name, probe)
            fs.rm_file(probe)
        except Exception as error:
            hint = "see UNROLL_HOME and the credentials for it"
            raise InputError(f"{self} cannot be written: {self.said(error)}; {hint}") from error

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
            return f"a file is missing: {self.said(error)}"
        return damage(folder, deep=True)

    def has(self, name: str) -> bool:
        """Whether a finished folder is there, as far as its manifest says."""
        return self.read(f"{name}/{MANIFEST}") is not None

    def read(self, name: str) -> bytes | None:
        """What a small file holds; None if it is not there."""
        fs, root = self.opened()

        def call() -> bytes | None:
            try:
                return bytes(fs.cat_file(f"{root}/{name}"))
            except FileNotFoundError:
                return None

        return self.reached("be read", call)

    def put_files(self, files: Mapping[str, Path], *, tries: bool = True) -> None:
        """Put files, by the names that they get. Without `tries` nothing is waited for."""
        fs, root = self.opened()
        pairs = [str(path) for path in files.values()], [f"{root}/{name}" for name in files]
        self.reached("be written", lambda: fs.put(*pairs), tries=tries)

    def get_files(self, files: Mapping[str, Path]) -> None:
        """Fetch files, by their names.

        Raises:
            FileNotFoundError: If one is not there.
        """
        fs, root = self.opened()
        for path in files.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        pairs = [f"{root}/{name}" for name in files], [str(path) for path in files.values()]
        self.reached("be read", lambda: fs.get(*pairs))

    def names(self, name: str = "") -> list[str]:
        """What lies in a folder; nothing if there is none."""
        fs, root = self.opened()

        def call() -> list[str]:
            try:
                found = fs.ls(f"{root}/{name}".rstrip("/"), detail=False)
            except FileNotFoundError:
                return []
            return sorted(PurePosixPath(path).name for path in found)

        return self.reached("be read", call)

    def remove(self, name: str) -> None:
        """Remove a file or a folder, if it is there. That it stays is a warning, no more."""
        fs, root = self.opened()
        try:
            fs.rm(f"{root}/{name}", recursive=True)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - each filesystem has errors of its own
            logger.warning("%s/%s could not be removed: %s", self, name, self.said(error))

    def reached(self, to: str, call: Callable[[], Result], *, tries: bool = True) -> Result:
        """What `call` returns, tried again while the place does not answer.

        Raises:
            InputError: If it does not answer in all that time, or refuses.
            FileNotFoundError: If a file is not there.
        """
        failed = f"{self} could not {to}"
        try:
            return patiently(failed, call, may_pass) if tries else call()
        except FileNotFoundError:
            raise
        except Exception as error:
            if is_disk_full(error):
                raise
            raise InputError(f"{failed}: {self.said(error)}") from error

    def said(self, error: BaseException) -> str:
        """An error in one line, without a password."""
        text = " ".join(str(error).split()) or type(error).__name__
        return text.replace(self.url, str(self))[:300]


def may_pass(error: Exception) -> bool:
    """Whether another try may not meet an error; each filesystem has some of its own."""
    return not isinstance(error, LASTING) and not is_disk_full(error)
