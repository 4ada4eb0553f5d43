"""MLflow as a reader meets it: a client, and what goes wrong told in one line."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from params.errors import InputError


@contextmanager
def connected(uri: str) -> Iterator[MlflowClient]:
    """A client of the MLflow server or database `uri`, which must be there.

    Raises:
        InputError: If MLflow does not answer, or the file is no database.
    """
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        yield MlflowClient(uri)
    except MlflowException as error:
        said = f"MLflow at {uri} did not answer"
        raise InputError(f"{said}; see MLFLOW_TRACKING_URI: {error.message[:200]}") from None
    except DatabaseError as error:
        raise InputError(f"MLflow's database {uri} cannot be read: {error.orig}") from None
