"""Every MLflow that a folder was used with is remembered, without its password."""

import json
import shutil
from pathlib import Path

import pytest
from mlflow.entities import Experiment

from components.storage import Home
from components.tracking.opening import open_tracking
from components.tracking.places import PLACES, places, remember, shown
from params.errors import InputError


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https://me:secret@host:5000/mlflow", "https://me:***@host:5000/mlflow"),
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("sqlite:////tmp/mlflow.db", "sqlite:////tmp/mlflow.db"),
        ("databricks", "databricks"),
    ],
)
def test_an_address_is_shown_without_its_password(uri: str, address: str) -> None:
    assert shown(uri) == address


EXPERIMENT = Experiment("7", "heat", "file:///x", "active", creation_time=1)


def test_the_own_database_needs_no_remembering(home: Home) -> None:
    remember(home, EXPERIMENT)
    assert not (home.root / PLACES).exists()
    assert places(home) == [home.own_tracking_uri]


def test_a_server_is_remembered_once_and_asked_beside_the_own_database(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://one:5000")
    remember(home, EXPERIMENT)
    remember(home, EXPERIMENT)
    assert places(home) == ["http://one:5000", home.own_tracking_uri]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@two:5000")
    remember(home, EXPERIMENT)
    kept = (home.root / PLACES).read_text()
    assert json.loads(kept) == ["http://one:5000", "http://me:***@two:5000"]
    assert places(home) == ["http://me:secret@two:5000", home.own_tracking_uri, "http://one:5000"]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(InputError, match=r"at http://me:\*\*\*@two:5000, too, whose password"):
        places(home)


def test_a_server_on_the_own_database_needs_no_remembering(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = open_tracking(home, "heat")
    known = tracking.client().get_experiment(tracking.experiment_id)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    remember(home, known)
    assert not (home.root / PLACES).exists()
    remember(home, EXPERIMENT)
    assert json.loads((home.root / PLACES).read_text()) == ["http://127.0.0.1:5000"]


def test_a_file_is_remembered_as_it_is_from_any_folder(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    shutil.copy(empty_database, tmp_path / "a" / "mlflow.db")
    monkeypatch.chdir(tmp_path / "a")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    remember(home, EXPERIMENT)
    assert places(home) == ["sqlite:///mlflow.db", home.own_tracking_uri]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.chdir(tmp_path / "b")
    assert places(home) == [home.own_tracking_uri, f"sqlite:///{tmp_path}/a/mlflow.db"]


def test_a_file_that_is_not_there_is_asked_for_and_not_made(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "mounted" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{away}")
    remember(home, EXPERIMENT)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(InputError, match=r"/mounted/mlflow\.db, too, which is not there: bring it"):
        places(home)
    assert not away.parent.exists()


def test_a_copy_of_the_own_database_is_remembered(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = open_tracking(home, "heat")
    known = tracking.client().get_experiment(tracking.experiment_id)
    copy = tmp_path / "copy.db"
    shutil.copy(home.database, copy)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{copy}")
    remember(home, known)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert places(home) == [home.own_tracking_uri, f"sqlite:///{copy}"]


def test_the_own_database_is_the_own_however_it_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    remember(home, EXPERIMENT)
    assert not (home.root / PLACES).exists()
    assert places(home) == ["sqlite:///mlflow.db"]


def test_a_folder_without_a_database_of_its_own_has_none_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://one:5000")
    assert places(Home(tmp_path)) == ["http://one:5000"]


@pytest.mark.parametrize("text", ["{", "7", "[1]", '{"a": 1}'])
def test_a_damaged_list_is_refused(home: Home, text: str) -> None:
    (home.root / PLACES).write_text(text)
    with pytest.raises(InputError, match=r"tracked_by\.json is damaged: it must be a JSON list"):
        places(home)
