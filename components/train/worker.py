"""The clean child process as its parent sees it: how it is started, followed and survived.

Children are forked from a forkserver that has imported torch and Lightning once, so that only the
first one pays for it. Nothing here imports them: the process that starts children stays light.
"""

import contextlib
import json
import logging
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from components.disk import SAID
from components.stopping import stopping
from components.train.child import DISK_FULL, EVENTS, LOG, OUT_OF_MEMORY, REASON, Work, enter
from components.train.memory import times_memory_ran_out

logger = logging.getLogger(__name__)

FORKSERVER_GONE = 255  # what multiprocessing says when it cannot know
LOG_KEPT = 20_000  # characters of it that a failure carries
QUIET = "ignore:resource_tracker:UserWarning"
POLL_SECONDS = 1.0  # between looks for events: as often as a training tells of its steps

Event = dict[str, Any]

_context = multiprocessing.get_context("forkserver")
# How a child ended can be read once, and multiprocessing reads it of all that have ended whenever
# one is started, listed or joined: two threads at it would find the status 255 instead.
_children = threading.Lock()


class ChildFailed(Exception):
    """A child ended without a result. `status` is FAILED, or KILLED if a signal ended it."""

    def __init__(self, reason: str, status: str, log: str = "", *, out_of_memory: bool = False):
        """A failure whose `reason` is fit for a person; `log` is what the child printed."""
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.log = log
        self.out_of_memory = out_of_memory

    def __reduce__(self) -> tuple[Any, ...]:
        """All that it is made of, so that the error survives pickling."""
        given = (self.reason, self.status, self.log)
        return partial(type(self), out_of_memory=self.out_of_memory), given


def preload() -> None:
    """Start the forkserver now; it imports torch and Lightning while the caller goes on."""
    stopping.clear()
    # __main__ is in the list by default: without it every child would import it anew.
    _context.set_forkserver_preload(["__main__", "components.train.preloaded"])
    # It inherits the mask: without it nobody could say how children ended, so that a signal to the
    # whole group is not for it. The resource tracker would take both out of the mask at its start.
    start_tracker()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_tracker() -> None:
    """Start the process that removes the semaphores of processes that were ended.

    It does so without a word: who ends this one by a second Ctrl-C knows that it could not.
    """
    sys.warnoptions.append(QUIET)  # which it inherits
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(QUIET)


def run_in_child(
    work: Work, job: str, folder: Path, on_event: Callable[[Event], None] | None = None
) -> None:
    """Run `work(job, folder)` in a child process of its own and wait for its end.

    Args:
        work: A function of a module; what it needs is imported in the child.
        job: Its argument, as JSON.
        folder: Where it writes, and has a log; what an earlier child said there is removed.
        on_event: Called with every event that the child writes, soon after and in order.

    Raises:
        ChildFailed: If the child raised, was killed or ended in any other way than returning.
    """
    for said in (EVENTS, REASON):
        (folder / said).unlink(missing_ok=True)
    ran_out = times_memory_ran_out()
    with _children:
        if stopping.is_set():
            raise ChildFailed("it was interrupted before it began", "KILLED")
        child = _context.Process(target=enter, args=(work, job, folder), daemon=True)
        child.start()
    events = follow(folder / EVENTS)
    try:
        while not wait([child.sentinel], timeout=POLL_SECONDS):
            deliver(events, on_event)
            if stopping.is_set():
                break
        deliver(events, on_event)
    finally:
        stop(child)
    if child.exitcode != 0:
        raise failure(child, folder, ran_out < times_memory_ran_out())


def stop(child: ForkServerProcess) -> None:
    """End a child that is still running: it is asked, and after two seconds it is killed."""
    if not wait([child.sentinel], timeout=0):
        child.terminate()
    if not wait([child.sentinel], timeout=2):
        child.kill()
    with _children:
        child.join()


def stop_all() -> None:
    """End every running child, and let no other begin until `preload` is called again."""
    stopping.set()
    with _children:
        for child in multiprocessing.active_children():
            child.terminate()


def follow(path: Path) -> Callable[[], list[Event]]:
    """A function that returns the events written to `path` since it was last called."""
    position = 0

    def new_events() -> list[Event]:
        nonlocal position
        with contextlib.suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
            file.seek(position)
            text = file.read()
            complete = text.rfind("\n") + 1  # a line that is being written is left for next time
            position += len(text[:complete].encode())
            return [json.loads(line) for line in text[:complete].splitlines()]
        return []

    return new_events


def deliver(events: Callable[[], list[Event]], on_event: Callable[[Event], None] | None) -> None:
    """Hand every new event on."""
    for event in events():
        if on_event is not None:
            on_event(event)


def failure(child: ForkServerProcess, folder: Path, ran_out: bool) -> ChildFailed:
    """Why the child ended, in one line, with the end of what it printed.

    `ran_out` says that the system killed some process for want of memory meanwhile.
    """
    code = child.exitcode
    log = folder / LOG
    printed = log.read_text(encoding="utf-8", errors="replace")[-LOG_KEPT:] if log.exists() else ""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        killed = name == "SIGKILL"
        if killed and ran_out:
            said = "memory ran out, and the system ended its process"
            return ChildFailed(said, "KILLED", printed, out_of_memory=True)
        hint = "; if nobody killed it, memory ran out" if killed else ""
        return ChildFailed(f"its process was ended by {name}{hint}", "KILLED", printed)
    reason = folder / REASON
    if reason.is_file():
        said = reason.read_text(encoding="utf-8")
        return ChildFailed(said, "FAILED", printed, out_of_memory=code == OUT_OF_MEMORY)
    if code == DISK_FULL:
        return ChildFailed(f"{SAID[0]}: {folder}", "FAILED", printed)
    said = f"its process ended with status {code} and no word"
    if code == FORKSERVER_GONE:
        said = "the process that starts all trainings was ended, and this one with it"
    return ChildFailed(said, "FAILED", printed)
