"""Stage outputs by the digest of what they are made from, complete or not there at all.

An output is a folder `<root>/<stage>/<key>` whose `manifest.json`, listing every file with its
size, is written last; only then does the folder get its name. The folder being filled is called
`<key>.partial` and is read by nobody but who goes on filling it.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from components.stopping import Interrupted, stopping
from params.errors import InputError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
SQLITE = "sqlite:///"  # with which the address of a database file begins


@dataclass(frozen=True)
class Home:
    """The one folder under which everything is written."""

    root: Path

    @property
    def store(self) -> "Store":
        """Stage outputs."""
        return Store(self.root / "store")

    @property
    def reports(self) -> Path:
        """A folder per comparison."""
        return self.root / "reports"

    @property
    def artifacts(self) -> Path:
        """MLflow's artifacts, unless a tracking server keeps them."""
        return self.root / "mlartifacts"

    @property
    def database(self) -> Path:
        """MLflow's database, unless a tracking server keeps it."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """`MLFLOW_TRACKING_URI` if it is set, else the SQLite database."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{self.database}"

    def missing_database(self) -> str | None:
        """The SQLite file that `tracking_uri` names, if it is not there; MLflow would make it."""
        if not self.tracking_uri.startswith(SQLITE):
            return None
        path = self.tracking_uri.removeprefix(SQLITE)
        return None if Path(path).is_file() else path

    def require_writable(self) -> None:
        """Make the folder, and see that a file can be made in it.

        Raises:
            InputError: If that is not so.
        """
        probe = self.root / f".writable-{os.getpid()}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise InputError(
                f"the output folder {self.root} is not writable: {error.strerror}; "
                "set UNROLL_HOME to one that is"
            ) from None


def find_home() -> Home:
    """The folder that `UNROLL_HOME` names, by default `outputs` in the working directory."""
    return Home(Path(os.environ.get("UNROLL_HOME") or "outputs").expanduser().absolute())


@dataclass(frozen=True)
class Output:
    """A complete stage output, and whether it was there before."""

    path: Path
    key: str
    reused: bool


def key_of(*parts: str | int) -> str:
    """Sixteen hexadecimal digits that depend on every part and on their order."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Store:
    """The folder that holds all stage outputs."""

    root: Path

    def output(
        self,
        stage: str,
        key: str,
        make: Callable[[Path], None],
        *,
        fresh: bool = False,
        resumable: bool = False,
    ) -> Output:
        """The output of `stage` under `key`, made by `make(folder)` if it is not complete.

        Two processes that want the same output wait for each other; the second one reuses it.

        Args:
            stage: Name of the stage, a folder of the store.
            key: Digest of everything that the output depends on.
            make: Fills the folder that it is given, which is empty. If it raises, nothing is kept.
            fresh: Make the output again although it is there.
            resumable: The folder is the one that `make` filled when it was interrupted, if it was,
                and is kept if it raises.

        Raises:
            Interrupted: If this process is ended while it waits for another one.
        """
        path = self.root / stage / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with held(path.with_suffix(".lock"), stage):
            if is_complete(path) and not fresh:
                logger.info("%s: reused, nothing it depends on changed", stage)
                return Output(path, key, reused=True)
            partial = path.with_suffix(".partial")
            if fresh or not resumable:
                shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(exist_ok=True)
            try:
                make(partial)
                seal(partial)
            except BaseException:  # Ctrl-C too: what is half made is kept only to be gone on with
                if not resumable:
                    shutil.rmtree(partial, ignore_errors=True)
                raise
            # What stands there is incomplete, or is asked to be made again.
            shutil.rmtree(path, ignore_errors=True)
            partial.rename(path)
            sync(path.parent)
        return Output(path, key, reused=False)


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


def is_complete(path: Path) -> bool:
    """Whether every file that the output's manifest lists is there in its full size."""
    try:
        sizes = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return all((path / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def seal(folder: Path) -> None:
    """Bring every file of `folder` to disk, then write its manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        sync(path)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    sync(manifest)
    sync(folder)


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
