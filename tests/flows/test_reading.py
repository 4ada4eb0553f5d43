"""What commands say that only read, where there is nothing to be read."""

from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from components.remote import Remote
from components.storage import Home
from flows.reading import reading
from flows.reports.newest import open_report
from flows.upkeep.wanted import require_tracking
from params.errors import InputError

UNKNOWN = "nosuch://bucket cannot be used: Protocol not known: nosuch; UNROLL_HOME must be a folder"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def read(home: Home) -> None:
    with reading(home, writes=False):
        pytest.fail("there is nothing")


def test_a_url_that_no_run_could_use_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path, Remote("nosuch://bucket"))
    for call in (read, require_tracking, lambda home: open_report(None, home)):
        with pytest.raises(InputError) as caught:
            call(home)
        assert str(caught.value).startswith(UNKNOWN)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # is not asked then
    with pytest.raises(InputError, match="Protocol not known"):
        read(home)


def test_a_place_that_does_not_answer_is_told_rather_than_that_there_are_no_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ls(*_: object, **__: object) -> None:
        raise PermissionError("no such key")

    shared = (tmp_path / "shared").as_uri()
    home = Home(tmp_path / "own", Remote(shared))
    with monkeypatch.context() as refused:
        refused.setattr(LocalFileSystem, "ls", ls)
        for call in (read, lambda home: open_report(None, home)):
            with pytest.raises(InputError, match="could not be read: no such key"):
                call(home)
    with pytest.raises(InputError, match=r"^no runs yet: "):
        read(home)
    with pytest.raises(InputError, match=r"^no report yet in "):
        open_report(None, home)
    assert not home.root.exists()


def test_the_variable_that_names_the_runs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = {
        Home(tmp_path): "set UNROLL_HOME or MLFLOW_TRACKING_URI to where the",
        Home(tmp_path, Remote(tmp_path.as_uri())): "set UNROLL_CACHE or MLFLOW_TRACKING_URI to ",
    }
    for home, said in cases.items():
        for call in (read, require_tracking):
            with pytest.raises(InputError, match=said):
                call(home)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/none.db")
    for home in cases:
        for call in (read, require_tracking):
            with pytest.raises(
                InputError, match=r"none\.db .*; .*set MLFLOW_TRACKING_URI to where"
            ):
                call(home)
