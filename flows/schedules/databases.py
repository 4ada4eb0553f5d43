"""The two databases of `unroll up`: files under the output folder, or schemas of one PostgreSQL.

MLflow and Prefect both keep a table `alembic_version`, so that in one database each has a schema of
its own, which its connections alone look into.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from components.storage import Home
from params.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import URL

MLFLOW, PREFECT = "unroll_mlflow", "unroll_prefect"
FORM = "postgresql://user:password@host/database"
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Databases:
    """An address for each server; `search_path` is where Prefect's looks for its tables."""

    mlflow: str
    prefect: str
    search_path: str | None = None


def in_files(home: Home) -> Databases:
    """The file that `unroll run` uses without a server, and one for Prefect."""
    return Databases(
        mlflow=f"sqlite:///{home.database}",
        prefect=f"sqlite+aiosqlite:///{home.root / 'prefect' / 'prefect.db'}",
    )


def in_postgres(address: str) -> Databases:
    """The two schemas of a PostgreSQL database, made if they are not there.

    Args:
        address: `postgresql://user:password@host/database`; never shown.

    Raises:
        InputError: If it has another form, the database cannot be reached or may not be used, or
            psycopg2 is not installed.
    """
    url = parsed(address)
    path = prepared(url)
    options = {**url.query, "options": f"-csearch_path={MLFLOW}"}
    mode = url.query.get("sslmode")  # for which asyncpg has another name
    mlflow = url.set(drivername="postgresql+psycopg2", query=options)
    prefect = url.set(drivername="postgresql+asyncpg", query={"ssl": mode} if mode else {})
    return Databases(
        mlflow=mlflow.render_as_string(hide_password=False),
        prefect=prefect.render_as_string(hide_password=False),
        search_path=path,
    )


def parsed(address: str) -> "URL":
    """The parts of an address.

    Raises:
        InputError: If it has not the form of one.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # a port that is no number
        raise InputError(f"--postgres must look like {FORM}; this is no address") from None
    if url.drivername not in {"postgresql", "postgres"} or not url.host or not url.database:
        kind = f"{url.drivername}, {url.host or 'no host'}, {url.database or 'no database'}"
        raise InputError(f"--postgres must look like {FORM}, got {kind}")
    if more := sorted(set(url.query) - {"sslmode"}):
        raise InputError(f"--postgres takes only sslmode after the ?, got {', '.join(more)}")
    return url


def prepared(url: "URL") -> str:
    """Prefect's search path in that database, after the schemas were made.

    Raises:
        InputError: If the database cannot be reached or may not be used.
    """
    try:
        import psycopg2
    except ImportError:
        raise InputError("--postgres needs psycopg2: pip install 'unroll[postgres]'") from None

    asked = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "dbname": url.database,
        "sslmode": url.query.get("sslmode"),
        "connect_timeout": CONNECT_SECONDS,
    }
    try:
        connection = psycopg2.connect(**{name: one for name, one in asked.items() if one})
        try:
            with connection, connection.cursor() as cursor:
                for schema in (MLFLOW, PREFECT):
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                return search_path(cursor)
        finally:
            connection.close()
    except psycopg2.Error as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"the PostgreSQL of --postgres cannot be used: {said}") from None


def search_path(cursor: Any) -> str:  # Any: psycopg2 has no types
    """Prefect's own schema, and that of the extension pg_trgm if it is elsewhere.

    Prefect's migrations install it in their schema; there can be but one in a database.

    Raises:
        InputError: If another program's migrations would be taken for Prefect's there.
    """
    cursor.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace ns ON ns.oid = extnamespace "
        "WHERE extname = 'pg_trgm'"
    )
    found = cursor.fetchone()
    if found is None or found[0] == PREFECT:
        return PREFECT
    versions = "SELECT to_regclass(%s), to_regclass(%s)"
    cursor.execute(versions, [f"{PREFECT}.alembic_version", f'"{found[0]}".alembic_version'])
    ours, others = cursor.fetchone()
    if others and not ours:
        raise InputError(
            f"the database of --postgres is another program's: its schema {found[0]} has both the "
            "extension pg_trgm and a table alembic_version; make a database for Unroll alone"
        )
    return f"{PREFECT}, {found[0]}"
