"""Which MLflow servers and databases hold runs that were made from a store.

One folder for everything may have been used with several: the database in it, then a server. What
none of them refers to may be cleared away, so each that was ever used is remembered, by an address
without a password.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
from filelock import FileLock
from mlflow.entities import Experiment
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from components import address
from components.files import write_whole
from components.storage import SQLITE, Home, is_server
from params.errors import InputError

PLACES = "tracked_by.json"
HIDDEN = "***"  # instead of a password
REACH_SECONDS = 5


def shown(uri: str) -> str:
    """An address without its password, and as it is from whatever folder a command is run."""
    if uri.startswith(SQLITE):
        return f"{SQLITE}{file_of(uri).resolve()}"
    try:
        if not is_server(uri):
            return make_url(uri).render_as_string(hide_password=True)
        url = httpx.URL(uri)
    except (ArgumentError, ValueError, httpx.InvalidURL):  # a name such as `databricks`, or none
        return address.shown(uri)
    return str(url.copy_with(username=url.username, password=HIDDEN)) if url.password else uri


def file_of(uri: str) -> Path:
    """The file that the address of a SQLite database names."""
    return Path(uri.removeprefix(SQLITE))


def remember(home: Home, experiment: Experiment) -> None:
    """Keep where the runs of an experiment are tracked now, unless it is in this folder itself."""
    place = shown(home.tracking_uri)
    if place == shown(home.own_tracking_uri):
        return
    # A file that holds the same experiment is a copy, which gets runs of its own.
    if is_server(home.tracking_uri) and is_own(home, experiment):
        return
    path = home.root / PLACES
    with FileLock(path.with_suffix(".lock")):
        known = remembered(path)
        if place not in known:
            write_whole(path, json.dumps([*known, place], indent=1))


def is_own(home: Home, experiment: Experiment) -> bool:
    """Whether a server keeps the experiment in this folder's own database, as `unroll ui` does."""
    query = "SELECT 1 FROM experiments WHERE experiment_id = ? AND name = ? AND creation_time = ?"
    one = (experiment.experiment_id, experiment.name, experiment.creation_time)
    uri = f"{home.database.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=REACH_SECONDS)) as database:
            return database.execute(query, one).fetchone() is not None
    except sqlite3.Error:  # there is none, or it is no database of MLflow's
        return False


def places(home: Home) -> list[str]:
    """Every server and database that may hold runs made from this folder's store.

    Raises:
        InputError: If it cannot be known, or not be asked.
    """
    path = home.root / PLACES
    found = {shown(home.tracking_uri): home.tracking_uri}
    if home.database.is_file():
        found.setdefault(shown(home.own_tracking_uri), home.own_tracking_uri)
    for place in remembered(path):
        if place not in found:
            require_there(place, home)
            found[place] = place
    return list(found.values())


def require_there(address: str, home: Home) -> None:
    """See that it can be asked what runs a remembered place holds.

    Raises:
        InputError: If it cannot.
    """
    if HIDDEN in address:
        said, mend = "whose password is not known here", "set MLFLOW_TRACKING_URI to it"
    elif address.startswith(SQLITE) and not file_of(address).is_file():
        # MLflow would make an empty one, to which nothing is known.
        said, mend = "which is not there", "bring it back"
    else:
        return
    raise InputError(
        f"comparisons of {home.root} are tracked at {address}, too, {said}: {mend}, or, if it is "
        f"no more, take it out of {home.root / PLACES}"
    )


def remembered(path: Path) -> list[str]:
    """The addresses in the file `path`; none if it is not there.

    Raises:
        InputError: If it is not as it was written.
    """
    try:
        known = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError:
        known = None
    if not isinstance(known, list) or not all(isinstance(one, str) for one in known):
        raise InputError(
            f"{path} is damaged: it must be a JSON list of the MLflow servers and databases that "
            "hold runs of this folder; write it again"
        )
    return known
