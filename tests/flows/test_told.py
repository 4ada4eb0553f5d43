"""What SIGINT and SIGTERM do to a command."""

import os
import signal
import subprocess
import sys
import time

import pytest
import typer

from components.stopping import stopping
from flows import told
from flows.told import interrupted_elsewhere, interruptible


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
            time.sleep(60)
        except KeyboardInterrupt:
            pass
with told.interruptible():
    print("ready", flush=True)
    if sys.argv[1] == "stubborn":
        stubborn()
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
