"""The arguments of `unroll predict`, held against each other before anything heavy is imported."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from params.errors import InputError
from params.names import Architecture, Task

STDIN = "-"
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Asked:
    """The arguments of the command."""

    experiment: str
    texts: tuple[str, ...] = ()
    run_id: str | None = None
    architecture: str | None = None
    file: Path | None = None
    column: str | None = None
    output: Path | None = None
    steps: int | None = None
    skip: bool = False

    @property
    def streams(self) -> bool:
        """Whether texts or values arrive on standard input."""
        return self.texts == (STDIN,)


def check(asked: Asked) -> None:
    """See that the arguments fit together, whatever the task.

    Raises:
        InputError: If they do not.
    """
    if asked.run_id is not None and asked.architecture is not None:
        raise InputError("--run names one run already; leave --architecture out")
    architecture(asked.architecture)
    if asked.texts and asked.file is not None:
        given = "standard input (-)" if asked.streams else "TEXT"
        raise InputError(f"give {given} or --file, not both")
    if STDIN in asked.texts and not asked.streams:
        raise InputError("- stands for standard input; give it alone, or texts without it")
    if asked.column is not None and asked.file is None:
        raise InputError("--column names a column of --file, which is not given")
    if asked.steps is not None and not 1 <= asked.steps <= 1_000_000:
        raise InputError(f"--steps must be between 1 and 1000000, got {asked.steps}")
    if asked.file is not None:
        check_file(asked.file)
    if asked.output is not None:
        check_output(asked.output)


def check_for_task(asked: Asked, task: Task) -> None:
    """See that the arguments are those of the experiment's task.

    Raises:
        InputError: If one is not, or a text is missing.
    """
    if task == "classification":
        if asked.steps is not None:
            raise InputError(f"--steps is for a forecast; {asked.experiment} is a classification")
        if not asked.texts and asked.file is None:
            raise InputError("give a TEXT, --file, or - to read texts from standard input")
        if asked.output is not None and asked.file is None:
            raise InputError("--output is for the rows of --file, which is not given")
        if asked.skip and asked.texts and not asked.streams:
            raise InputError("--skip is for --file and standard input; leave the text out")
        return
    if asked.texts and not asked.streams:
        raise InputError(
            f"{asked.experiment} is a forecast and reads no TEXT; give --file, - to read values "
            "from standard input, or nothing to continue its own series"
        )
    if asked.skip:
        raise InputError("--skip is for texts; a series must be complete")
    if asked.streams and asked.steps is not None:
        raise InputError("--steps is not for standard input: each value is answered by the next")
    if asked.streams and asked.output is not None:
        raise InputError("--output is not for standard input: forecasts are printed as they come")


def check_file(path: Path) -> None:
    """See that a file of the right kind is there.

    Raises:
        InputError: If it is not, or cannot be opened.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--file must end in {' or '.join(SUFFIXES)}, got {path}")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"--file {path} cannot be read: {error.strerror}") from None


def check_output(path: Path) -> None:
    """See that a file can be written there.

    Raises:
        InputError: If that is not so.
    """
    folder = path.resolve().parent
    reason = None
    if path.exists() and not path.is_file():
        reason = "it is not a file"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = f"the folder {folder} is not writable"
    if reason is not None:
        raise InputError(f"--output {path} cannot be written: {reason}")


def architecture(name: str | None) -> Architecture | None:
    """The architecture of that name.

    Raises:
        InputError: If there is none.
    """
    known: tuple[Architecture, ...] = get_args(Architecture)
    if name is None:
        return None
    for one in known:
        if one == name:
            return one
    raise InputError(f"--architecture must be one of {', '.join(known)}, got {name!r}")
