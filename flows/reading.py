"""What commands do that only read what past runs left in MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from components.storage import Home
from flows.settings import few_tries, set_defaults
from params.errors import InputError


def require_runs(home: Home) -> None:
    """See that MLflow's database is there.

    Raises:
        InputError: If it is not: MLflow would make an empty one.
    """
    if missing := home.missing_database():
        where = "MLFLOW_TRACKING_URI to the server that has them" if home.remote else "UNROLL_HOME"
        raise InputError(
            f"no runs yet: {missing} does not exist; run an experiment first, or set {where}"
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
