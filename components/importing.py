"""Imports that take seconds, made shorter."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Leave the garbage collector out of it while modules are imported in the block.

    It would look through all that was imported, again and again, which takes a fifth of the time
    and finds nothing. What is there afterwards stays: it need not be looked at later either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
