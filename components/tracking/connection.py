"""MLflow as we meet it: a client of it, and what goes wrong told in one line."""

import errno
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import NullPool

from components import address
from components.storage import SQLITE, is_server
from components.tracking.patience import briefly
from components.tracking.places import shown
from params.errors import InputError

READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
# The databases that other processes serve, with what their packages call the longest wait.
SERVED = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mssql": "timeout"}
CONNECT_SECONDS = 10


def first_client(uri: str) -> MlflowClient:
    """A client of an MLflow server or database, which has all its tables then.

    The first client of a process looks whether the database has them, and makes them if not: two
    processes that did so at once would collide, so in a SQLite file they do it one after the other.
    """
    say_less()
    with ExitStack() as alone:
        database = Path(uri.removeprefix(SQLITE))
        if uri.startswith(SQLITE) and database.parent.is_dir():
            with suppress_read_only():
                alone.enter_context(FileLock(f"{database}.lock"))
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    return client


def say_less() -> None:
    """Let MLflow say in this process what goes wrong alone."""
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it raises it also prints, with a traceback.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


@contextmanager
def suppress_read_only() -> Iterator[None]:
    """Go on where no file can be made: there nobody can make tables either."""
    try:
        yield
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise


@contextmanager
def connected(uri: str) -> Iterator[MlflowClient]:
    """A client of the MLflow server or database `uri`, which must be there.

    Raises:
        InputError: If that is no address, MLflow does not answer, or the file is no database.
    """
    try:
        require_reachable(uri)
        yield first_client(uri)
    except MlflowException as error:
        reason = without_password(uri, briefly(error))
        mend = "start it, or correct " if is_server(uri) else "correct "
        failed = f"MLflow at {shown(uri)} did not answer: {reason}"
        raise InputError(f"{failed}; {mend}MLFLOW_TRACKING_URI") from None
    except DatabaseError as error:
        raise InputError(f"MLflow's database {shown(uri)} cannot be read: {error.orig}") from None


def require_reachable(uri: str) -> None:
    """See that this is an address, and that a database answers: MLflow would ask for two minutes.

    Raises:
        DatabaseError: If it does not.
        InputError: If it is no address, or what speaks to the database is not installed.
    """
    wait = SERVED.get(re.split("[+:]", uri, maxsplit=1)[0])
    try:
        _ = urlsplit(uri).port  # which raises if it is no number
        if wait is not None:
            limit = {wait: CONNECT_SECONDS}
            create_engine(make_url(uri), poolclass=NullPool, connect_args=limit).connect().close()
    except (ValueError, ArgumentError):
        raise InputError(f"MLFLOW_TRACKING_URI is no address: {address.shown(uri)}") from None
    except ModuleNotFoundError as error:
        raise InputError(
            f"MLflow's database {shown(uri)} needs the package {error.name}, which is not installed"
        ) from None


def without_password(uri: str, said: str) -> str:
    """What MLflow says, which may name its address `uri`, as it may be told."""
    return said.replace(uri.rstrip("/"), shown(uri).rstrip("/"))
