"""The experiment in MLflow: made once, whoever comes first."""

from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from components.storage import Home
from components.tracking import opening
from components.tracking.opening import Tracking, open_tracking


def test_the_experiment_is_made_once(home: Home, opened: Tracking) -> None:
    assert opened.uri == f"sqlite:///{home.database}"
    assert open_tracking(home, "tiny") == opened
    names = [one.name for one in opened.client().search_experiments()]
    assert sorted(names) == ["Default", "tiny"]
    made = opened.client().get_experiment(opened.experiment_id)
    assert made.artifact_location == home.artifacts.as_uri()
    assert made.tags["mlflow.experimentKind"] == "custom_model_development"


def test_two_that_make_the_experiment_at_once_share_it(
    home: Home, opened: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = MlflowClient.get_experiment_by_name
    answers: list[Callable[..., Any]] = [lambda *_: None, find]
    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", lambda *of: answers.pop(0)(*of))
    assert open_tracking(home, "tiny") == opened
    answers[:] = [lambda *_: None] * 2
    with pytest.raises(MlflowException):
        open_tracking(home, "tiny")


def test_a_server_chooses_where_artifacts_go(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Client:
        def __init__(self, uri: str):
            asked.append(uri)

        def get_experiment_by_name(self, name: str) -> None:
            asked.append(name)

        def create_experiment(
            self, name: str, artifact_location: str | None, tags: dict[str, str]
        ) -> str:
            asked.extend([name, artifact_location])
            return "12"

        def get_experiment(self, id: str) -> Experiment:
            return Experiment(id, "tiny", "mlflow-artifacts:/12", "active", creation_time=1)

    monkeypatch.setattr(opening, "first_client", Client)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    opened = open_tracking(home, "tiny")
    assert opened == Tracking(uri="http://tracking.example:5000", experiment_id="12")
    assert asked == ["http://tracking.example:5000", "tiny", "tiny", None]


@pytest.mark.parametrize("chosen", [None, "genai_development"])
def test_an_older_experiment_is_shown_as_trainings_unless_somebody_chose(
    home: Home, chosen: str | None
) -> None:
    client = MlflowClient(home.tracking_uri)
    made = client.create_experiment("old", tags={"mlflow.experimentKind": chosen} if chosen else {})
    assert open_tracking(home, "old").experiment_id == made
    found = client.get_experiment(made).tags["mlflow.experimentKind"]
    assert found == (chosen or "custom_model_development")


def test_pages_are_named_as_links_of_the_ui(opened: Tracking) -> None:
    number = opened.experiment_id
    assert opened.page("r1") == f"#/experiments/{number}/runs/r1"
    assert (
        opened.page("r1", "a b/c.html") == f"#/experiments/{number}/runs/r1/artifacts/a%20b/c.html"
    )
    assert not opened.is_server
    assert Tracking(uri="https://x", experiment_id="1").is_server
