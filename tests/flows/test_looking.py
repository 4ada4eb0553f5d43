"""A repeated run finds what is there already; one that adds something trains that alone."""

import json
import logging
import shutil

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.provenance import provenance
from components.records import Comparison
from components.stopping import stopping
from components.storage import Home
from components.train import worker
from flows import experiment as flow
from flows import looking
from flows.experiment import new_context
from flows.reports.folder import may_have
from flows.session import Asked, run_all
from params.schema import ForecastExperiment

pytestmark = pytest.mark.usefixtures("prefect")


class Prepared:
    """Counts how often something is made ready to train."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        preload = worker.preload

        def counted() -> None:
            self.count += 1
            preload()

        monkeypatch.setattr(worker, "preload", counted)


def client(home: Home) -> MlflowClient:
    return MlflowClient(f"sqlite:///{home.database}")


def runs_of(home: Home) -> list[Run]:
    """Every run in MLflow, the oldest first."""
    experiments = [one.experiment_id for one in client(home).search_experiments()]
    found = client(home).search_runs(experiments, order_by=["attributes.start_time ASC"])
    return list(found)


def run(params: ForecastExperiment, home: Home, *, fresh: bool = False) -> Comparison:
    stopping.clear()  # another test may have ended its children
    context = new_context(params, home, fresh=fresh)
    return flow.run(params, context, provenance(params, ["unroll", "run", params.name]))


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "components")
    return caplog


def test_a_repeated_run_trains_nothing_and_says_what_it_reuses(
    tiny_temperature: ForecastExperiment,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: pytest.LogCaptureFixture,
) -> None:
    prepared = Prepared(monkeypatch)
    params = tiny_temperature.model_copy(update={"architectures": ("rnn", "gru")})
    asked = [Asked(params, ["run", "x"])]
    assert not may_have(home.reports, params)
    assert run_all(asked, home) == 0
    assert may_have(home.reports, params)
    assert not may_have(home.reports, params.model_copy(update={"seeds": (2,)}))
    first = runs_of(home)
    (folder,) = (path.parent for path in home.reports.glob("*/comparison.json"))
    made = prepared.count
    assert made > 0
    said.clear()
    capsys.readouterr()

    assert run_all(asked, home, as_json=True) == 0
    assert prepared.count == made
    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads((folder / "comparison.json").read_text())
    assert printed.err.splitlines()[-1].endswith(f"report: {folder / 'report.html'}")
    began = first[0].info.start_time
    date = looking.looking.began(first[0])[:16].replace("T", " ")
    assert began == min(one.info.start_time for one in first)
    lines = [one.getMessage() for one in said.records if "nothing changed since" in one.message]
    assert lines == [
        f"nothing changed since {folder.name} of {date} UTC: its 2 runs and its report are reused."
    ]
    again = runs_of(home)
    assert [one.info.run_id for one in again] == [one.info.run_id for one in first]
    (looked,) = (one.data.tags for one in again if "unroll.looked" in one.data.tags)
    assert (looked["unroll.comparison"], looked["unroll.kind"]) == (folder.name, "comparison")
    assert looked["unroll.looks"] == "1"

    assert run_all(asked, home, fresh=True) == 0
    assert prepared.count > made
    assert len(runs_of(home)) == 2 * len(first)


def test_the_look_stands_in_prefect(tiny_temperature: ForecastExperiment, home: Home) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters

    params = tiny_temperature.model_copy(update={"architectures": ("rnn",), "name": "looked_at"})
    first = run(params, home)
    context = new_context(params, home, fresh=False)
    assert flow.run(params, context, provenance(params, ["unroll"])) == first
    with get_client(sync_client=True) as server:
        name = filters.FlowRunFilter(name=filters.FlowRunFilterName(any_=[context.id]))
        (flow_run,) = server.read_flow_runs(flow_run_filter=name)
        (artifact,) = server.read_artifacts(flow_run_filter=name)
    assert flow_run.state is not None
    assert flow_run.state.is_completed()
    assert (artifact.key, artifact.description) == ("unroll-looked-at", first.id)
    assert str(artifact.data).startswith(f"Looked at {context.created}: nothing changed since ")
    assert "its run and report are reused. Looks since: 1." in str(artifact.data)
    page = home.reports / first.id / "report.html"
    assert str(artifact.data).endswith(f"[Open the dashboard]({page.as_uri()})")


def test_a_report_that_is_gone_is_written_again_from_mlflow(
    tiny_temperature: ForecastExperiment, home: Home, said: pytest.LogCaptureFixture
) -> None:
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    first = run(params, home)
    folder = home.reports / first.id
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"comparison.json", "report.html", "summary.json"}
    shutil.rmtree(folder)
    assert run(params, home) == first
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "comparison.json").write_text("{")
    assert run(params, home) == first
    assert (folder / "comparison.json").read_bytes() == before["comparison.json"]
    written = [one for one in said.records if "is written again" in one.getMessage()]
    assert len(written) == 2

    # Where MLflow has lost the files too, it is made anew: out of what the store holds.
    shutil.rmtree(folder)
    shutil.rmtree(home.artifacts)
    second = run(params, home)
    assert second.id != first.id
    assert second.rows[0].metrics == first.rows[0].metrics
    (warning,) = (one.getMessage() for one in said.records if "is not reused" in one.getMessage())
    assert warning.startswith(f"{first.id} is not reused: the files of run ")


def test_what_another_revision_made_is_reused_and_said(
    tiny_temperature: ForecastExperiment, home: Home, said: pytest.LogCaptureFixture
) -> None:
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    first = run(params, home)
    (own,) = (one for one in runs_of(home) if one.data.tags["unroll.kind"] == "comparison")
    client(home).set_tag(own.info.run_id, "unroll.code_revision", "0123456789abcdef01234567")
    client(home).set_tag(own.info.run_id, "version.torch", "2.12.9")
    assert run(params, home).id == first.id
    now = provenance(params, ["unroll"])
    (line,) = (one.getMessage() for one in said.records if "revision" in one.getMessage())
    assert line.startswith("It was made by another revision (code revision: 0123456789 -> ")
    assert f"; torch: 2.12.9 -> {now.versions['torch']}); --fresh makes it anew." in line


def trained_anew(home: Home, comparison: Comparison) -> dict[tuple[str, int], bool]:
    """Which runs of a comparison were trained for it, and not before."""
    return {
        (one.data.tags["unroll.architecture"], int(one.data.tags["unroll.seed"])): (
            one.data.tags["unroll.reused"] == "false"
        )
        for one in runs_of(home)
        if one.data.tags["unroll.comparison"] == comparison.id
        and one.data.tags["unroll.kind"] == "run"
    }


def test_what_is_added_alone_is_trained_and_compared_with_what_was_there(
    tiny_temperature: ForecastExperiment, home: Home
) -> None:
    one = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    first = run(one, home)
    assert trained_anew(home, first) == {("rnn", 1): True}
    two_seeds = one.model_copy(update={"seeds": (1, 2)})
    second = run(two_seeds, home)
    assert trained_anew(home, second) == {("rnn", 1): False, ("rnn", 2): True}
    both = two_seeds.model_copy(update={"architectures": ("rnn", "gru")})
    third = run(both, home)
    assert trained_anew(home, third) == {
        ("rnn", 1): False,
        ("rnn", 2): False,
        ("gru", 1): True,
        ("gru", 2): True,
    }
    mae = {row.name: row.metrics["test/mae"] for row in third.rows}
    assert mae["rnn"].values[0] == first.rows[0].metrics["test/mae"].mean
    assert mae["rnn"].values == second.rows[0].metrics["test/mae"].values
    assert len(mae["gru"].values) == 2
    assert {row.name: row.seeds for row in third.rows if row.kind == "network"} == {
        "rnn": (1, 2),
        "gru": (1, 2),
    }
    # A part of what is there is none of the same: it is its own comparison, without a training.
    fewer = run(both.model_copy(update={"seeds": (2,)}), home)
    assert trained_anew(home, fewer) == {("rnn", 2): False, ("gru", 2): False}
    # Other training params leave the data as they are.
    faster = both.train.model_copy(update={"learning_rate": 0.01})
    prepared = sorted((home.store.root / "preprocess").glob("*/manifest.json"))
    other = run(both.model_copy(update={"train": faster}), home)
    assert set(trained_anew(home, other).values()) == {True}
    assert sorted((home.store.root / "preprocess").glob("*/manifest.json")) == prepared
    assert len(prepared) == 1


def test_what_was_interrupted_last_goes_on_first(
    tiny_temperature: ForecastExperiment, home: Home
) -> None:
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    first = run(params, home)
    second = run(params, home, fresh=True)
    (own,) = (one for one in runs_of(home) if one.info.run_name == second.id)
    client(home).delete_tag(own.info.run_id, "unroll.complete")
    client(home).set_terminated(own.info.run_id, "KILLED")
    assert run(params, home).id == second.id
    assert client(home).get_run(own.info.run_id).data.tags["unroll.complete"] == "true"
    # Where that cannot be, as with data that changed since, the whole one is none the worse.
    client(home).delete_run(own.info.run_id)
    assert run(params, home).id == first.id
