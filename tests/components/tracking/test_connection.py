"""What is said of an MLflow that does not answer, and one in a folder that is read-only."""

import errno
import re
import sys
from typing import NoReturn

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from components import patience
from components.storage import Home
from components.tracking import connection
from components.tracking.connection import connected, without_password
from components.tracking.patience import briefly, or_warning, patiently
from params.errors import InputError

POSTGRES = "postgresql://me:secret@db.example:5432/runs"
SERVER = "https://me:secret@mlflow.example/"


@pytest.mark.parametrize(
    ("uri", "error", "said"),
    [
        (
            SERVER,
            MlflowException(f"API request to {SERVER}api/2.0/mlflow failed"),
            "MLflow at https://me:***@mlflow.example/ did not answer: API request to "
            "https://me:***@mlflow.example/api/2.0/mlflow failed; start it, or correct "
            "MLFLOW_TRACKING_URI",
        ),
        (
            POSTGRES,
            OperationalError("SELECT 1", {}, Exception("connection refused")),
            "MLflow's database postgresql://me:***@db.example:5432/runs did not answer: connection "
            "refused; start it, or correct MLFLOW_TRACKING_URI",
        ),
        (
            "databricks",
            MlflowException("no profile"),
            "MLflow at databricks did not answer: no profile; correct MLFLOW_TRACKING_URI",
        ),
    ],
)
def test_an_address_is_told_without_its_password(
    uri: str, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> NoReturn:
        raise error

    monkeypatch.setattr(connection, "require_reachable", lambda _: None)
    monkeypatch.setattr(connection, "first_client", refuse)
    with pytest.raises(InputError) as caught, connected(uri):
        pytest.fail("it does not answer")
    assert str(caught.value) == said


def test_a_server_that_is_away_is_a_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError) as caught, connected("http://127.0.0.1:9"):
        pytest.fail("nothing listens there")
    assert str(caught.value) == (
        "MLflow at http://127.0.0.1:9 did not answer: Connection refused; start it, or correct "
        "MLFLOW_TRACKING_URI"
    )


@pytest.mark.parametrize("password", ["secret", "se/cret", "se?cret", "se#cret"])
def test_a_database_that_is_away_is_asked_once(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg2")
    monkeypatch.setattr(connection, "first_client", lambda _: pytest.fail("it asks for minutes"))
    uri = f"postgresql://me:{password}@127.0.0.1:9/runs"
    with pytest.raises(InputError) as caught, connected(uri):
        pytest.fail("nothing listens there")
    assert re.fullmatch(
        r"MLflow's database postgresql://me:\*\*\*@127.0.0.1:9/runs did not answer: connection to "
        r"server at .* Connection refused .*; start it, or correct MLFLOW_TRACKING_URI",
        str(caught.value),
    )


@pytest.mark.parametrize(("asked", "waits"), [("", 10), ("?connect_timeout=60", "60")])
def test_a_database_is_waited_for_as_long_as_its_url_says(
    asked: str, waits: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    given = []

    def connect(*_: object, **one: object) -> NoReturn:
        given.append(one)
        raise psycopg2.OperationalError("refused")

    monkeypatch.setattr(psycopg2, "connect", connect)
    with pytest.raises(InputError), connected(f"postgresql://me@db.example/runs{asked}"):
        pytest.fail("it is refused")
    assert [one["connect_timeout"] for one in given] == [waits]


def test_a_database_whose_package_is_not_installed_is_a_short_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    with pytest.raises(InputError) as caught, connected("mysql://me:secret@127.0.0.1:9/runs"):
        pytest.fail("nobody speaks to it")
    assert str(caught.value) == (
        "MLflow's database mysql://me:***@127.0.0.1:9/runs needs the package MySQLdb, which is not "
        "installed"
    )


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("http://me:secret@mlflow.example:port", "http://me:***@mlflow.example:port"),
        ("postgresql://me:secret@db.example:port/runs", "postgresql://me:***@db.example:port/runs"),
        ("postgresql:/db.example/runs", "postgresql:/db.example/runs"),
        ("postgresql", "postgresql"),
    ],
)
def test_what_is_no_address_is_told_without_its_password(uri: str, told: str) -> None:
    with pytest.raises(InputError) as caught, connected(uri):
        pytest.fail("it is no address")
    assert str(caught.value) == f"MLFLOW_TRACKING_URI is no address: {told}"


def test_a_driver_that_is_not_known_is_a_short_line() -> None:
    with pytest.raises(InputError) as caught, connected("postgresql+nope://me:secret@db/runs"):
        pytest.fail("nobody speaks to it")
    assert str(caught.value) == (
        "MLFLOW_TRACKING_URI names a driver that is not known: postgresql+nope://me:***@db/runs"
    )


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_where_no_lock_can_be_made_the_runs_are_read_all_the_same(
    reason: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may write anywhere, so that the lock is refused by hand."""
    MlflowClient(home.tracking_uri).create_experiment("tiny")

    def refuse(path: str) -> NoReturn:
        raise OSError(reason, "refused", path)

    monkeypatch.setattr(connection, "FileLock", refuse)
    if reason == errno.ENOSPC:  # that is another matter
        with pytest.raises(OSError, match="refused"):
            connection.first_client(home.tracking_uri)
        return
    with connected(home.tracking_uri) as client:
        assert client.get_experiment_by_name("tiny") is not None


def test_what_a_warning_says_is_short_and_has_no_password() -> None:
    said = briefly(MlflowException(f"API request to {SERVER}api failed " + "because " * 50))
    assert said.startswith("API request to https://me:***@mlflow.example/api failed because ")
    assert len(said) == 120
    error = MlflowException("long")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert briefly(error) == "Connection refused"


def test_a_file_that_lacks_is_named() -> None:
    assert briefly(FileNotFoundError(2, "No such file", "/a.txt")) == (
        "[Errno 2] No such file: '/a.txt'"
    )


def test_what_a_warning_says_is_why_mlflow_did_not_answer_and_not_what_was_handled_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0,))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    def ask() -> None:
        MlflowClient("http://127.0.0.1:9").get_run("a" * 32)

    def answer() -> None:  # what the server itself says has no error of the system in it
        raise MlflowException("no such run")

    try:
        raise PermissionError(errno.EACCES, "Permission denied", "/a.txt")
    except PermissionError:
        for call in (ask, answer):
            with or_warning("a run"):
                call()
        with pytest.raises(MlflowException):
            patiently("a run", ask)
    assert caplog.messages == [
        "MLflow did not take a run: Connection refused",
        "MLflow did not take a run: no such run",
        "MLflow did not take a run; trying again in 0 s: Connection refused",
    ]


def test_what_mlflow_says_has_no_password() -> None:
    said = "API request to https://me:secret@mlflow.example/api/2.0 failed"
    told = "API request to https://me:***@mlflow.example/api/2.0 failed"
    assert without_password(SERVER, said) == told
