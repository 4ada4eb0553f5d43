"""Whether a machine was quiet while something was measured on it."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import psutil

Result = TypeVar("Result")

WORTH_TELLING = 0.5  # cores; what a system, MLflow and Prefect do beside it is less


def beside(
    work: Callable[[], Result],
    busy: Callable[[], float],
    own: Callable[[], float] = time.process_time,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Result, float]:
    """What `work` returns, and how many cores other processes kept busy meanwhile, on average.

    Args:
        work: What is measured.
        busy: Seconds for which all cores were busy so far.
        own: Those of this process.
        clock: The time in seconds.
    """
    begun, all_before, own_before = clock(), busy(), own()
    result = work()
    others = busy() - all_before - (own() - own_before)
    return result, round(max(0.0, others / max(clock() - begun, 1e-9)), 2)


def disturbed(busy: Iterable[float | None]) -> str:
    """What is to be known of numbers that were taken while so many cores were busy, if anything."""
    most = max((cores for cores in busy if cores is not None), default=0.0)
    if most < WORTH_TELLING:
        return ""
    return (
        f"other work kept {most:.1f} cores of the machine busy while latency and throughput were "
        "measured: on a quiet one they may be better"
    )


def busy_seconds() -> float:
    """The seconds for which the cores that this process may use were busy, since the start."""
    cores = psutil.cpu_times(percpu=True)
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(cores))
    return sum(busy_of(one) for number, one in enumerate(cores) if number in allowed)


def busy_of(core: Any) -> float:  # Any: psutil's named tuple, of other names on every system
    """The same of one core; the time of a guest is part of the user's."""
    idle = {"idle", "iowait", "guest", "guest_nice"}
    return float(sum(value for name, value in core._asdict().items() if name not in idle))
