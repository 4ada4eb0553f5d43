"""The clean child process from inside: what it sets up, and what it leaves when its work fails.

In its folder it writes events, one line of JSON each, a log of all that is printed, and if it fails
a reason that is fit for a person.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

from components.disk import is_disk_full
from components.train.memory import is_out_of_memory

EVENTS = "events.jsonl"
LOG = "child.log"
REASON = "reason.txt"
DISK_FULL = 28  # as in errno; the status of a child that cannot even write why it ends
OUT_OF_MEMORY = 12  # as in errno
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # as in glibc's malloc.h

Work = Callable[[str, Path], None]


class Reason(Exception):
    """Raised in a child: its message is what people are told, without the name of an error."""


def enter(work: Work, job: str, folder: Path) -> None:
    """The first thing in the child: set it up, do the work, and leave a reason if it fails."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, end_by)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=end_with_parent, daemon=True).start()
    keep_freed_memory()
    with (folder / LOG).open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    try:
        work(job, folder)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the parent must hear of it
        with contextlib.suppress(OSError):
            traceback.print_exc()
        said = " ".join(str(error).split()) or "no message"
        kind = "" if isinstance(error, Reason) else f"{type(error).__name__}: "
        if is_disk_full(error):
            os._exit(DISK_FULL)  # without a last line in the log, for which there is no room
        (folder / REASON).write_text(f"{kind}{said}", encoding="utf-8")
        sys.exit(OUT_OF_MEMORY if is_out_of_memory(error) else 1)


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed instead of handing it back to the system.

    An LSTM's workspace of some 30 MB is otherwise mapped anew at every step, and its page faults
    take half of the training time. Elsewhere than on glibc nothing is done.
    """
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def end_by(number: int, _: FrameType | None) -> None:
    """End this process by a signal: Lightning, left to itself, would exit as if all were well."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        time.sleep(0.1)
        os._exit(1)
