"""Where both servers keep their data, and what is said of a database that cannot be used."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from components.storage import Home
from flows.schedules.databases import in_files, in_postgres
from params.errors import InputError


def test_files_are_those_of_a_run_without_a_server(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    found = in_files(Home(tmp_path))
    assert found.mlflow == Home(tmp_path).tracking_uri
    assert found.prefect == f"sqlite+aiosqlite:///{tmp_path}/prefect/prefect.db"
    assert found.search_path is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("runs", "this is no address"),
        ("postgresql://u:secret@h:port/d", "this is no address"),
        ("mysql://u:secret@h/d", "got mysql, h, d"),
        ("postgresql://u:secret@/d", "got postgresql, no host, d"),
        ("postgresql://u:secret@h", "got postgresql, h, no database"),
        ("postgresql://u:secret@h/d?options=x&sslmode=require", "sslmode after the ?, got options"),
        ("postgresql://u:secret@127.0.0.1:1/d", 'cannot be used: connection to server at "127.0.'),
    ],
)
def test_an_address_of_no_use_is_told_without_its_password(address: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        in_postgres(address)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_password_and_a_database_that_is_not_there_are_told(postgres: Any) -> None:
    with pytest.raises(InputError, match=r"cannot be used: .*password authentication failed"):
        in_postgres(postgres.url(password="other"))
    with pytest.raises(InputError, match=r'cannot be used: .*database "other" does not exist'):
        in_postgres(postgres.url(name="other"))
    with pytest.raises(InputError, match="server does not support SSL"):
        in_postgres(postgres.url() + "?sslmode=require")


def test_each_server_looks_into_a_schema_of_its_own(database: str) -> None:
    found = in_postgres(database + "?sslmode=disable")
    assert found == in_postgres(database + "?sslmode=disable")  # what is there is no hindrance
    assert found.search_path == "unroll_prefect"
    assert found.prefect == f"{database.replace('://', '+asyncpg://')}?ssl=disable"
    engine = create_engine(found.mlflow)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_schema()")).scalar() == "unroll_mlflow"
        schemas = connection.execute(text("SELECT nspname FROM pg_namespace")).scalars().all()
    engine.dispose()
    assert {"unroll_mlflow", "unroll_prefect"} <= set(schemas)


def test_an_extension_that_is_elsewhere_is_found_there(database: str, postgres: Any) -> None:
    postgres.sql("CREATE EXTENSION pg_trgm", "runs")
    assert in_postgres(database).search_path == "unroll_prefect, public"


def test_a_database_whose_migrations_would_be_mixed_up_is_refused(
    database: str, postgres: Any
) -> None:
    postgres.sql("CREATE EXTENSION pg_trgm", "runs")
    postgres.sql("CREATE TABLE alembic_version (version_num text)", "runs")
    with pytest.raises(InputError, match="its schema public has both the extension pg_trgm and a"):
        in_postgres(database)
    # Once Prefect's own table is there, it is found first.
    postgres.sql("CREATE SCHEMA unroll_prefect", "runs")
    postgres.sql("CREATE TABLE unroll_prefect.alembic_version (version_num text)", "runs")
    assert in_postgres(database).search_path == "unroll_prefect, public"
