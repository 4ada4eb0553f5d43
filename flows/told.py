"""What a person is told in one line when a command cannot go on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


def print_error(message: str) -> None:
    """One line on stderr, whatever line breaks came with the message."""
    sys.stderr.write(f"unroll: {' '.join(message.split())}\n")


@contextmanager
def interruptible() -> Iterator[None]:
    """End with a word and status 130 on Ctrl-C; typer would end without a word."""
    try:
        yield
    except KeyboardInterrupt:
        print_error("interrupted")
        raise typer.Exit(130) from None
