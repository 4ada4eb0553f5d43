"""What a person is told in one line when a command cannot go on, or is not to."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

import typer

from components.stopping import stopping
from params.errors import InputError

RESUME = "`unroll resume` goes on where it was"  # after whatever ended a run
SAME = "the same command goes on where it was"  # after whatever ended a search
PATIENCE_SECONDS = 8.0  # for everything to end that was asked to
SHOW_CURSOR = b"\x1b[?25h"


class Lost(Exception):
    """Something that a run cannot do without is gone; the message is fit for a person."""


def print_error(message: str) -> None:
    """One line on stderr, whatever line breaks came with the message."""
    sys.stderr.write(f"unroll: {' '.join(message.split())}\n")
    sys.stderr.flush()


def full_disk(error: Exception) -> str:
    """What a person is to know and do about a full disk."""
    from components.disk import chain_of
    from components.storage import find_home

    files = (one.filename for one in chain_of(error) if isinstance(one, OSError) and one.filename)
    where = next(files, find_home().root)
    return (
        f"no space left on the disk, at {where}; free some (`unroll clean` lists what is not "
        "needed)"
    )


def show_cursor() -> None:
    """Show the cursor that live lines hid, where the process ends before they can."""
    with suppress(ValueError):  # stderr was closed here
        if sys.stderr.isatty():
            say_last(SHOW_CURSOR)


def say_last(said: bytes) -> None:
    """Write to stderr just before the process ends, if that can be done at once.

    Nobody may read it any more, or not now: neither is to keep the process from ending.
    """
    with suppress(OSError, ValueError):
        stderr = sys.stderr.fileno()
        if select.select([], [stderr], [], 0)[1]:
            os.write(stderr, said)


class Interruptions:
    """What SIGINT and SIGTERM do to this process: the first asks, the second ends it at once."""

    def __init__(self, advice: str = "") -> None:
        """No signal has come; `advice` is what a person can do when one came."""
        self.came: int | None = None
        self.advice = advice
        self.said = False

    @property
    def status(self) -> int:
        """The exit status that tells the signal."""
        return 128 + (self.came or signal.SIGINT)

    @property
    def interrupted(self) -> str:
        """The last line of what was interrupted."""
        return "; ".join(filter(None, ["interrupted", self.advice]))

    def __call__(self, number: int, _: FrameType | None) -> None:
        """Answer a signal."""
        if self.came is not None:
            if not self.said:  # and not in the middle of what is being said just now
                say_last(f"unroll: {self.interrupted}\n".encode())
            self.end_at_once()
        self.came = number
        self.end_soon()
        raise KeyboardInterrupt

    def end_soon(self) -> None:
        """Let nothing new begin, and do not wait longer than some seconds for what is running."""
        if not stopping.is_set():
            stopping.set()
            limit = threading.Timer(PATIENCE_SECONDS, self.end_anyway)
            limit.daemon = True
            limit.start()

    def end_anyway(self) -> NoReturn:
        """End this process, since something that was asked to end does not."""
        said = "unroll: interrupted; MLflow or Prefect did not hear of it in time"
        say_last(("; ".join(filter(None, [said, self.advice])) + "\n").encode())
        self.end_at_once()

    def end_at_once(self) -> NoReturn:
        """End this process; its children see that, and end too."""
        show_cursor()
        os._exit(self.status)


_answering: Interruptions | None = None


@contextmanager
def interruptible(advice: str = "") -> Iterator[None]:
    """End with a word and status 130 on Ctrl-C, 143 on SIGTERM; typer would end without a word.

    A full disk, or what else a run lost, is one line, too, with status 1: nothing is wrong with
    what was asked.

    Args:
        advice: What a person can do then.
    """
    global _answering  # noqa: PLW0603 - as global as the handlers of signals are
    _answering = answer = Interruptions(advice)
    before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        answer.said = True
        print_error(answer.interrupted)
        raise typer.Exit(answer.status) from None
    except Exception as error:
        from components.disk import is_disk_full

        if isinstance(error, InputError) or not (is_disk_full(error) or isinstance(error, Lost)):
            raise
        said = str(error) if isinstance(error, Lost) else full_disk(error)
        print_error("; ".join(filter(None, [said, advice])))
        raise typer.Exit(1) from None
    finally:
        if answer.came is None:  # else a second one is still to end this process at once
            _answering = None
            for number, handler in before.items():
                signal.signal(number, handler)


def interrupted_elsewhere() -> None:
    """Prefect answered a signal in our stead: end soon, if this process is a command's."""
    if _answering is not None:
        _answering.end_soon()
