"""The folder for everything as each machine has it, and records that name folders in it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from components.locks import held
from components.storage import Home, find_home
from params.errors import InputError

ID = "folder.id"

Value = TypeVar("Value")


def id_of(home: Home) -> str:
    """What the folder is known by on every machine: a word in a file of it, written once."""
    path = home.root / ID
    with held(path.with_suffix(".lock"), "the id of the output folder"):
        if not path.exists():
            path.write_text(secrets.token_hex(8), encoding="utf-8")
        return path.read_text(encoding="utf-8")


def home_here(root: Path, id: str) -> Home:
    """The flow's folder for everything as this machine has it.

    Args:
        root: Where the flow's machine has it.
        id: What it is known by.

    Raises:
        InputError: If it is neither there nor where this machine's own `UNROLL_HOME` is.
    """
    own = [find_home()] if os.environ.get("UNROLL_HOME") else []
    for home in (Home(root), *own):
        with suppress(OSError):
            if (home.root / ID).read_text(encoding="utf-8") == id:
                return home
    elsewhere = f", nor at its own UNROLL_HOME {own[0].root}" if own else ""
    raise InputError(
        f"does not see the output folder at {root}{elsewhere}; UNROLL_HOME must be a folder that "
        "all machines see"
    )


def moved(value: Value, old: Path, new: Path) -> Value:
    """`value`, a record or a path, with every path in `old` as the same one in `new`."""
    if old == new:
        return value
    made: object = value
    if isinstance(value, Path) and value.is_relative_to(old):
        made = new / value.relative_to(old)
    elif isinstance(value, BaseModel):
        fields = type(value).model_fields
        made = value.model_copy(
            update={name: moved(getattr(value, name), old, new) for name in fields}
        )
    elif isinstance(value, tuple):
        made = tuple(moved(one, old, new) for one in value)
    assert isinstance(made, type(value)), "the same with other paths"
    return made
