"""Waiting for an MLflow that does not answer for a while."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode

from components.disk import is_disk_full
from components.stopping import stopping

logger = logging.getLogger(__name__)

PAUSES = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)  # seconds
PATIENCE_SECONDS = 300.0  # in all, whatever the tries take
TRANSIENT = {ErrorCode.Name(code) for code in (INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE)}

Result = TypeVar("Result")


def patiently(what: str, call: Callable[[], Result]) -> Result:
    """What `call` returns, tried again for five minutes while MLflow does not answer.

    A try over HTTP may itself take four minutes, since MLflow's client has a patience of its own.

    Args:
        what: What is sent or asked, for the warning.
        call: May be called several times.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    for pause in PAUSES:
        try:
            return call()
        except MlflowException as error:
            if error.error_code not in TRANSIENT or stopping.is_set() or is_disk_full(error):
                raise
            if time.monotonic() > end:
                raise
            logger.warning("MLflow did not take %s; trying again in %d s: %s", what, pause, error)
        stopping.wait(pause)
    return call()
