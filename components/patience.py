"""Waiting for a server that does not answer for a while."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from components.stopping import stopping

logger = logging.getLogger(__name__)

PAUSES = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)  # seconds
PATIENCE_SECONDS = 300.0  # in all, whatever the tries take

Result = TypeVar("Result")


def patiently(
    failed: str,
    call: Callable[[], Result],
    may_pass: Callable[[Exception], bool],
    said: Callable[[Exception], str] = str,
) -> Result:
    """What `call` returns, tried again for five minutes while its errors are such as pass.

    Args:
        failed: What could not be done, for the warning.
        call: May be called several times.
        may_pass: Whether an error is one that another try may not meet.
        said: What a warning says of an error.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    for pause in PAUSES:
        try:
            return call()
        except Exception as error:  # what passes is for the caller to say
            if stopping.is_set() or time.monotonic() > end or not may_pass(error):
                raise
            logger.warning("%s; trying again in %d s: %s", failed, pause, said(error))
        stopping.wait(pause)
    return call()
