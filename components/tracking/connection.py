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
from sqlalchemy import event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from components import address
from components.storage import SQLITE, is_server
from components.tracking.patience import briefly
from components.tracking.places import shown
from params.errors import InputError

READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
SERVED = ("postgresql", "mysql", "mssql")  # databases that other processes serve
CONNECT_SECONDS = 10  # for each address of a host, unless the user's URL says otherwise
# What the packages that speak to them call the longest wait for a connection.
WAITS = {
    **dict.fromkeys(("psycopg2", "psycopg", "mysqldb", "pymysql"), "connect_timeout"),
    "pyodbc": "timeout",
    "pymssql": "login_timeout",
}


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
    except SQLAlchemyError as error:
        reason = address.said(getattr(error, "orig", None) or error, uri)
        if is_served(uri):
            said = f"MLflow's database {shown(uri)} did not answer: {reason}"
            raise InputError(f"{said}; start it, or correct MLFLOW_TRACKING_URI") from None
        raise InputError(f"MLflow's database {shown(uri)} cannot be read: {reason}") from None


def is_served(uri: str) -> bool:
    """Whether the address is that of a database which is asked over a network."""
    return re.split("[+:]", uri, maxsplit=1)[0] in SERVED


def require_reachable(uri: str) -> None:
    """See that this is an address, and that a database answers: MLflow would ask for two minutes.

    Raises:
        SQLAlchemyError: If it does not.
        InputError: If it is no address, or what speaks to the database is not installed.
    """
    try:
        if is_server(uri):
            _ = urlsplit(uri).port  # which raises if it is no number
        elif is_served(uri):
            connect_once(uri)
    except NoSuchModuleError:
        raise InputError(
            f"MLFLOW_TRACKING_URI names a driver that is not known: {address.shown(uri)}"
        ) from None
    except (ValueError, ArgumentError):
        raise InputError(f"MLFLOW_TRACKING_URI is no address: {address.shown(uri)}") from None
    except ImportError as error:
        lacks = f"the package {error.name}, which is not installed" if error.name else str(error)
        raise InputError(f"MLflow's database {shown(uri)} needs {lacks}") from None


def connect_once(uri: str) -> None:
    """Connect to a database as MLflow does, but not again where that fails."""
    # It takes 0.4 s, which whoever asks a server is spared.
    from mlflow.store.db.utils import create_sqlalchemy_engine

    wait = WAITS.get(make_url(uri).get_driver_name())
    engine = create_sqlalchemy_engine(uri)

    @event.listens_for(engine, "do_connect")
    def within(_: object, __: object, ___: object, given: dict[str, object]) -> None:
        """Wait so long, unless the user's URL says how long."""
        if wait is not None:
            given.setdefault(wait, CONNECT_SECONDS)

    engine.connect().close()
    engine.dispose()


def without_password(uri: str, said: str) -> str:
    """What MLflow says, which may name its address `uri`, as it may be told."""
    return said.replace(uri.rstrip("/"), shown(uri).rstrip("/"))
