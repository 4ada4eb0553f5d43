"""Is what the store holds whole?"""

from collections.abc import Iterator, Sequence

from components.locks import is_held
from components.manifest import damage
from components.storage import Home
from dashboards.wording import size
from flows.upkeep.findings import Finding, good, note, wrong
from flows.upkeep.inventory import Stored, inventory
from params.errors import MOST_NAMED, plural

AGAIN = "nothing to do: it is made again at the next run that needs it"


def store(home: Home, *, deep: bool) -> Iterator[Finding]:
    """Outputs, half-written folders and locks.

    Args:
        home: The folder for everything.
        deep: Read every file, and compare its digest.
    """
    found = list(inventory(home))
    outputs = [one for one in found if one.kind == "output"]
    broken = 0
    for one in outputs:
        reason = damage(one.path, deep=deep)
        if reason is not None and one.path.is_dir():  # else it was removed meanwhile
            broken += 1
            if broken <= MOST_NAMED:
                yield wrong("store", f"{one.name} is damaged: {reason} ({one.path})", AGAIN)
    if (more := broken - MOST_NAMED) > 0:
        yield wrong(
            "store",
            f"and {plural(more, 'more output')} that {'is' if more == 1 else 'are'} damaged",
            AGAIN,
        )
    if not found:
        yield good("store", f"nothing in {home.store.root} yet")
    elif not broken:
        how = "every file is what was written" if deep else "complete by their sizes"
        total = size(sum(one.size for one in outputs))
        yield good("store", f"{plural(len(outputs), 'output')}, {total}, {how}")
    yield from half_written([one for one in found if one.kind == "partial"])
    removed = [one for one in found if one.kind == "removed"]
    if removed:
        total = size(sum(one.size for one in removed))
        yield note("store", f"{total} whose removal was interrupted", "unroll clean --yes")


def half_written(partials: Sequence[Stored]) -> Iterator[Finding]:
    """What is being made now, and what was when its process ended."""
    making = [one for one in partials if is_held(one.lock)]
    if making:
        names = ", ".join(one.name for one in making)
        yield good("store", f"being made now by a running process: {names}")
    for one in partials:
        if one not in making:
            state = f"{one.name} is half written, {size(one.size)}"
            if one.can_go_on:
                mend = "unroll resume, or the same command again"
                yield note("store", f"{state}; its training can go on from a checkpoint", mend)
            else:
                yield note("store", f"{state}; nothing reads it", "unroll clean --yes")
