"""Is MLflow well, do the runs in it stand as they should, and are their files there?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from sqlalchemy.exc import SQLAlchemyError

from components.storage import Home, is_server
from components.tracking.files import local_folder
from components.tracking.health import (
    Schema,
    schema,
    server_version,
    sqlite_fault,
)
from components.tracking.places import shown
from components.tracking.references import Tracked, is_active, tracked
from components.tracking.runs import is_complete
from flows.reports.folder import PAGE, experiment_of
from flows.settings import few_tries
from flows.upkeep.findings import Finding, good, note, wrong
from params.errors import InputError, listed, plural
from params.kept import PARAMS

NAMED = 3  # comparisons that are named one by one


def mlflow(home: Home) -> Iterator[Finding]:
    """The server or database, then, if that is well, the runs in it and their reports."""
    uri = home.tracking_uri
    if missing := home.missing_database():
        named = home.tracking_uri != home.own_tracking_uri
        found = f"no runs yet: {missing} is not there; the first run makes it"
        yield note(
            "MLflow", found, "if there are runs, correct MLFLOW_TRACKING_URI" if named else ""
        )
        return
    about = server(uri) if is_server(uri) else database(uri)
    yield about
    if about.mark == "wrong":
        return
    try:
        with few_tries(), TemporaryDirectory(prefix="unroll-") as scratch:
            comparisons = tracked(uri, home, Path(scratch))
    except InputError as error:
        yield wrong("MLflow", str(error), "see MLFLOW_TRACKING_URI and the server's log")
        return
    yield from standing(comparisons)
    yield from files(comparisons)
    yield from reports(comparisons, home.reports)


def server(uri: str) -> Finding:
    """Whether an MLflow server answers."""
    try:
        return good("MLflow", f"the server at {shown(uri)} answers, version {server_version(uri)}")
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        mend = "start it, or correct MLFLOW_TRACKING_URI, or unset it to use a file"
        return wrong("MLflow", f"no MLflow server answers at {shown(uri)}: {reason}", mend)


def database(uri: str) -> Finding:
    """Whether a database is whole, and of the version that the installed MLflow needs."""
    name = shown(uri)
    if uri.startswith("sqlite:///"):
        path = Path(uri.removeprefix("sqlite:///"))
        if fault := sqlite_fault(path):
            mend = (
                f"put a copy of {path.name} in its place, or move it away: what is in the store is "
                "reused, but past comparisons are lost"
            )
            return wrong("MLflow", f"{path} is damaged: {fault}", mend)
    try:
        return of_version(name, schema(uri))
    except ModuleNotFoundError as error:
        said = f"{name} needs the package {error.name}, which is not installed"
        mend = "pip install 'unroll[postgres]', and begin the address with postgresql+psycopg2://"
        return wrong("MLflow", said, mend)
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        return wrong("MLflow", f"{name} cannot be read: {said}", "see MLFLOW_TRACKING_URI")


def of_version(name: str, found: Schema) -> Finding:
    """Whether the tables are those of the installed MLflow."""
    if found.state == "same":
        return good("MLflow", f"{name} is whole, its tables are of version {found.found}")
    if found.state == "older":
        was = found.found or "none"
        said = f"{name} has tables of version {was}, this MLflow needs {found.expected}"
        return wrong("MLflow", said, f"copy the database, then: mlflow db upgrade '{name}'")
    said = f"{name} has tables of version {found.found}, which this MLflow does not know"
    mend = "a newer MLflow made it; install that one (pyproject.toml says which fit)"
    return wrong("MLflow", said, mend)


def standing(comparisons: Sequence[Tracked]) -> Iterator[Finding]:
    """How many comparisons came to their end, and which did not."""
    by_state = {
        state: [one for one in comparisons if one.state == state]
        for state in ("finished", "running", "interrupted")
    }
    found = plural(len(by_state["finished"]), "finished comparison")
    if running := by_state["running"]:
        found += f", {len(running)} running: {listed([one.id for one in running])}"
    yield good("comparisons", found)
    if dead := sum(len(one.dead) for one in comparisons):
        said = f"{plural(dead, 'run')} still RUNNING by MLflow, but their process is gone"
        yield note("comparisons", said, "the next `unroll run` marks them KILLED")
    lacking = [one.id for one in by_state["finished"] if one.lacks]
    if lacking:
        said = f"{plural(len(lacking), 'comparison')} without some of the runs: {listed(lacking)}"
        yield note("comparisons", said, "unroll resume ID tries again")
    newest = sorted(by_state["interrupted"], key=lambda one: one.began, reverse=True)
    for one in newest[:NAMED]:
        assert one.own is not None
        status = one.own.info.status
        how = "its process is gone" if status == "RUNNING" else f"it ended {status}"
        mend = f"unroll resume {one.id}; or `unroll clean --unfinished` removes it"
        yield note("comparisons", f"{one.id} is not finished: {how}", mend)
    if more := newest[NAMED:]:
        yield note(
            "comparisons",
            f"{len(more)} more are not finished: {listed([one.id for one in more])}",
            "unroll resume ID, or `unroll clean --unfinished`",
        )


def files(comparisons: Sequence[Tracked]) -> Iterator[Finding]:
    """Whether what finished runs left is still there, as far as it is on this machine."""
    lost = [
        run
        for one in comparisons
        for run in one.runs
        if is_active(run) and is_complete(run)
        if (folder := local_folder(run)) is not None and not (folder / PARAMS).is_file()
    ]
    if lost:
        names = listed([f"{run.info.run_name} ({run.info.run_id[:8]})" for run in lost])
        place = lost[0].info.artifact_uri
        yield wrong(
            "artifacts",
            f"the files of {plural(len(lost), 'finished run')} are gone: {names}; such as {place}",
            "bring them back, or delete these runs in MLflow (`unroll ui`)",
        )


def reports(comparisons: Sequence[Tracked], folder: Path) -> Iterator[Finding]:
    """Whether each report is of a comparison that MLflow holds."""
    known = {one.id for one in comparisons if one.state != "deleted"}
    pages = sorted(path.parent.name for path in folder.glob(f"*/{PAGE}"))
    orphans = [name for name in pages if name not in known and experiment_of(name)]
    if orphans:
        found = f"{plural(len(orphans), 'report')} of no comparison in MLflow: {listed(orphans)}"
        yield note("reports", found, "`unroll clean` shows what can go")
    else:
        yield good("reports", f"{plural(len(pages), 'report')} in {folder}")
