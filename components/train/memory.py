"""How much memory this process has held, and when there was too little."""

import resource
import sys
from pathlib import Path

# Where Linux counts the processes that it killed for want of memory: in all, and in this container.
COUNTERS = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))
SAID = ("can't allocate memory", "out of memory")


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far, in bytes.

    A child begins with what the process that it was forked from holds: torch, Lightning and
    scikit-learn count, some hundred megabytes, and do so alike for all children. Memory of a GPU
    does not count.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # elsewhere it is in KiB


def times_memory_ran_out() -> int:
    """How often the system killed a process for want of memory; 0 where it does not tell."""
    times = 0
    for path in COUNTERS:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        times += sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return times


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python or torch could not have the memory it wanted, of the processor or a GPU."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(said in str(error) for said in SAID)
    )
