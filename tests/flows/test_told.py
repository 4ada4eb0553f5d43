"""What SIGINT and SIGTERM do to a command."""

import errno
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import typer

from components.stopping import stopping
from flows import told
from flows.told import RESUME, interrupted_elsewhere, interruptible
from params.errors import InputError


@pytest.fixture(autouse=True)
def calm() -> None:
    stopping.clear()


@pytest.mark.parametrize("advice", ["", "go on by X"])
def test_ctrl_c_is_a_line_and_a_status(advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, interruptible(advice):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    said = "unroll: interrupted; go on by X\n" if advice else "unroll: interrupted\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("advice", ["", RESUME])
def test_a_full_disk_is_a_line_with_the_advice_of_the_command(
    advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as caught, interruptible(advice):
        raise RuntimeError("in a task") from OSError(errno.ENOSPC, "no space", "/full/here")
    assert caught.value.exit_code == 1
    said = (
        "unroll: no space left on the disk, at /full/here; free some (`unroll clean` lists what is "
        "not needed)"
    )
    assert capsys.readouterr().err == said + (f"; {advice}\n" if advice else "\n")


@pytest.mark.parametrize("error", [InputError("a mistake"), RuntimeError("a bug")])
def test_other_errors_pass(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(type(error)) as caught, interruptible(RESUME):
        raise error
    assert caught.value is error
    assert capsys.readouterr().err == ""


def test_a_terminal_has_its_cursor_again_where_live_lines_could_not_end() -> None:
    """As when a second signal comes."""
    code = "from flows.told import Interruptions; Interruptions().end_at_once()"
    ours, theirs = pty.openpty()
    try:
        assert subprocess.run([sys.executable, "-c", code], stderr=theirs).returncode == 130
        assert os.read(ours, 100) == b"\x1b[?25h"
    finally:
        os.close(ours)
        os.close(theirs)
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE)
    assert done.stderr == b""  # a file gets no such thing


def test_without_a_signal_everything_is_as_it_was() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        assert isinstance(signal.getsignal(signal.SIGTERM), told.Interruptions)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    interrupted_elsewhere()  # no command is under way, which it could end
    assert not stopping.is_set()


WAIT = """
import sys, time
from flows import told
told.PATIENCE_SECONDS = 0.5
def stubborn():
    while True:
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
with told.interruptible("again: X"):
    if sys.argv[1] == "stubborn":
        stubborn()
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("manner", "signals", "status", "at_least"),
    [
        ("obedient", [signal.SIGTERM], 1, 0.0),
        ("stubborn", [signal.SIGTERM], 143, 0.5),  # ended when its time is up
        ("stubborn", [signal.SIGINT], 130, 0.5),
        ("stubborn", [signal.SIGINT, signal.SIGTERM], 130, 0.0),  # the second ends it at once
    ],
)
def test_it_ends_in_any_case(
    manner: str, signals: list[signal.Signals], status: int, at_least: float
) -> None:
    command = [sys.executable, "-c", WAIT, manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        begun = time.monotonic()
        for number in signals:
            os.kill(process.pid, number)
            time.sleep(0.1)
        assert process.wait(10) == status
        assert time.monotonic() - begun >= at_least
        assert process.stderr is not None
        said = process.stderr.read().decode()
    in_vain = "unroll: interrupted; MLflow or Prefect did not hear of it in time; again: X\n"
    assert (said == in_vain) == (at_least > 0)
    if at_least == 0:  # asked or at once, the line is the same, and there once
        assert (
            said.count("unroll: interrupted") == said.count("unroll: interrupted; again: X\n") == 1
        )


@pytest.mark.parametrize("readers", ["gone", "slow"])
@pytest.mark.parametrize("num_signals", [1, 2])
def test_it_ends_though_nobody_reads_what_it_says(readers: str, num_signals: int) -> None:
    """As in `unroll run NAME 2>&1 | tee log`: the first Ctrl-C ends `tee`."""
    reader, writer = os.pipe()
    if readers == "gone":
        os.close(reader)
    else:
        fill(writer)
    command = [sys.executable, "-c", WAIT, "stubborn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=writer) as process:
        os.close(writer)
        assert process.stdout is not None
        for _ in range(num_signals):
            assert process.stdout.readline() == b"ready\n"
            os.kill(process.pid, signal.SIGINT)
        try:
            assert process.wait(5) == 130
        finally:
            process.kill()
    if readers == "slow":
        os.close(reader)


def fill(pipe: int) -> None:
    """Write until there is no room for more."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, bytes(4096))
    os.set_blocking(pipe, True)
