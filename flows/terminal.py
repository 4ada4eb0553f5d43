"""What a person sees while a run goes on, which goes to stderr, and where results go.

On a terminal each running training has one live line; otherwise each epoch is one plain line. Both
are drawn from the components' log records, which carry their events.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False, soft_wrap=True)
PIPE_WIDTH = 10_000  # no line of a file or a pipe is ever folded
BEFORE = 10  # columns of the seconds before a line


def stdout() -> Console:
    """Where results are printed: with colours for a terminal only, whatever is asked for."""
    live = sys.stdout.isatty()
    width = None if live else PIPE_WIDTH
    return Console(highlight=False, markup=False, force_terminal=live, width=width)


def note(message: str) -> None:
    """One plain line, of a command that runs no training."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


class Terminal(logging.Handler):
    """Shows the components' messages and the progress of their trainings."""

    def __init__(self, *, clock: bool = False) -> None:
        """A display on stderr; with the time of day in each line if it is to have a `clock`."""
        super().__init__(logging.DEBUG)
        self.clock = clock
        self.live = console.is_terminal
        self.start = time.monotonic()
        self.progress = Progress(
            TextColumn("  {task.description:<16}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[metrics]}", style="dim"),
            console=console,
            transient=True,
            disable=not self.live,
        )
        self.lines: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; an event moves its training's line instead, if lines are live."""
        event = getattr(record, "event", None)
        ended = getattr(record, "run_ended", None)
        if ended in self.lines:
            self.progress.remove_task(self.lines.pop(ended))
        if self.live and event is not None:
            self.advance(record.__dict__["run"], event)
        elif record.levelno >= logging.INFO:
            self.say(record.getMessage(), record.levelno)

    def advance(self, run: str, event: dict[str, object]) -> None:
        """Move the live line of `run`, making it if it is not there."""
        if run not in self.lines:
            self.lines[run] = self.progress.add_task(run, total=None, metrics="")
        line = self.lines[run]
        if event["kind"] == "step":
            total = float(str(event["num_steps"]))
            self.progress.update(line, total=total, completed=float(str(event["step"])))
        elif isinstance(event["metrics"], dict):
            said = ", ".join(f"{key} {value:.4f}" for key, value in event["metrics"].items())
            self.progress.update(
                line, metrics=f"epoch {event['epoch']} of {event['max_epochs']}: {said}"
            )

    @property
    def room(self) -> int:
        """The columns that a line has after its seconds; a file or a pipe has room for any."""
        return (console.width if self.live else PIPE_WIDTH) - BEFORE

    def say(self, message: str, level: int = logging.INFO) -> None:
        """One line, with the seconds since the start, or the time of day."""
        style = "red" if level >= logging.ERROR else "yellow" if level >= logging.WARNING else ""
        since = f"{time.monotonic() - self.start:6.1f} s"
        moment = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S") if self.clock else since
        text = f"[{style}]{escape(message)}[/]" if style else escape(message)
        self.progress.console.print(f"[dim]{moment}[/]  {text}")


@contextmanager
def showing(*, clock: bool = False) -> Iterator[Terminal]:
    """Show what the components say for as long as the block runs; see `Terminal` for `clock`."""
    terminal = Terminal(clock=clock)
    logger = logging.getLogger("components")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(terminal)
    try:
        with terminal.progress:
            yield terminal
    finally:
        logger.removeHandler(terminal)
        logger.setLevel(level)
