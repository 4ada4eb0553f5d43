"""What of the store can go."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from components import usage
from components.evaluate.cost import ANSWERING, MEASURED
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
    asked = asked_for(comparisons, given_up, wish)
    items, busy = [], []
    for one in stored:
        if one.kind == "removed":
            if not wish.experiments:
                items.append(item_of(one, "an earlier `unroll clean` was interrupted"))
        elif is_needed(one, needed) or not is_asked_for(one, asked, wish):
            continue
        elif one.used >= since or usage.is_held(one.lock):
            busy.append(one)
        else:
            items.append(item_of(one, reason(one, comparisons, given_up)))
    stays = []
    if busy:
        stays.append(f"{told(busy)} stays: a process that is running used it")
    resumable = [one for one in kept if one.state == "interrupted"]
    others = union(one for one in kept if one.state != "interrupted")
    theirs = [one for one in stored if is_needed(one, needed) and not is_needed(one, others)]
    if theirs:
        whose = plural(len(resumable), "unfinished comparison")
        stays.append(
            f"{told(theirs)} stays for {whose} to go on with (`unroll resume`); --unfinished "
            "gives them up"
        )
    return items, stays


def union(comparisons: Iterable[Tracked]) -> Names:
    """All outputs that comparisons refer to."""
    return frozenset(name for one in comparisons for name in one.outputs)


def asked_for(
    comparisons: Sequence[Tracked], given_up: Sequence[Tracked], wish: Wish
) -> Names | None:
    """The outputs that the wish is about, whoever else needs them; None if it is about all."""
    if wish.unfinished:
        chosen = given_up
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
    """A folder of the store that can go."""
    lock = None if one.kind == "removed" else one.lock
    return Item(one.kind, f"store {one.name}", why, one.size, one.used, (one.path,), lock=lock)


def told(stored: Sequence[Stored]) -> str:
    """`3 outputs (12 MB)`."""
    return f"{plural(len(stored), 'output')} ({size(sum(one.size for one in stored))})"
