"""A command that ends with the process that started it, and is told of SIGTERM."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows import started
from flows.started import NotUp, Started, kill, launch, stop, wait_for

WAITS = "import signal, time\nprint('here', flush=True)\ntime.sleep(60)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS


def command(tmp_path: Path, code: str, *before: str) -> Started:
    """Python with that code, once it has said that it is there or has ended."""
    output = (tmp_path / "output").open("w+b")
    found = launch([*before, "-c", code], os.environ, output)
    end = time.monotonic() + 30
    while not (tmp_path / "output").read_bytes() and found.process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_a_stood_in_for_command_is_told_of_the_end(tmp_path: Path) -> None:
    found = command(tmp_path, WAITS, "-m", "flows.started", sys.executable)
    found.require_running()
    begun = time.monotonic()
    stop(found)
    assert time.monotonic() - begun < started.STOP_SECONDS
    assert found.process.returncode == 128 + signal.SIGTERM
    stop(found)  # nothing is left to be stopped


def test_a_stood_in_for_command_ends_with_its_parent(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    inner = f"""
import os, pathlib, time
pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))
time.sleep(60)
"""
    outer = f"""
import os, signal, sys, tempfile, time
from pathlib import Path
from flows.started import launch
command = ["-m", "flows.started", sys.executable, "-c", {inner!r}]
launch(command, os.environ, tempfile.TemporaryFile())
while not Path({str(pid_file)!r}).exists() or not Path({str(pid_file)!r}).read_text():
    time.sleep(0.02)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", outer], timeout=60).returncode == -9
    pid = int(pid_file.read_text())
    end = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_command_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(started, "STOP_SECONDS", 0.2)
    found = command(tmp_path, STUBBORN)
    stop(found)
    assert found.process.returncode == -signal.SIGKILL
    kill(found)  # it is gone, which is no mistake


def test_its_last_error_is_told_when_it_ends_while_it_is_waited_for(tmp_path: Path) -> None:
    found = command(tmp_path, "raise ValueError('no room')")
    found.process.wait(30)
    with pytest.raises(NotUp) as caught:
        wait_for("http://127.0.0.1:9/health", found, 30)
    assert str(caught.value) == "ended with status 1; it said: ValueError: no room"
    stop(found)


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended, on Linux."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
