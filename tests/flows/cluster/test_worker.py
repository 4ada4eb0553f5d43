"""What tasks that begin together on one worker share."""

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from prefect.logging.handlers import APILogHandler

from flows.cluster import worker


@pytest.fixture
def components() -> Iterator[logging.Logger]:
    """The logger of all components, as a worker finds it that has done nothing yet."""
    logger = logging.getLogger(worker.COMPONENTS)
    before = list(logger.handlers)
    worker.to_prefect.cache_clear()
    yield logger
    logger.handlers[:] = before
    worker.to_prefect.cache_clear()


def test_prefect_hears_each_line_once_though_tasks_begin_together(
    components: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(APILogHandler):
        def __init__(self, level: int) -> None:
            time.sleep(0.05)
            super().__init__(level)

    monkeypatch.setattr(worker, "APILogHandler", Slow)
    threads = [threading.Thread(target=worker.tell_prefect) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len([one for one in components.handlers if isinstance(one, Slow)]) == 1
