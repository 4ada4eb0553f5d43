"""Is MLflow's database whole and of the installed MLflow's version, or does its server answer?"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import mlflow.store
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(mlflow.store.__file__).parent / "db_migrations"
REACH_SECONDS = 5
SHOWN = 200  # characters of what SQLite says


@dataclass(frozen=True)
class Schema:
    """The version of a database's tables, and how it stands to the installed MLflow's."""

    found: str
    expected: str
    state: Literal["same", "older", "unknown"]


def server_version(uri: str) -> str:
    """The version of the MLflow server at `uri`.

    Raises:
        httpx.HTTPError: If it does not answer as one does.
    """
    with httpx.Client(base_url=uri, timeout=REACH_SECONDS, follow_redirects=True) as client:
        client.get("health").raise_for_status()
        return client.get("version").raise_for_status().text.strip()


def sqlite_fault(path: Path) -> str | None:
    """What SQLite finds wrong with a database file, in a few words; None if it is whole.

    It is opened to be read alone. One that another process writes to is read as it was before.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=REACH_SECONDS)) as database:
            said = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        return str(error)[:SHOWN]
    return None if said == ["ok"] else "; ".join(said)[:SHOWN]


def schema(uri: str) -> Schema:
    """The version of the tables in a database, as Alembic keeps it; empty if it has none.

    Raises:
        SQLAlchemyError: If the database does not answer.
        ModuleNotFoundError: If the package that speaks to it is not installed.
    """
    engine = create_engine(uri, poolclass=NullPool)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision() or ""
    scripts = ScriptDirectory(str(MIGRATIONS))
    expected = scripts.get_current_head() or ""
    if found == expected:
        return Schema(found, expected, "same")
    try:
        known = not found or scripts.get_revision(found) is not None
    except CommandError:  # of a version that this MLflow has not heard of
        known = False
    return Schema(found, expected, "older" if known else "unknown")
