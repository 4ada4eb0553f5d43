"""How much memory this process has held."""

import resource
import sys


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far, in bytes.

    A child begins with what the process that it was forked from holds: torch, Lightning and
    scikit-learn count, some hundred megabytes, and do so alike for all children. Memory of a GPU
    does not count.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # elsewhere it is in KiB
