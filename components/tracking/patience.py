"""Waiting for an MLflow that does not answer for a while, or going on without it."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode

from components import patience
from components.address import shown
from components.disk import chain_of, is_disk_full

logger = logging.getLogger(__name__)

TRANSIENT = {ErrorCode.Name(code) for code in (INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE)}

MOST_SAID = 120  # characters of what MLflow says

Result = TypeVar("Result")


def patiently(what: str, call: Callable[[], Result]) -> Result:
    """What `call` returns, tried again for five minutes while MLflow does not answer.

    A try over HTTP may itself take four minutes, since MLflow's client has a patience of its own.

    Args:
        what: What is sent or asked, for the warning.
        call: May be called several times.
    """
    during = sys.exception()

    def said(error: Exception) -> str:
        return briefly(error, during=during)

    return patience.patiently(f"MLflow did not take {what}", call, is_away, said)


@contextmanager
def or_warning(what: str) -> Iterator[None]:
    """Go on with a warning if MLflow does not take `what`."""
    during = sys.exception()
    try:
        yield
    except (MlflowException, OSError) as error:
        if not is_disk_full(error):  # of which one line tells in the end
            logger.warning("MLflow did not take %s: %s", what, briefly(error, during=during))


def is_away(error: Exception) -> bool:
    """Whether MLflow did not answer, or could not just then."""
    return (
        isinstance(error, MlflowException)
        and error.error_code in TRANSIENT
        and not is_disk_full(error)
    )


def briefly(error: Exception, *, during: BaseException | None = None) -> str:
    """Why MLflow did not answer, in a few words: those of the system, if it had any.

    Args:
        error: That of the call. One of a file is told with the name of the file.
        during: What was handled when MLflow was called: Python takes it for where `error` is from.
    """
    own = takewhile(lambda one: one is not during, chain_of(error))
    words = (one.strerror for one in own if isinstance(one, OSError) and one.strerror)
    said = None if isinstance(error, OSError) else next(words, None)
    return said or shown(" ".join(str(error).split()))[:MOST_SAID]
