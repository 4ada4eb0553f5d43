"""MLflow as we meet it: a client of it, and what goes wrong told in one line."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from components.storage import SQLITE
from params.errors import InputError


def first_client(uri: str) -> MlflowClient:
    """A client of an MLflow server or database, which has all its tables then.

    The first client of a process looks whether the database has them, and makes them if not: two
    processes that did so at once would collide, so in a SQLite file they do it one after the other.
    """
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it raises it also prints, with a traceback.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    with ExitStack() as alone:
        database = Path(uri.removeprefix(SQLITE))
        if uri.startswith(SQLITE) and database.parent.is_dir():
            alone.enter_context(FileLock(f"{database}.lock"))
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    return client


@contextmanager
def connected(uri: str) -> Iterator[MlflowClient]:
    """A client of the MLflow server or database `uri`, which must be there.

    Raises:
        InputError: If MLflow does not answer, or the file is no database.
    """
    try:
        yield first_client(uri)
    except MlflowException as error:
        said = f"MLflow at {uri} did not answer"
        raise InputError(f"{said}; see MLFLOW_TRACKING_URI: {error.message[:200]}") from None
    except DatabaseError as error:
        raise InputError(f"MLflow's database {uri} cannot be read: {error.orig}") from None
