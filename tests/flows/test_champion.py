"""Flows on changed data: the last champion answers the new test, and the alert ends a flow."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from scipy.stats import t

from components.predict.pyfunc import ContinuesSeries, _load_pyfunc
from components.provenance import provenance
from components.records import Comparison
from components.stopping import stopping
from components.storage import Home
from components.train import worker
from dashboards.against import regression
from flows import champion, cli, tasks
from flows import experiment as flow
from flows.experiment import new_context
from params.load import to_yaml
from params.schema import ForecastExperiment
from params.sections import Alert

pytestmark = pytest.mark.usefixtures("prefect")


@dataclass(frozen=True)
class Runs:
    """Flows in one home, each on the params of the last one with changes."""

    home: Home
    params: ForecastExperiment

    def changed(
        self, *, days: int, rate: float = 0.01, drop: float | None = None
    ) -> ForecastExperiment:
        alert = None if drop is None else Alert(metric="test/rmse", drop=drop)
        return self.params.model_copy(
            update={
                "ingest": self.params.ingest.model_copy(update={"num_days": days}),
                "train": self.params.train.model_copy(update={"learning_rate": rate}),
                "compare": self.params.compare.model_copy(update={"alert": alert}),
            }
        )

    def run(self, params: ForecastExperiment, *, fresh: bool = False) -> Comparison:
        context = new_context(params, self.home, fresh=fresh)
        flow.run(params, context, provenance(params, ["unroll", "run", params.name]))
        return self.comparison(context.id)

    def comparison(self, id: str) -> Comparison:
        text = (self.home.reports / id / "comparison.json").read_text()
        return Comparison.model_validate_json(text)

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.home.database}")

    @property
    def holder(self) -> str:
        return str(self.client.get_registered_model(self.params.name).aliases["champion"])


@pytest.fixture
def runs(tiny_temperature: ForecastExperiment, home: Home) -> Runs:
    worker.preload()
    longer = tiny_temperature.preprocess.model_copy(update={"test_fraction": 0.4})
    train = tiny_temperature.train.model_copy(update={"max_epochs": 3})
    changes = {"name": "heat", "architectures": ("rnn",), "preprocess": longer, "train": train}
    return Runs(home, tiny_temperature.model_copy(update=changes))


@pytest.fixture
def unroll(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int | str | None, str]]:
    """Runs the command in this process; gives its exit status and what it said on stderr."""
    monkeypatch.setenv("UNROLL_HOME", str(home.root))

    def call(*arguments: str) -> tuple[int | str | None, str]:
        monkeypatch.setattr("sys.argv", ["unroll", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, capsys.readouterr().err

    return call


def flow_run(name: str) -> tuple[str, str, str]:
    """Type, name and message of the state that Prefect keeps of a flow run."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters

    with get_client(sync_client=True) as client:
        named = filters.FlowRunFilter(name=filters.FlowRunFilterName(any_=[name]))
        (found,) = client.read_flow_runs(flow_run_filter=named)
        assert found.state is not None
        assert found.state_name == found.state.name
    return found.state.type.value, found.state.name or "", found.state.message or ""


def model_files(runs: Runs, version: str) -> Path:
    """The files of a version of the model, on this machine."""
    source = runs.client.get_model_version(runs.params.name, version).source
    return Path(str(source).removeprefix("file://")) / "data" / "run"


def test_on_changed_data_the_champion_answers_the_new_test_split(
    runs: Runs, unroll: Callable[..., tuple[int | str | None, str]]
) -> None:
    first = runs.run(runs.changed(days=200))
    assert first.against is None
    assert "against" not in json.loads(
        (runs.home.reports / first.id / "comparison.json").read_text()
    )
    second = runs.run(runs.changed(days=260))
    found = second.against
    assert found is not None
    assert (found.champion.comparison, found.champion.version) == (first.id, "1")
    assert found.champion.fingerprint == first.data.fingerprint != second.data.fingerprint
    assert (found.new_data, found.num_examples) == (True, second.data.test)

    # By hand: the registered model on the new test days, against the new run's own predictions.
    run_id = second.rows[[row.best for row in second.rows].index(True)].run_ids[0]
    artifacts = Path(runs.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
    new = pd.read_parquet(artifacts / "predictions.parquet")
    (series,) = (
        table["value"].to_numpy()
        for path in (runs.home.store.root / "ingest").glob("*/series.parquet")
        if len(table := pd.read_parquet(path)) == 260
    )
    model = _load_pyfunc(str(model_files(runs, "1")))
    assert isinstance(model, ContinuesSeries)
    windows = np.stack([series[day - 5 : day] for day in new["day"]])
    last_error = np.abs(model.predict(windows)[:, 0] - new["truth"])
    new_error = np.abs(new["forecast"] - new["truth"])
    (score,) = found.scores
    assert score.metric == "test/mae"
    assert (score.new, score.last) == pytest.approx((new_error.mean(), last_error.mean()), abs=1e-5)
    pair = score.pair
    assert pair is not None
    assert pair.better == ("new" if score.new < score.last else "last")
    apart = (last_error - new_error).to_numpy() * (1 if pair.better == "new" else -1)
    assert pair.difference == pytest.approx(apart.mean(), abs=1e-5)
    length = round(1.3 * np.sqrt(len(apart)))  # of the blocks in which days go together
    around = np.concatenate([apart, apart[: length - 1]]) - apart.mean()
    blocks = np.convolve(around, np.ones(length) / length, mode="valid")
    freedom = len(apart) / length - 1
    half = t.ppf(0.975, freedom) * np.sqrt((blocks**2).mean() / freedom)
    assert pair.interval == pytest.approx((apart.mean() - half, apart.mean() + half), abs=1e-5)

    assert runs.holder == "2"  # the newest best: its val/loss cannot be compared
    page = (runs.home.reports / second.id / "report.html").read_text()
    assert f"of {first.id}" in page
    before = {
        name: (runs.home.reports / second.id / name).read_bytes()
        for name in ("comparison.json", "report.html", "summary.json")
    }
    shutil.rmtree(runs.home.reports)
    shutil.rmtree(runs.home.store.root)
    status, _ = unroll("report", second.id)
    assert status == 0
    for name, held in before.items():
        assert (runs.home.reports / second.id / name).read_bytes() == held


def test_the_alert_ends_the_flow_in_a_state_of_its_own(
    runs: Runs, unroll: Callable[..., tuple[int | str | None, str]], tmp_path: Path
) -> None:
    runs.run(runs.changed(days=200))
    file = tmp_path / "heat.yaml"
    file.write_text(to_yaml(runs.changed(days=260, rate=1e-6, drop=0.5)))
    status, said = unroll("run", str(file))
    assert status == 3
    (folder,) = (path for path in runs.home.reports.glob("heat-*") if "alert" in text(path))
    worse = runs.comparison(folder.name)
    sentence = regression(worse)
    assert sentence is not None
    assert sum(sentence in line for line in said.splitlines()) == 1
    assert f"report: {folder / 'report.html'}" in said
    assert "Traceback" not in said
    assert flow_run(worse.id) == ("FAILED", "Regression", sentence)

    query = f"tags.`unroll.comparison` = '{worse.id}' and tags.`unroll.kind` = 'comparison'"
    experiment = runs.client.get_experiment_by_name("heat")
    assert experiment is not None
    (run,) = runs.client.search_runs([experiment.experiment_id], query)
    assert run.data.tags["unroll.regression"] == sentence
    assert (run.info.status, run.data.tags["unroll.complete"]) == ("FINISHED", "true")
    assert runs.holder == "1"

    calm = runs.run(runs.changed(days=260, rate=1e-6, drop=50.0))
    assert calm.against is not None
    assert calm.against.champion.version == "1"
    assert flow_run(calm.id)[:2] == ("COMPLETED", "Completed")
    assert runs.holder == "2"


def text(folder: Path) -> str:
    return (folder / "comparison.json").read_text()


def test_on_the_same_data_the_champion_is_compared_too(
    runs: Runs, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = runs.changed(days=200, rate=1e-6)
    first = runs.run(slow)
    assert runs.run(slow, fresh=True).against is None  # it is the best itself
    other = runs.changed(days=200).model_copy(update={"architectures": ("lstm",)})
    found = runs.run(other).against
    assert found is not None
    assert not found.new_data
    (last,) = [row for row in first.rows if row.best]
    assert found.scores[0].last == last.metrics["test/mae"].mean  # to the last digit
    assert runs.holder == "2"

    # Among the runs of a comparison it has a score already, and is not evaluated again.
    runs.client.set_registered_model_alias("heat", "champion", "1")
    asked: list[object] = []
    monkeypatch.setattr(champion, "evaluate_champion", lambda *args, **_: asked.append(args))
    more = slow.model_copy(update={"seeds": (1, 2)})
    third = runs.run(more)
    assert third.against is not None
    assert (third.against.champion.seed, third.against.seed) == (1, 2)
    (row,) = [row for row in third.rows if row.best]
    assert row.seeds == (1, 2)
    score = third.against.scores[0]
    assert (score.last, score.new) == row.metrics["test/mae"].values
    assert asked == []
    assert not [one for one in caplog.records if "not compared" in one.getMessage()]


def test_a_run_that_ends_before_or_after_it_is_registered_goes_on_as_if_nothing_had_been(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def run_in_two(params: ForecastExperiment, module: ModuleType, name: str) -> Comparison:
        """The comparison of a run that ends in that task, and of the next one."""
        with monkeypatch.context() as patch:
            patch.setattr(module, name, killed)
            with pytest.raises(KeyboardInterrupt):
                runs.run(params)
        stopping.clear()
        context = new_context(params, runs.home, fresh=False)
        return flow.run(params, context, provenance(params, ["unroll", "run", params.name]))

    first = run_in_two(runs.changed(days=200), champion, "register")
    assert runs.holder == "1"
    second = run_in_two(runs.changed(days=260), tasks, "report")
    assert runs.holder == "2"
    assert second.against is not None  # not set against itself
    assert second.against.champion.comparison == first.id
    assert len(list(runs.home.reports.glob("heat-*"))) == 2


@pytest.mark.parametrize("harm", ["files", "length"])
def test_a_champion_that_cannot_answer_is_a_warning(
    runs: Runs, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    runs.run(runs.changed(days=200))
    params = runs.changed(days=260, drop=0.5)
    said = "the files of version 1 cannot be read"
    if harm == "files":
        shutil.rmtree(model_files(runs, "1").parent.parent)
    else:
        further = params.preprocess.model_copy(update={"prediction_length": 2})
        params = params.model_copy(update={"preprocess": further})
        said = "it forecasts 1 days at a time, not 2"
    found = runs.run(params)
    assert found.against is None
    assert flow_run(found.id)[1] == "Completed"
    (warning,) = (one for one in caplog.records if "not compared" in one.getMessage())
    assert warning.levelname == "WARNING"
    assert warning.getMessage().startswith(f"the last champion is not compared: {said}")
    assert runs.holder == "2"
