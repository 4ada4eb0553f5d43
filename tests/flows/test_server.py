"""The Prefect server: which one is used, and what is said when it does not answer."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

from flows import server
from params.errors import InputError


def test_configured_server_is_used_and_none_is_started() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        found = server.find_or_start()
    assert found == server.Server("http://127.0.0.1:1/api", None)


def test_configured_server_that_does_not_answer_is_named() -> None:
    url = f"http://127.0.0.1:{server.free_port()}/api"
    said = rf"no Prefect server answers at {url}"
    with pytest.raises(InputError, match=said), server.Server(url).in_use():
        pytest.fail("nothing answers")


def test_no_temporary_server_where_prefect_may_not_start_one() -> None:
    none = {PREFECT_API_URL: None, PREFECT_SERVER_EPHEMERAL_ENABLED: False}
    with temporary_settings(none), pytest.raises(InputError, match="set PREFECT_API_URL"):
        server.find_or_start()


def test_temporary_server_that_ends_at_once_is_told_with_its_status() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"]) as process:
        ended = server.Server(f"http://127.0.0.1:{server.free_port()}/api", process)
        with pytest.raises(InputError, match="ended with status 7"), ended.in_use():
            pytest.fail("nothing answers")


def test_temporary_server_that_is_too_slow_is_told_with_the_setting() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(command)
    try:
        slow = server.Server(f"http://127.0.0.1:{server.free_port()}/api", process)
        limit = {PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 1}
        said = pytest.raises(InputError, match="STARTUP_TIMEOUT")
        with temporary_settings(limit), said, slow.in_use():
            pytest.fail("nothing answers")
    finally:
        server.stop(process)
    assert process.returncode is not None


def test_temporary_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    start = "from flows import server; s = server.find_or_start(); print(s.process.pid, flush=True)"
    command = [sys.executable, "-c", start + "; import time; time.sleep(60)"]
    environment = {name: one for name, one in os.environ.items() if name != "PREFECT_API_URL"}
    environment["PREFECT_HOME"] = str(tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    end = time.monotonic() + 30
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended, on Linux."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
