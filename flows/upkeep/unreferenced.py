"""What of the store can go."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from components.evaluate.cost import ANSWERING, MEASURED
from components.locks import is_held
from components.tracking.references import Tracked
from dashboards.wording import size
from flows.upkeep.inventory import Stored
from flows.upkeep.wanted import Item, Wish
from params.errors import plural

Names = frozenset[str]  # of outputs, as `train/1824dede80391737`


def from_store(
    stored: Sequence[Stored],
    comparisons: Sequence[Tracked],
    given_up: Sequence[Tracked],
    since: float,
    wish: Wish,
) -> tuple[list[Item], list[str]]:
    """What of the store can go, and why other things stay.

    Args:
        stored: All that is in it.
        comparisons: All that MLflow holds.
        given_up: Those of them that go, too.
        since: What was used since then may be in use, in seconds since 1970.
        wish: What may go.
    """
    kept = [one for one in comparisons if one not in given_up]
    unknown = [one.unknown for one in kept if one.unknown and one.state in {"finished", "running"}]
    if unknown:
        return [], [f"nothing in the store can go: {unknown[0]}"]
    needed = union(kept)
    # A search that does a trial again begins it anew where what it left is gone.
    without = union(one for one in kept if not one.is_idle_search)
    needed_of = {"output": needed, "partial": without if wish.unfinished else needed}
    asked = asked_for(comparisons, given_up, wish)
    items, busy = [], []
    for one in stored:
        if one.kind == "removed":
            if not wish.experiments:
                items.append(item_of(one, "its removal was interrupted"))
        elif is_needed(one, needed_of[one.kind]) or not is_asked_for(one, asked, wish):
            continue
        elif one.used >= since or is_held(one.lock):
            busy.append(one)
        else:
            items.append(item_of(one, reason(one, comparisons, given_up)))
    used = [f"{told(busy)} stays: a process that is running used it"] if busy else []
    searched = [] if wish.unfinished else for_searches(stored, kept)
    return items, [*used, *for_unfinished(stored, kept), *searched]


def for_unfinished(stored: Sequence[Stored], kept: Sequence[Tracked]) -> list[str]:
    """What stays for the unfinished among the comparisons that stay, and for no other, if any."""
    needed = union(kept)
    resumable = [one for one in kept if one.state == "interrupted"]
    others = union(one for one in kept if one.state != "interrupted")
    theirs = [one for one in stored if is_needed(one, needed) and not is_needed(one, others)]
    if not theirs:
        return []
    whose = plural(len(resumable), "unfinished comparison")
    mend = "to go on with (`unroll resume`); --unfinished gives them up"
    return [f"{told(theirs)} stays for {whose} {mend}"]


def for_searches(stored: Sequence[Stored], kept: Sequence[Tracked]) -> list[str]:
    """What stays half written for searches that nobody is at, and for no comparison, if any."""
    ours = union(one for one in kept if one.is_idle_search)
    others = union(one for one in kept if not one.is_idle_search)
    half = [one for one in stored if one.kind == "partial" and one.name in ours - others]
    if not half:
        return []
    mend = "to go on with (the same `unroll tune`); --unfinished gives it up"
    return [f"{told(half)}, half written, stays for a search {mend}"]


def union(comparisons: Iterable[Tracked]) -> Names:
    """All outputs that comparisons refer to."""
    return frozenset(name for one in comparisons for name in one.outputs)


def asked_for(
    comparisons: Sequence[Tracked], given_up: Sequence[Tracked], wish: Wish
) -> Names | None:
    """The outputs that the wish is about, whoever else needs them; None if it is about all."""
    if wish.unfinished:
        searches = [one for one in comparisons if one.is_idle_search and wish.of(one.experiment)]
        chosen = [*given_up, *searches]
    elif wish.experiments:
        chosen = [one for one in comparisons if wish.of(one.experiment)]
    else:
        return None
    return frozenset(name for one in chosen for name in one.outputs | one.former)


def is_asked_for(one: Stored, asked: Names | None, wish: Wish) -> bool:
    """Whether the wish is about a folder; a half-written one is always unfinished."""
    if asked is None or (one.kind == "partial" and wish.unfinished and not wish.experiments):
        return True
    measured = measured_by(one)
    return one.name in asked or (measured is not None and bool(measured & asked))


def is_needed(one: Stored, needed: Names) -> bool:
    """Whether a folder is, or becomes, one of the `needed` outputs, or was measured on them alone.

    No run names how fast its rows answer: that is needed for as long as all that it was measured
    on. An older version did not note what that was, and such a measurement stays.
    """
    if one.name in needed:
        return True
    measured = measured_by(one)
    return measured is not None and measured <= needed


def measured_by(one: Stored) -> Names | None:
    """What the answers of the rows were measured on, if a folder has such a measurement.

    Empty if that is not known.
    """
    if one.kind != "output" or not (one.path / ANSWERING).is_file():
        return None
    return read_names(one.path / MEASURED)


def read_names(path: Path) -> Names:
    """The outputs that a file lists; none if it does not."""
    try:
        return frozenset(map(str, json.loads(path.read_bytes())))
    except (OSError, ValueError, TypeError):
        return frozenset()


def reason(one: Stored, comparisons: Sequence[Tracked], given_up: Sequence[Tracked]) -> str:
    """Why nobody needs a folder of the store."""
    if one.kind == "partial":
        return "half written, and its process is gone"
    if one.name in union(given_up):
        return "only unfinished comparisons refer to it"
    if any(one.name in other.former for other in comparisons):
        return "only deleted runs refer to it"
    return "no comparison refers to it"


def item_of(one: Stored, why: str) -> Item:
    """A folder that can go; one that was being removed is no output any more."""
    if one.kind == "removed":
        return Item(one.kind, one.name, why, one.size, one.used, (one.path,))
    name, lock = f"store {one.name}", one.lock
    return Item(one.kind, name, why, one.size, one.used, (one.path,), output=one.name, lock=lock)


def told(stored: Sequence[Stored]) -> str:
    """`3 outputs (12 MB)`."""
    return f"{plural(len(stored), 'output')} ({size(sum(one.size for one in stored))})"
