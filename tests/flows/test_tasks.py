"""What people see of a comparison in Prefect, and the model that it leaves in MLflow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import ValidationError

from components.provenance import provenance
from components.records import Comparison
from components.stopping import Interrupted
from components.storage import Home
from components.tracking.opening import Tracking, open_tracking
from components.tracking.runs import REASON, Parent, finish, start
from components.tracking.trainings import TrainingRun
from components.train import worker
from dashboards.markdown import summary
from flows import experiment as flow
from flows import tasks
from flows.experiment import new_context
from flows.reports.artifacts import dashboard_link
from flows.tasks import Finished
from params.schema import ForecastExperiment

pytestmark = pytest.mark.usefixtures("prefect")


@dataclass(frozen=True)
class Shown:
    """What Prefect shows of a flow run: its artifacts by their key, and the names of its tasks."""

    artifacts: dict[str, Any]
    tasks: set[str]


@pytest.fixture
def opened(home: Home) -> Tracking:
    return open_tracking(home, "tiny")


def shown(flow_run: str) -> Shown:
    """What Prefect shows of the flow run with that name."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters

    with get_client(sync_client=True) as client:
        name = filters.FlowRunFilterName(any_=[flow_run])
        found = client.read_flow_runs(flow_run_filter=filters.FlowRunFilter(name=name))
        ids = [one.id for one in found]
        run = filters.FlowRunFilter(id=filters.FlowRunFilterId(any_=ids))
        artifacts = client.read_artifacts(flow_run_filter=run)
        tasks = client.read_task_runs(flow_run_filter=run)
    return Shown({one.key: one for one in artifacts}, {one.name for one in tasks})


def test_a_comparison_is_shown_in_prefect_and_leaves_a_champion(
    tiny_temperature: ForecastExperiment, home: Home
) -> None:
    worker.preload()
    changed = {"name": "tiny_heat", "architectures": ("rnn", "gru")}
    params = tiny_temperature.model_copy(update=changed)
    context = new_context(params, home, fresh=False)
    flow.run(params, context, provenance(params, ["run", "tiny_heat"]))
    folder = home.reports / context.id
    comparison = Comparison.model_validate_json((folder / "comparison.json").read_text())
    assert comparison.created == context.created

    found = shown(context.id)
    page = (folder / "report.html").as_uri()
    text = found.artifacts["unroll-tiny-heat"]
    assert (text.type, text.description) == ("markdown", context.id)
    assert text.data == f"{summary(comparison)}\n\n[Open the dashboard]({page})"
    link = found.artifacts["unroll-tiny-heat-dashboard"]
    assert link.data == f"[Dashboard]({page})"
    assert found.tasks >= {
        *("train tiny_heat rnn seed 1", "train tiny_heat gru seed 1"),
        *("evaluate tiny_heat rnn seed 1", "evaluate tiny_heat gru seed 1"),
        *(f"evaluate tiny_heat {name}" for name in params.evaluate.baselines),
    }

    client = Tracking(uri=home.tracking_uri, experiment_id="").client()
    (version,) = client.search_model_versions("name = 'tiny_heat'")
    losses = {
        run_id: min(one.value for one in client.get_metric_history(run_id, "val/loss"))
        for row in comparison.rows
        for run_id in row.run_ids
    }
    assert len(losses) == 2
    assert version.run_id == min(losses, key=lambda run_id: losses[run_id])
    assert client.get_registered_model("tiny_heat").aliases == {"champion": version.version}


@pytest.mark.parametrize("made", [False, True])
def test_what_a_worker_that_died_began_afresh_goes_on(
    made: bool,
    opened: Tracking,
    home: Home,
    tiny_temperature: ForecastExperiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not begun anew, and what was made is not made again."""
    run_id = start(opened, "gru seed 1", {})
    run = TrainingRun(run_id=run_id, taken_up=True, begun=True, made=made)
    asked: list[dict[str, bool]] = []

    def train(*_: object, **how: bool) -> NoReturn:
        asked.append(how)
        raise Interrupted

    monkeypatch.setattr(tasks.trainings, "start_training", lambda *_: run)
    monkeypatch.setattr(tasks, "train_run", train)
    parent = Parent.model_construct(tracking=opened, ingested=None)
    with pytest.raises(Interrupted):
        tasks.train.fn(None, parent, new_context(tiny_temperature, home, fresh=True))
    assert asked == [{"fresh": not made, "go_on": True}]


def test_what_is_complete_stays_so_when_its_score_cannot_be_made_again(
    opened: Tracking, home: Home, tiny_temperature: ForecastExperiment
) -> None:
    run_id = start(opened, "gru seed 1", {})
    finish(opened.client(), run_id, "FINISHED", {})
    run = TrainingRun(run_id=run_id, taken_up=True, complete=True)
    missing = Finished.model_construct(job=None, trained=None, run=run)
    parent = Parent.model_construct(tracking=opened, ingested=None)
    with pytest.raises(ValidationError):
        tasks.evaluate.fn(missing, None, parent, new_context(tiny_temperature, home, fresh=False))
    kept = opened.client().get_run(run_id)
    assert (kept.info.status, kept.data.tags.get(REASON)) == ("FINISHED", None)


def test_the_dashboard_is_opened_where_the_runs_are(tmp_path: Path) -> None:
    server = Tracking(uri="https://mlflow.example/", experiment_id="7")
    page = "https://mlflow.example/#/experiments/7/runs/r1/artifacts/report/report.html"
    assert dashboard_link(server, "r1", tmp_path) == page
    file = Tracking(uri="sqlite:///mlflow.db", experiment_id="7")
    assert dashboard_link(file, "r1", tmp_path) == (tmp_path / "report.html").as_uri()
