"""What is different in a temporary server of ours."""

import pytest

from flows import serving


def test_temporary_server_seldom_looks_for_housekeeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a name of Prefect's that is not made for it, and may go."""
    from docket import Docket
    from prefect.server.api import background_workers
    from prefect.server.api import server as prefect_server

    monkeypatch.setattr(background_workers, "Worker", background_workers.Worker)
    serving.look_seldom(background_workers)
    worker = background_workers.Worker(Docket(url="memory://"))
    assert worker.minimum_check_interval.total_seconds() == serving.IDLE_SECONDS
    assert prefect_server.background_worker is background_workers.background_worker
