"""How busy others were meanwhile."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from components.evaluate.quiet import beside, busy_of, busy_seconds, disturbed


def test_others_are_all_that_is_busy_but_this_process() -> None:
    busy, own, clock = iter([100.0, 107.0]), iter([10.0, 12.0]), iter([0.0, 4.0])
    found = beside(lambda: "said", busy.__next__, own.__next__, clock.__next__)
    assert found == ("said", 1.25)  # 5 of the 7 seconds were not ours, within 4


def test_there_is_no_less_than_nothing() -> None:
    still = iter([1.0, 1.0])
    assert beside(int, still.__next__, iter([0.0, 3.0]).__next__, iter([0.0, 2.0]).__next__)[1] == 0


def test_of_a_core_that_waits_nothing_is_busy() -> None:
    core = psutil._psplatform.scputimes(1, 2, 4, 800, 16, 32, 64, 128, 1, 2)
    assert busy_of(core) == 1 + 2 + 4 + 32 + 64 + 128


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores cannot be chosen here")
def test_a_process_on_our_core_is_seen() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    times = psutil.Process(other.pid).cpu_times

    def wait() -> float:
        """How much of a core the other one had, which a quota may leave little of."""
        begun, had = time.monotonic(), sum(times()[:2])
        time.sleep(0.7)
        return (sum(times()[:2]) - had) / (time.monotonic() - begun)

    try:
        its_own, busy = beside(wait, busy_seconds)
    finally:
        other.kill()
        other.wait()
        os.sched_setaffinity(0, before)
    assert its_own - 0.1 < busy < 1.3


@pytest.mark.parametrize("busy", [[], [None], [None, 0.49]])
def test_of_a_quiet_machine_nothing_is_said(busy: list[float | None]) -> None:
    assert disturbed(busy) == ""


def test_what_may_be_better_on_a_quiet_machine_is_told() -> None:
    assert disturbed([None, 0.2, 1.94]) == (
        "other work kept 1.9 cores of the machine busy while latency and throughput were measured: "
        "on a quiet one they may be better"
    )
