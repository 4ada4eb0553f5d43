"""Waiting for an MLflow that does not answer for a while."""

from collections.abc import Callable
from typing import TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode

from components import patience
from components.address import shown
from components.disk import chain_of, is_disk_full

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
    return patience.patiently(f"MLflow did not take {what}", call, is_away, briefly)


def is_away(error: Exception) -> bool:
    """Whether MLflow did not answer, or could not just then."""
    return (
        isinstance(error, MlflowException)
        and error.error_code in TRANSIENT
        and not is_disk_full(error)
    )


def briefly(error: Exception) -> str:
    """Why MLflow did not answer, in a few words: those of the system, if it had any."""
    words = [one.strerror for one in chain_of(error) if isinstance(one, OSError) and one.strerror]
    return words[-1] if words else shown(" ".join(str(error).split()))[:MOST_SAID]
