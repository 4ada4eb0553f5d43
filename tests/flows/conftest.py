"""One Prefect server for all flows of the tests, and its home among the test's files."""

from collections.abc import Iterator

import pytest

from components.train import worker
from flows import settings


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Flows run against a server of the tests' own; the forkserver gets ready meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.DEFAULTS.items():
            patch.setenv(name, value)
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        worker.preload()
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=180):
            yield
