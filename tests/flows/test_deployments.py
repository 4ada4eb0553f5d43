"""The flows of deployments: the form they give Prefect, and how their runs end."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from prefect import runtime
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools import is_valid_schema, validate

from components.records import Comparison
from components.storage import Home
from dashboards.verdict import verdict
from flows import deployments
from flows.deployments import classification, command_of, forecast, lasting_home, sent
from params.errors import InputError
from params.load import load, shipped
from params.schema import ClassificationExperiment, ForecastExperiment

FLOWS = {"classification": classification, "forecast": forecast}


@pytest.mark.parametrize("name", shipped())
def test_the_shipped_params_pass_prefects_form_and_come_back_as_they_were(name: str) -> None:
    params = load(name)
    schema = parameter_schema(FLOWS[params.task].fn).model_dump()
    is_valid_schema(schema)
    parameters = json.loads(json.dumps({"params": params.model_dump(mode="json"), "fresh": True}))
    assert validate(parameters, schema) == []
    assert sent(parameters["params"], params.task, []) == params


def test_the_form_has_types_and_descriptions() -> None:
    schema = parameter_schema(classification.fn).model_dump()
    fields = schema["definitions"]
    assert fields["Train"]["properties"]["max_epochs"] == {
        "description": "Passes over the training part, at most.",
        "maximum": 1_000_000,
        "minimum": 1,
        "title": "Max Epochs",
        "type": "integer",
    }
    assert fields["ClassificationExperiment"]["properties"]["architectures"]["items"] == {
        "enum": ["rnn", "lstm", "gru", "bilstm"],
        "type": "string",
    }
    assert "ForecastExperiment" not in fields
    assert schema["required"] == ["params"]
    described = {name: one["description"] for name, one in schema["properties"].items()}
    assert described["fresh"] == "Do everything again; reuse no stored output."
    errors = validate({"params": {}, "fresh": "yes"}, schema)
    assert {error.message for error in errors} >= {"'yes' is not of type 'boolean'"}


@pytest.mark.parametrize(
    ("changed", "overrides", "said"),
    [
        (
            {"seeds": [1.5]},
            [],
            "seeds must be a whole number, got 1.5 (the params of this flow run)",
        ),
        ({"sedes": [1]}, [], "sedes is not a known key; did you mean seeds? (the params of this"),
        ({}, ["train.max_epochs=0"], "must be at least 1, got 0 (--set train.max_epochs)"),
        ({}, ["train.max_epochs"], "--set must look like section.key=value"),
        ({"task": "forecast"}, [], "task must be classification here, got 'forecast' (the params"),
    ],
)
def test_a_mistake_is_told_as_one_in_a_file_is(
    changed: dict[str, Any], overrides: list[str], said: str
) -> None:
    values = load("imdb").model_dump(mode="json") | changed
    with pytest.raises(InputError) as caught:
        sent(values, "classification", overrides)
    assert said in str(caught.value)


@pytest.fixture
def deployed(
    monkeypatch: pytest.MonkeyPatch, tiny_temperature: ForecastExperiment, prefect: None
) -> dict[str, Any]:
    """As in a run of the deployment forecast/hot, but in the process group of the tests.

    Gives its own params, of one architecture.
    """
    values = tiny_temperature.model_dump(mode="json") | {"architectures": ["rnn"]}
    made = forecast.to_deployment("hot", parameters={"params": values}).apply()
    monkeypatch.setattr(deployments, "own_group", lambda: None)
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", str(made))
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__NAME", "hot")
    assert (runtime.deployment.id, runtime.deployment.name) == (str(made), "hot")
    return values


def test_the_command_names_what_is_not_the_deployments_own(deployed: dict[str, Any]) -> None:
    def command(**changed: object) -> list[str]:
        given = {"params": deployed, "fresh": False, "set": [], **changed}
        return command_of("forecast/hot", "temperature", given)

    run = ["prefect", "deployment", "run", "forecast/hot"]
    assert command() == run
    changes = ["train.max_epochs=5", "report.title=A 'quoted' one"]
    assert command(set=changes) == [*run, "--param", f"set={json.dumps(changes)}"]
    assert command(fresh=True) == [*run, "--param", "fresh=true"]
    edited = deployed | {"seeds": [7]}
    found = command(params=edited)
    assert found[:-1] == [*run, "--param"]
    assert json.loads(found[-1].removeprefix("params=")) == edited


def test_a_run_of_no_deployment_is_one_of_the_command_line() -> None:
    given = {"params": {}, "fresh": True, "set": ["seeds=[1,2]"]}
    expected = ["unroll", "run", "temperature", "--set", "seeds=[1,2]", "--fresh"]
    assert command_of(None, "temperature", given) == expected


def test_a_run_ends_with_the_headline_and_says_what_started_it(
    deployed: dict[str, Any], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    state = forecast(deployed, fresh=False, set=("seeds=[2]",), return_state=True)
    (text,) = home.reports.glob("*/comparison.json")
    comparison = Comparison.model_validate_json(text.read_text())
    assert (state.name, state.message) == ("Completed", verdict(comparison).headline)
    assert shlex.split(comparison.provenance.command) == [
        *("prefect", "deployment", "run", "forecast/hot", "--param", 'set=["seeds=[2]"]'),
    ]
    assert [row.seeds for row in comparison.rows if row.kind == "network"] == [(2,)]
    client = MlflowClient(home.tracking_uri)
    known = client.get_experiment_by_name("temperature")
    assert known is not None
    (run,) = client.search_runs([known.experiment_id], "tags.`unroll.kind` = 'comparison'")
    assert run.data.tags["unroll.deployment"] == "forecast/hot"


@pytest.mark.usefixtures("prefect")
def test_a_mistake_is_the_message_of_a_failed_run(
    tiny_imdb: ClassificationExperiment, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLL_HOME", str(home.root))

    def ends(**changed: Any) -> str:
        values = tiny_imdb.model_dump(mode="json") | changed
        state = classification(values, return_state=True)
        assert state.name == "Failed"
        return state.message or ""

    said = "architectures must be a list of at least 1, got [] (the params of this flow run)"
    assert ends(architectures=[]) == said
    assert ends(compare={"metric": "test/mae"}).startswith("compare.metric must be one of test/acc")
    nowhere = tiny_imdb.ingest.model_dump(mode="json") | {"source": "/no/folder"}
    assert "must be an existing folder, a Hub data set" in ends(ingest=nowhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    away = ends(resources={"cluster": "tcp://127.0.0.1:9"})
    assert away.startswith("no Dask scheduler answers at tcp://127.0.0.1:9 (")
    assert not home.store.root.exists()  # all of that is told before the data are read
    assert not home.reports.exists()


def test_results_are_not_left_where_a_worker_removes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(deployments.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.delenv("UNROLL_HOME", raising=False)
    with pytest.raises(InputError, match="is temporary, and so would be its results; start the"):
        lasting_home()
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "lasts"))
    assert lasting_home() == Home(tmp_path / "lasts")


def test_a_run_leaves_the_group_of_what_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[bool] = []
    monkeypatch.setattr(deployments.os, "setpgrp", lambda: left.append(True))
    monkeypatch.setattr(deployments.os, "getpgrp", lambda: 1)
    deployments.own_group()
    assert left == []  # nobody but a person started it
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "1")
    deployments.own_group()
    assert left == [True]
