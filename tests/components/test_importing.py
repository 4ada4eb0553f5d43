"""The garbage collector while modules are imported."""

import gc

from components.importing import importing


def test_the_collector_rests_while_modules_are_imported() -> None:
    assert gc.isenabled()
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()
