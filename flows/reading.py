"""What commands do that only read what past runs left in MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from components.storage import Home
from flows.settings import few_tries, set_defaults
from params.errors import InputError


def require_runs(home: Home, advice: str = "run an experiment first") -> None:
    """See that MLflow's database is there, and that a URL is one that a run could use.

    Args:
        home: The folder for everything.
        advice: What to do if it is not there.

    Raises:
        InputError: If it is not: MLflow would make an empty one.
    """
    if home.remote is not None:
        home.remote.require_known()
    if missing := home.missing_database():
        if home.remote is not None:  # what is wrong with it comes first, as when something is run
            home.remote.require_readable()
        raise InputError(
            f"no runs yet: {missing} does not exist; {advice}, or set {home.variables} "
            "to where they are"
        )


@contextmanager
def reading(home: Home, *, writes: bool = True) -> Iterator[Path]:
    """A folder for copies of files, once MLflow is known to be there and reports can be written.

    Args:
        home: The folder for everything.
        writes: Whether anything is to be written there.

    Raises:
        InputError: If that is not so.
    """
    require_runs(home)
    if writes:
        home.require_writable()
    set_defaults()
    with few_tries(), TemporaryDirectory(prefix="unroll-") as scratch:
        yield Path(scratch)
