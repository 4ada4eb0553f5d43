"""Whether this process is being ended. What waits looks here, and does not begin anything new."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopping(threading.Event):
    """Set when this process is being ended; for a thread, also once nobody wants what it does."""

    def __init__(self) -> None:
        """Nothing is being ended."""
        super().__init__()
        self._own = threading.local()

    def is_set(self) -> bool:
        """Whether this thread is to come to an end."""
        unwanted: Callable[[], bool] | None = getattr(self._own, "unwanted", None)
        return super().is_set() or (unwanted is not None and unwanted())

    @contextmanager
    def when(self, unwanted: Callable[[], bool]) -> Iterator[None]:
        """Within the block this thread is to come to an end, too, once `unwanted` says so."""
        self._own.unwanted = unwanted
        try:
            yield
        finally:
            self._own.unwanted = None


stopping = Stopping()


class Interrupted(Exception):
    """What was waited for is not wanted any more: this process is being ended."""
