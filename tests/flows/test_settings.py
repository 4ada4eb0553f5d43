"""What other packages are told, and for how long."""

import os

import pytest

from flows import settings


def test_two_threads_may_want_few_tries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    monkeypatch.delenv(name, raising=False)
    with settings.few_tries():
        assert os.environ[name] == "2"
        del os.environ[name]  # as another thread does that saw no limit either
    assert name not in os.environ


def heartbeats() -> int | None:
    from prefect.settings import get_current_settings

    return get_current_settings().flows.heartbeat_frequency


def test_flows_send_no_heartbeats_unless_the_user_set_them() -> None:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    before = heartbeats()
    assert before is not None
    with settings.without_heartbeats():
        assert heartbeats() is None
    assert heartbeats() == before
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 60}), settings.without_heartbeats():
        assert heartbeats() == 60
