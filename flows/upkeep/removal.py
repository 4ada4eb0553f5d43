"""What a plan names is removed, each thing only if it still is as the plan found it.

Why nothing that is needed goes: `since` was taken before MLflow was read. An output that a process
used later has a later time, which is looked at again under the output's lock, and stays. A process
that used it before had ended by then: had its comparison finished, MLflow would have said so.
Whoever wants the output meanwhile waits for the lock, finds it gone, and makes it again. A folder
is renamed before it is emptied, so that nobody ever finds a part of it.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from components import usage
from components.files import put_aside
from components.storage import Home
from components.tracking.connection import connected
from components.tracking.deletion import delete_comparison
from flows.reports.folder import INDEX
from flows.upkeep.inventory import measure
from flows.upkeep.wanted import Item
from params.errors import InputError


@dataclass(frozen=True)
class Outcome:
    """Whether an item is gone now; if it is not, why."""

    item: Item
    refused: str = ""


def remove(items: Sequence[Item], home: Home, since: float) -> Iterator[Outcome]:
    """Remove each item, comparisons first: what stays of them keeps its outputs."""
    keep: set[str] = set()
    for item in sorted(items, key=lambda one: one.kind != "comparison"):
        try:
            if item.output in keep:
                raise InputError("its comparison stays")
            remove_one(item, home, since)
            yield Outcome(item)
        except (InputError, OSError) as error:
            if item.comparison is not None:
                keep |= item.comparison.outputs
            yield Outcome(item, str(error))
    if any(item.kind in {"report", "comparison"} for item in items):
        list_reports(home)


def remove_one(item: Item, home: Home, since: float) -> None:
    """Remove an item.

    Raises:
        InputError: If it is needed by now.
        OSError: If that fails.
    """
    if item.lock is not None:
        clear(unused(item.paths[0], item.lock, since))
        return
    if item.comparison is not None:
        with connected(item.comparison.uri) as client:
            delete_comparison(client, home, item.comparison)
    for path in item.paths:
        clear(path if item.kind == "removed" else put_aside(path))


def unused(path: Path, lock: Path, since: float) -> Path:
    """The new name of an output, or of one half written, that nobody used since `since`.

    Raises:
        InputError: If somebody did.
    """
    try:
        with FileLock(lock, timeout=0):
            _, written = measure(path)
            last = written if path.suffix else usage.used(path)
            if last >= since:
                raise InputError("a process that is running used it")
            return put_aside(path)
    except Timeout:
        raise InputError("a process is making it or looking at it") from None


def clear(path: Path) -> None:
    """Remove a folder and all that is in it.

    Raises:
        OSError: If something cannot be removed; the next `unroll clean` finds it again.
    """
    shutil.rmtree(path)


def list_reports(home: Home) -> None:
    """Write the list of reports without those that are gone."""
    if (home.reports / INDEX).is_file():
        from flows.reports.writing import write_index

        with FileLock(home.reports / ".lock"):
            write_index(home.reports)
