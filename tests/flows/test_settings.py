"""What other packages are told, and for how long."""

import gc

from flows import settings


def test_the_collector_rests_while_modules_are_imported() -> None:
    assert gc.isenabled()
    with settings.importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


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
