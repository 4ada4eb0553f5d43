"""The one folder under which everything is written, or the URL at which machines share it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from components.address import is_local, is_url, require_place, shown
from components.outputs import Store, key_of
from components.remote import Remote
from params.errors import InputError

SHARED_AT = "shared_at"  # a file of a machine's own folder, with the URL that it is for
SQLITE = "sqlite:///"  # with which the address of a database file begins


@dataclass(frozen=True)
class Home:
    """The one folder under which everything is written, and where it is shared, if it is."""

    root: Path
    remote: Remote | None = None

    @property
    def named(self) -> str:
        """What `UNROLL_HOME` must be for this home, on any machine; it may have a password."""
        return self.remote.url if self.remote else str(self.root)

    @property
    def variable(self) -> str:
        """The environment variable that names the folder `root`."""
        return "UNROLL_CACHE" if self.remote else "UNROLL_HOME"

    @property
    def variables(self) -> str:
        """The environment variables by which a person says where the runs are."""
        own = "MLFLOW_TRACKING_URI"
        return own if os.environ.get(own) else f"{self.variable} or {own}"

    @property
    def store(self) -> Store:
        """Stage outputs."""
        return Store(self.root / "store", self.remote.at("store") if self.remote else None)

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
        """Make the folder, and see that a file can be made in it, and where it is shared.

        Raises:
            InputError: If that is not so.
        """
        self.require_folder()
        if self.remote is not None:
            self.remote.require_writable()

    def require_folder(self) -> None:
        """Make the folder, and see that a file can be made in it and that it is of this home.

        Raises:
            InputError: If that is not so.
        """
        probe = self.root / f".writable-{os.getpid()}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            what = "this machine's folder" if self.remote else "the output folder"
            raise InputError(
                f"{what} {self.root} is not writable: {error.strerror}; "
                f"set {self.variable} to one that is"
            ) from None
        self.require_own()

    def require_own(self) -> None:
        """See that what lies in the folder was shared where this home is, and keep where that is.

        Else a run would find a comparison in it that nobody sees at the URL, and do nothing.

        Raises:
            InputError: If it is of another home, or nobody can say.
        """
        mark, ours = self.root / SHARED_AT, str(self.remote) if self.remote else ""
        other = f"set {self.variable} to another folder"
        try:
            theirs = mark.read_text(encoding="utf-8").rstrip("\n") if mark.is_file() else ""
            if theirs == ours:
                return
            is_empty = not (self.store.root.is_dir() or self.reports.is_dir())
            if is_empty or (not theirs and self.root == data_folder(ours)):
                arriving = self.root / f".{SHARED_AT}-{os.getpid()}"
                arriving.write_text(ours, encoding="utf-8")
                arriving.replace(mark)
                return
        except OSError as error:
            said = f"{mark} says which URL the folder is for, and cannot be used: {error.strerror}"
            raise InputError(f"{said}; see whose it is, or {other}") from None
        if not theirs:  # made before folders were marked, or not shared: nothing in it says which
            raise InputError(
                f"{self.root} holds outputs, and no file {SHARED_AT} that says where they are "
                f"shared; if that is {ours}, write it into that file, else {other}"
            )
        others = f"those of {ours}" if ours else "outputs that are not"
        said = f"{self.root} holds what is shared at {theirs}; for {others}"
        raise InputError(f"{said}, {other}")


def is_server(uri: str) -> bool:
    """Whether the address is that of an MLflow server, which is asked over HTTP."""
    return uri.startswith(("http://", "https://"))


def find_home() -> Home:
    """The folder that `UNROLL_HOME` names, by default `outputs` in the working directory.

    Where it names a URL, the folder is this machine's own for that, see `home_at`.

    Raises:
        InputError: If it names a URL that cannot hold a store.
    """
    named = os.environ.get("UNROLL_HOME") or "outputs"
    return home_at(named) if is_url(named) else Home(Path(named).expanduser().absolute())


def home_at(url: str) -> Home:
    """The home at a URL, with this machine's folder for it: the one that `UNROLL_CACHE` names.

    By default it is among the user's data: a database that lies there is nowhere else.

    Raises:
        InputError: If that cannot be a URL for a store, or `UNROLL_CACHE` no folder for it.
    """
    require_place(url)
    remote = Remote(url.rstrip("/"))
    if own := os.environ.get("UNROLL_CACHE"):
        if is_url(own):
            said = "UNROLL_CACHE must be a folder of this machine, such as /var/cache/unroll"
            raise InputError(f"{said}, got {shown(own)!r}")
        folder = Path(own).expanduser().absolute()
        if is_local(url) and folder.resolve() == Path(url.partition("://")[2]).resolve():
            raise InputError(
                f"UNROLL_CACHE must be another folder than UNROLL_HOME, got {folder} for both"
            )
        return Home(folder, remote)
    return Home(data_folder(str(remote)), remote)


def data_folder(url: str) -> Path:
    """A machine's own folder for a home at a URL, given without its password."""
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser().absolute()
    name = re.sub(r"[^\w.-]", "", url.rpartition("/")[2]) or "home"
    return data / "unroll" / f"{name}-{key_of(url)[:8]}"
