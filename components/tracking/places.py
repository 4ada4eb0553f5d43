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

from components.files import write_whole
from components.storage import Home
from params.errors import InputError

PLACES = "tracked_by.json"
HIDDEN = "***"  # instead of a password
REACH_SECONDS = 5


def is_server(uri: str) -> bool:
    """Whether it is an MLflow server that is asked over HTTP."""
    return uri.startswith(("http://", "https://"))


def shown(uri: str) -> str:
    """An address without its password."""
    if not is_server(uri):
        return make_url(uri).render_as_string(hide_password=True)
    address = httpx.URL(uri)
    if not address.password:
        return uri
    return str(address.copy_with(username=address.username, password=HIDDEN))


def remember(home: Home, experiment: Experiment) -> None:
    """Keep where the runs of an experiment are tracked now, unless it is in this folder itself."""
    if home.tracking_uri == home.own_tracking_uri or is_own(home, experiment):
        return
    path = home.root / PLACES
    with FileLock(path.with_suffix(".lock")):
        known = remembered(path)
        address = shown(home.tracking_uri)
        if address not in known:
            write_whole(path, json.dumps([*known, address], indent=1))


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
    found = [home.tracking_uri]
    if home.database.is_file() and home.own_tracking_uri not in found:
        found.append(home.own_tracking_uri)
    for address in remembered(path):
        if address not in map(shown, found):
            if HIDDEN in address:
                raise InputError(
                    f"comparisons of {home.root} are tracked at {address}, too, whose password is "
                    f"not known here: set MLFLOW_TRACKING_URI to it, or, if it is no more, take it "
                    f"out of {path}"
                )
            found.append(address)
    return found


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
