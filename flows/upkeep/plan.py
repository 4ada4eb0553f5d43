"""What can go: all that no finished comparison, no registered model and no running process needs.

A plan is made of what was found, and changes nothing; `removal` looks again before it removes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.storage import Home
from components.tracking.files import local_folder, run_folder
from components.tracking.references import Tracked
from flows.reports.folder import COMPARISON, experiment_of
from flows.upkeep.inventory import Stored, measure
from flows.upkeep.unreferenced import from_store
from flows.upkeep.wanted import Item, Wish
from params.errors import plural


@dataclass(frozen=True)
class Found:
    """All that is known when a plan is made.

    `now` and `since` are seconds since 1970; what was used since `since` may be in use.
    `of_models` has the ids of the runs that registered models are of.
    """

    home: Home
    now: float
    since: float
    comparisons: Sequence[Tracked]
    of_models: frozenset[str]
    stored: Sequence[Stored]


@dataclass(frozen=True)
class Plan:
    """What can go, and in a sentence each what stays that one might expect to go."""

    items: tuple[Item, ...]
    stays: tuple[str, ...]


def make_plan(found: Found, wish: Wish) -> Plan:
    """What can go of what was found, as it is wished."""
    oldest = found.now - wish.age
    items = given_up(found, wish) if wish.unfinished else []
    comparisons = [item.comparison for item in items if item.comparison]
    stays: list[str] = []
    if not wish.unfinished:
        items += [*deleted_files(found, wish), *orphaned_reports(found, wish)]
        if others := kept_elsewhere(found, wish):
            said = f"the files of {plural(others, 'deleted run')} are kept by the MLflow server"
            stays.append(f"{said}, whose `mlflow gc` removes them")
    stored, why = from_store(found.stored, found.comparisons, comparisons, found.since, wish)
    kept = tuple(item for item in (*items, *stored) if item.used <= oldest)
    return Plan(kept, (*stays, *why))


def given_up(found: Found, wish: Wish) -> list[Item]:
    """The unfinished comparisons that go: nobody works at them, and no model is of them.

    None that was used lately is among them, since what is may take its outputs with it.
    """
    items = [
        unfinished(one, found)
        for one in found.comparisons
        if one.state == "interrupted" and wish.of(one.experiment)
        if not found.of_models & {run.info.run_id for run in one.runs}
    ]
    return [item for item in items if item.used <= found.now - wish.age]


def unfinished(one: Tracked, found: Found) -> Item:
    """An unfinished comparison with its runs, their files and its report."""
    assert one.own is not None, "it has a run of its own that says how it stands"
    dead = one.own.info.run_id in one.dead
    ended = "its process is gone" if dead else f"it ended {one.own.info.status}"
    folders = [run_folder(run, found.home) for run in one.runs]
    report = found.home.reports / one.id
    paths = tuple(path for path in (*folders, report) if path and path.is_dir())
    measured = [measure(path) for path in paths]
    # What a killed process did last, MLflow does not say: its files do, such as checkpoints.
    half = [part for part in found.stored if part.kind == "partial" and part.name in one.outputs]
    return Item(
        kind="comparison",
        name=f"comparison {one.id}",
        why=f"not finished, {ended}; {plural(len(one.nested), 'run')} in MLflow",
        size=sum(size for size, _ in measured),
        used=max(one.touched, *(at for _, at in measured), *(part.used for part in half)),
        paths=paths,
        comparison=one,
    )


def deleted_files(found: Found, wish: Wish) -> Iterator[Item]:
    """The files of runs that were deleted in MLflow, a comparison at a time.

    Those of a run that a registered model is of stay.
    """
    for one in found.comparisons:
        if not wish.of(one.experiment):
            continue
        deleted = [run for run in one.deleted if run.info.run_id not in found.of_models]
        paths = [path for run in deleted if (path := run_folder(run, found.home))]
        if paths:
            measured = [measure(path) for path in paths]
            yield Item(
                kind="files",
                name=f"files of {one.id}",
                why=f"{plural(len(paths), 'run')} of it deleted in MLflow",
                size=sum(size for size, _ in measured),
                used=max(written for _, written in measured),
                paths=tuple(paths),
            )


def kept_elsewhere(found: Found, wish: Wish) -> int:
    """Of how many deleted runs a server keeps the files."""
    asked = [one for one in found.comparisons if wish.of(one.experiment)]
    return sum(local_folder(run) is None for one in asked for run in one.deleted)


def orphaned_reports(found: Found, wish: Wish) -> Iterator[Item]:
    """Reports of comparisons that MLflow does not hold, or not any more."""
    why = "MLflow holds no such comparison any more"
    if found.home.remote is not None and not found.home.is_tracked_by_server:
        why = f"fetched from {found.home.remote}, or of a comparison that is gone from MLflow here"
    known = {one.id for one in found.comparisons if one.state != "deleted"}
    for path in sorted(found.home.reports.glob(f"*/{COMPARISON}")):
        folder = path.parent
        experiment = experiment_of(folder.name)
        if experiment and folder.name not in known and wish.of(experiment):
            size, written = measure(folder)
            yield Item("report", f"report {folder.name}", why, size, written, (folder,))
