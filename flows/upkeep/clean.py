"""`unroll clean`: what can go, and, if it is meant, its removal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from components import usage
from components.storage import Home
from components.tracking.places import PLACES, places
from components.tracking.references import runs_of_models, tracked
from dashboards.wording import size
from flows.settings import few_tries, set_defaults
from flows.terminal import note
from flows.upkeep.inventory import inventory
from flows.upkeep.plan import Found, make_plan
from flows.upkeep.removal import remove
from flows.upkeep.wanted import Item, Wish, age, require_tracking
from params.errors import InputError, listed, plural


def clean(home: Home, wish: Wish, *, yes: bool) -> int:
    """Say what can go and how much that is; with `yes` remove it. Returns the exit status.

    It is 1 if something was to be removed and could not be.

    Raises:
        InputError: If MLflow cannot be read: then nothing can be known to be unneeded.
    """
    set_defaults()
    found = look(home)
    require_known(wish, found)
    plan = make_plan(found, wish)
    if home.remote is not None:
        note(
            f"only {home.root} is cleaned: what is at {home.remote} stays, since other machines "
            "may need it; the tools of that storage remove it"
        )
    for why in plan.stays:
        note(why)
    if not plan.items:
        sys.stdout.write("nothing to remove\n")
        return 0
    if not yes:
        for item in plan.items:
            tell(item, found.now)
        total = size(sum(item.size for item in plan.items))
        sys.stdout.write(
            f"{total} in {plural(len(plan.items), 'thing')} can go; --yes removes it\n"
        )
        return 0
    freed, refused = 0, 0
    for outcome in remove(plan.items, home, found.since):
        if outcome.refused:
            refused += 1
            note(f"{outcome.item.name} stays: {' '.join(outcome.refused.split())}")
        else:
            freed += outcome.item.size
            tell(outcome.item, found.now)
    done = len(plan.items) - refused
    sys.stdout.write(f"{size(freed)} freed, {plural(done, 'thing')} removed\n")
    return 1 if refused else 0


def look(home: Home) -> Found:
    """All that a plan is made from, in the order on which its safety rests.

    Raises:
        InputError: If an MLflow that may hold references cannot be read.
    """
    since = usage.needed_since(home.store.root)  # before MLflow is read
    require_tracking(home)
    comparisons, of_models = [], set()
    with few_tries(), TemporaryDirectory(prefix="unroll-") as scratch:
        for number, uri in enumerate(places(home)):
            with required(uri, home):
                comparisons += tracked(uri, home, Path(scratch) / str(number))
                of_models |= runs_of_models(uri)
    return Found(
        home=home,
        now=time.time(),
        since=since,
        comparisons=comparisons,
        of_models=frozenset(of_models),
        stored=tuple(inventory(home)),
    )


@contextmanager
def required(uri: str, home: Home) -> Iterator[None]:
    """Say of a place that is not the one in use why it is asked, if it does not answer.

    Raises:
        InputError: If it does not.
    """
    try:
        yield
    except InputError as error:
        if uri == home.tracking_uri:
            raise
        raise InputError(
            f"{error}; comparisons of {home.root} are tracked there, too: start it or, if it is no "
            f"more, take it out of {home.root / PLACES}"
        ) from None


def require_known(wish: Wish, found: Found) -> None:
    """See that the experiments that were named were run.

    Raises:
        InputError: If one was not.
    """
    known = sorted({one.experiment for one in found.comparisons})
    for name in wish.experiments:
        if name not in known:
            there = f"there are runs of {listed(known)}" if known else "there are no runs"
            raise InputError(f"--experiment {name}: no such experiment was run; {there}")


def tell(item: Item, now: float) -> None:
    """A line for something that goes: how big it is, how long unused, what, and why."""
    unused = age(now - item.used)
    sys.stdout.write(f"{size(item.size):>9}  {unused:>10}  {item.name}: {item.why}\n")
    sys.stdout.flush()
