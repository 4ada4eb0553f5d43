"""The Prefect server: which one is used, and what is said when it does not answer."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_TO_API_BATCH_INTERVAL,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

from flows import server
from flows.started import Started
from params.errors import InputError


@pytest.mark.usefixtures("prefect")
def test_configured_server_is_used_and_none_is_started() -> None:
    url = SubprocessASGIServer().api_url
    with temporary_settings({PREFECT_API_URL: url}):
        assert server.find_or_start() == server.Server(url, None)


@pytest.mark.usefixtures("prefect")
def test_configured_address_where_nothing_or_another_thing_answers_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/api"
        for url in (dead, SubprocessASGIServer().api_url + "/no/such/place"):
            with temporary_settings({PREFECT_API_URL: url}), pytest.raises(InputError) as caught:
                server.find_or_start()
            assert str(caught.value).startswith(f"no Prefect server answers at {url} (")


@pytest.mark.parametrize("url", [None, ""])
def test_no_temporary_server_where_prefect_may_not_start_one(url: str | None) -> None:
    none = {PREFECT_API_URL: url, PREFECT_SERVER_EPHEMERAL_ENABLED: False}
    with temporary_settings(none), pytest.raises(InputError, match="set PREFECT_API_URL"):
        server.find_or_start()


@contextlib.contextmanager
def started(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[server.Server]:
    """A temporary server that has just been started on a database."""
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///{database}")
    with temporary_settings({PREFECT_API_URL: None}):
        found = server.find_or_start()
    assert found.temporary is not None
    try:
        yield found
    finally:
        server.stop(found.temporary)
    assert found.temporary.process.returncode is not None


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[server.Server]:
    with started(f"{tmp_path}/prefect.db", monkeypatch) as found:
        yield found


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[server.Server]:
    """One whose database cannot be made."""
    with started("/nonexistent/prefect.db", monkeypatch) as found:
        yield found


def test_logs_for_a_temporary_server_wait_longer_unless_the_user_set_it() -> None:
    lasting = server.Server("http://127.0.0.1:9/api")
    with lasting.in_use(unexpected):
        assert PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value() == 2.0
    with ended_server() as ended, pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "wait_for_temporary", lambda *_: None)
        patched.setattr(server, "watching", lambda *_: contextlib.nullcontext())
        temporary = server.Server("http://127.0.0.1:9/api", ended)
        with temporary.in_use(unexpected):
            assert PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value() == server.LOG_SECONDS
        with (
            temporary_settings({PREFECT_LOGGING_TO_API_BATCH_INTERVAL: 3.0}),
            temporary.in_use(unexpected),
        ):
            assert PREFECT_LOGGING_TO_API_BATCH_INTERVAL.value() == 3.0


@contextlib.contextmanager
def ended_server() -> Iterator[Started]:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
        process.communicate()
        yield Started(process, output)


def unexpected() -> None:
    raise AssertionError("it was never in use")


def test_temporary_server_that_fails_is_told_with_its_own_words(nowhere: server.Server) -> None:
    with pytest.raises(InputError) as caught, nowhere.in_use(unexpected):
        pytest.fail("it has no database")
    said = str(caught.value)
    assert said.startswith("Prefect's temporary server ended with status 3; it said: sqlalchemy.")
    assert "unable to open database file" in said


def test_temporary_server_that_is_too_slow_is_told_with_the_setting(slow: server.Server) -> None:
    limit = temporary_settings({PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 0})
    said = pytest.raises(InputError, match="did not answer within 0 s; PREFECT_SERVER_EPHEMERAL_ST")
    with limit, said, slow.in_use(unexpected):
        pytest.fail("it cannot be there yet")


@pytest.mark.slow
def test_temporary_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """It is killed once its server answers: then uvicorn hears the signal, not Python."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise SystemExit('not this one')")
    start = """
from flows import server
found = server.find_or_start()
with found.in_use(lambda: None):
    print(found.temporary.process.pid, flush=True)
    input()
"""
    environment = {name: one for name, one in os.environ.items() if name != "PREFECT_API_URL"}
    environment["PREFECT_HOME"] = str(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        cwd=tmp_path,
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            assert is_running(pid)
            parent.kill()
            end = time.monotonic() + 30
            while is_running(pid) and time.monotonic() < end:
                time.sleep(0.1)
            assert not is_running(pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended, on Linux."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
