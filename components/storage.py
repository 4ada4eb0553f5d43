"""Stage outputs by the digest of what they are made from, complete or not there at all.

An output is a folder `<root>/<stage>/<key>` whose manifest, listing every file with its digest, is
written last; only then does the folder get its name. The folder being filled is called
`<key>.partial` and is read by nobody but who goes on filling it.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components import usage
from components.files import put_aside, sync
from components.locks import held
from components.manifest import damage, seal
from params.errors import InputError

logger = logging.getLogger(__name__)

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
    def studies(self) -> Path:
        """The database of all searches for better params."""
        return self.root / "optuna.db"

    @property
    def tuning(self) -> Path:
        """A folder per search."""
        return self.root / "tuning"

    @property
    def database(self) -> Path:
        """MLflow's database, unless a tracking server keeps it."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """`MLFLOW_TRACKING_URI` if it is set, else the SQLite database."""
        return os.environ.get("MLFLOW_TRACKING_URI") or self.own_tracking_uri

    @property
    def own_tracking_uri(self) -> str:
        """The SQLite database, whatever is set."""
        return f"{SQLITE}{self.database}"

    @property
    def is_tracked_by_server(self) -> bool:
        """Whether an MLflow server keeps the runs, which is asked over HTTP."""
        return is_server(self.tracking_uri)

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


def is_server(uri: str) -> bool:
    """Whether the address is that of an MLflow server, which is asked over HTTP."""
    return uri.startswith(("http://", "https://"))


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

        Two processes that want the same output wait for each other; the second one reuses it. One
        that is not as it was written is named in a warning, and made again.

        Args:
            stage: Name of the stage, a folder of the store.
            key: Digest of everything that the output depends on.
            make: Fills the folder that it is given, which is empty; if it raises, nothing is kept.
                Both are otherwise if the output is `resumable`.
            fresh: Make the output again although it is there.
            resumable: The folder is the one that `make` filled when it was interrupted, if it was,
                and is kept if it raises.

        Raises:
            Interrupted: If this process is ended while it waits for another one.
        """
        path = self.root / stage / key
        path.parent.mkdir(parents=True, exist_ok=True)
        usage.register(self.root)
        with held(path.with_suffix(".lock"), stage):
            if not fresh and is_whole(path):
                usage.mark(path)
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
            # What stands there is damaged, or is asked to be made again.
            old = put_aside(path) if path.exists() else None
            usage.mark(partial)
            partial.rename(path)
            sync(path.parent)
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)  # what is left, `unroll clean` finds
        return Output(path, key, reused=False)


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
