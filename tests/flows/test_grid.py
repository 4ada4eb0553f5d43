"""A grid from the command to the report, and what can be done with it afterwards."""

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.provenance import provenance
from components.records import Comparison, Row
from components.storage import Home
from components.train import worker
from flows import cli
from flows import experiment as flow
from flows.endings import RunsMissing
from flows.experiment import new_context
from flows.jobs import num_workers, training_jobs
from flows.session import said_of_grid
from params.grid import points
from params.load import load
from params.schema import Experiment, ForecastExperiment

GRID = {"model.hidden_sizes": ([4], [3]), "train.learning_rate": (0.001, 0.01)}
TEXTS = [
    *("architectures=[lstm]", "seeds=[1]", "train.max_epochs=1", "model.embedding_size=4"),
    *("model.hidden_sizes=[4]", "evaluate.baselines=[majority]", "name=texts"),
    "evaluate.texts=[a great film]",
]
FILES = ("comparison.json", "report.html", "summary.json")


@dataclass(frozen=True)
class Done:
    """Where the experiments were run, what they were, and what was found."""

    home: Home
    asked: dict[str, Experiment]
    found: dict[str, Comparison]
    first: Path

    def runs(self, name: str) -> dict[str, Run]:
        """The nested runs of a comparison by their names in MLflow."""
        client = MlflowClient(f"sqlite:///{self.home.database}")
        experiments = [one.experiment_id for one in client.search_experiments()]
        query = f"tags.`unroll.comparison` = '{self.found[name].id}' and tags.`unroll.kind` = 'run'"
        return {run.info.run_name: run for run in client.search_runs(experiments, query)}


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    out: str
    err: list[str]
    status: int | str | None


def compare(params: Experiment, home: Home) -> Comparison:
    """The comparison that a run of the flow leaves, whether all of it finished or not."""
    context = new_context(params, home, fresh=False)
    lost = "^without a result: LSTM, train.learning_rate 100.0, seed 1; the others are compared; "
    diverges = params.name == "diverging"
    with pytest.raises(RunsMissing, match=lost) if diverges else nullcontext():
        flow.run(params, context, provenance(params, ["unroll", "run", params.name]))
    text = (home.reports / context.id / "comparison.json").read_text()
    return Comparison.model_validate_json(text)


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, prefect: None, tiny_temperature: ForecastExperiment
) -> Done:
    """A 2 x 2 grid, one of texts that are read in two ways, and one of which a point diverges."""
    home = Home(tmp_path_factory.mktemp("grid") / "outputs")
    home.require_writable()
    model = tiny_temperature.model.model_copy(update={"hidden_sizes": (4,), "dropout": 0.1})
    days = tiny_temperature.preprocess.model_copy(update={"test_fraction": 0.4})
    more = {"architectures": ("rnn", "lstm"), "seeds": (1, 2), "preprocess": days, "model": model}
    small = tiny_temperature.model_copy(update=more)
    deep = small.model.model_copy(update={"head_sizes": (8,) * 30})
    runaway = {"gradient_clip_val": None, "max_epochs": 3}
    diverging = {
        **{"name": "diverging", "model": deep, "architectures": ("lstm",), "seeds": (1,)},
        "train": small.train.model_copy(update=runaway),
        "grid": {"train.learning_rate": (0.001, 100.0)},
    }
    asked: dict[str, Experiment] = {
        "grid": small.model_copy(update={"grid": GRID}),
        "texts": load("text_pipeline", TEXTS, ["preprocess.max_length=3,5"]),
        "diverging": small.model_copy(update=diverging),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        worker.preload()
        found = {name: compare(params, home) for name, params in asked.items()}
    first = home.root.parent / "first"
    shutil.copytree(home.reports, first)
    return Done(home, asked, found, first)


@pytest.fixture
def unroll(
    done: Done, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs the command in this process, on what the experiments left."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("UNROLL_HOME", str(done.home.root))

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["unroll", *arguments])
        status: int | str | None = 0
        try:
            cli.main()
        except SystemExit as wanted:
            status = wanted.code
        printed = capsys.readouterr()
        return Answer(printed.out, printed.err.splitlines(), status)

    return call


def networks(comparison: Comparison) -> dict[str, Row]:
    return {row.name: row for row in comparison.rows if row.kind == "network"}


def last_report(answer: Answer) -> Comparison:
    """The comparison whose report the command named last."""
    path = Path(answer.err[-1].removeprefix("report: "))
    return Comparison.model_validate_json((path.parent / "comparison.json").read_bytes())


def test_a_row_for_each_architecture_at_each_point(done: Done) -> None:
    found = done.found["grid"]
    rows = networks(found)
    assert {name: (row.label, row.seeds) for name, row in rows.items() if "lstm" in name} == {
        "lstm": ("LSTM, model.hidden_sizes [4], train.learning_rate 0.001", (1, 2)),
        "lstm-2": ("LSTM, model.hidden_sizes [4], train.learning_rate 0.01", (1, 2)),
        "lstm-3": ("LSTM, model.hidden_sizes [3], train.learning_rate 0.001", (1, 2)),
        "lstm-4": ("LSTM, model.hidden_sizes [3], train.learning_rate 0.01", (1, 2)),
    }
    assert len(rows) == 2 * 4
    baselines = [row.name for row in found.rows if row.kind == "baseline"]
    assert sorted(baselines) == sorted(done.asked["grid"].evaluate.baselines)
    assert all(row.cost is not None and row.cost.size_bytes for row in found.rows)
    assert len(found.pairs) == 12 * 11 // 2
    # 4 gates of (1 + 4) x 4 weights and 8 biases, the head of 4 x 2 + 2, the output of 2 + 1
    assert rows["lstm-2"].num_parameters == 4 * (5 * 4 + 8) + 10 + 3
    assert rows["lstm-4"].num_parameters == 4 * (4 * 3 + 6) + 8 + 3
    assert found.data.facts[-1] == (
        "a grid of model.hidden_sizes [4], [3] by train.learning_rate 0.001, 0.01: "
        "2 x 2 x 2 architectures x 2 seeds = 16 trainings"
    )


def test_the_score_of_a_row_is_that_of_a_run_with_these_params_alone(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another store, so that everything is trained again."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    last = points(done.asked["grid"])[-1]
    other = Home(tmp_path / "alone")
    other.require_writable()
    alone = networks(compare(last, other))
    rows = networks(done.found["grid"])
    assert set(alone) == {"rnn", "lstm"}
    for name, row in alone.items():
        of_grid = rows[f"{name}-4"].metrics
        assert {key: one.values for key, one in row.metrics.items()} == {
            key: one.values for key, one in of_grid.items()
        }
        assert rows[name].metrics["test/mae"].values != row.metrics["test/mae"].values


def test_the_best_by_validation_is_said(done: Done) -> None:
    found = done.found["grid"]
    losses: dict[str, list[float]] = {}
    for curve in found.curves:
        best = curve.epochs[curve.best_epoch - 1].metrics["val/loss"]
        losses.setdefault(curve.name, []).append(best)
    means = {name: np.mean(values) for name, values in losses.items()}
    assert found.chosen is not None
    assert found.chosen.name == min(means, key=lambda name: means[name])
    assert found.chosen.val_loss == pytest.approx(min(means.values()), abs=1e-12)
    page = (done.first / found.id / "report.html").read_text(encoding="utf-8")
    assert "By its test score the best of 8 networks looks better than it is" in page


def test_every_run_in_mlflow_says_its_point(done: Done) -> None:
    runs = done.runs("grid")
    rows = networks(done.found["grid"])
    assert len(runs) == 16
    run = runs["lstm-seed2, model.hidden_sizes [3], train.learning_rate 0.01"]
    assert run.info.run_id == rows["lstm-4"].run_ids[1]
    assert run.data.tags["unroll.row"] == "lstm-4"
    assert run.data.tags["unroll.point"] == "model.hidden_sizes [3], train.learning_rate 0.01"
    assert run.data.params["train.learning_rate"] == "0.01"
    assert run.data.params["model.hidden_sizes"] == "[3]"
    assert not any(key.startswith("grid") for key in run.data.params)
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    own = load(str(folder / "params.yaml"))
    assert own == points(done.asked["grid"])[3]
    assert run.data.tags["unroll.params_digest"] == own.digest()
    speed = rows["lstm-4"].cost
    assert speed is not None
    assert run.data.metrics["latency_median_seconds"] == speed.latency_median_seconds
    parent = MlflowClient(f"sqlite:///{done.home.database}").get_run(
        run.data.tags["mlflow.parentRunId"]
    )
    assert parent.data.params["grid.train.learning_rate"] == "[0.001, 0.01]"
    assert "train.learning_rate" not in parent.data.params


@pytest.mark.parametrize("name", ["grid", "texts", "diverging"])
def test_a_report_from_mlflow_alone_equals_the_first_to_the_byte(
    done: Done, unroll: Callable[..., Answer], name: str
) -> None:
    which = done.found[name].id
    made, first = done.home.reports / which, done.first / which
    shutil.rmtree(made)
    assert unroll("report", which).status == (1 if name == "diverging" else 0)
    for file in FILES:
        assert (made / file).read_bytes() == (first / file).read_bytes()


def test_what_diverges_is_missing_under_the_name_of_its_point(
    done: Done, unroll: Callable[..., Answer]
) -> None:
    found = done.found["diverging"]
    (lost,) = found.missing
    assert (lost.name, lost.seed) == ("lstm-2", 1)
    assert lost.label == "LSTM, train.learning_rate 100.0"
    assert lost.reason.startswith("TrainingDiverged: ")
    assert list(networks(found)) == ["lstm"]
    page = (done.first / found.id / "report.html").read_text(encoding="utf-8")
    assert "<strong>LSTM, train.learning_rate 100.0</strong>, seed 1" in page
    answer = unroll("compare", found.id)
    (lost,) = last_report(answer).missing
    # There it has no row, and the row that is called like its architecture is another.
    assert (lost.name, lost.label) == ("lstm", "LSTM")
    assert lost.reason.startswith(f"{found.id} at train.learning_rate 100.0: TrainingDiverged: ")


def test_texts_that_are_read_in_two_ways(done: Done, unroll: Callable[..., Answer]) -> None:
    found = done.found["texts"]
    assert {row.name: row.changed for row in networks(found).values()} == {
        "lstm": {"preprocess.max_length": "3"},
        "lstm-2": {"preprocess.max_length": "5"},
    }
    assert (found.numbers, found.new_texts) == (None, ())
    assert found.data.facts[-1].startswith("evaluate.texts are left out, as the points of the grid")
    assert any(one.startswith("preprocess.max_length 5: train: ") for one in found.data.facts)
    # Each of them by itself says what it read, and what it says of the text.
    run = done.runs("texts")["lstm-seed1, preprocess.max_length 5"]
    alone = last_report(unroll("compare", run.info.run_id))
    assert [row.name for row in alone.rows] == ["lstm", "majority"]
    assert alone.rows[0].metrics["test/accuracy"].values == (
        networks(found)["lstm-2"].metrics["test/accuracy"].values
    )
    assert alone.numbers is not None
    assert alone.numbers.max_length == 5
    (text,) = alone.new_texts
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    said = json.loads((folder / "run.json").read_bytes())["scored"]["new_texts"]
    assert text.said["lstm"].values == tuple(said)


def test_a_grid_takes_part_in_a_comparison(done: Done, unroll: Callable[..., Answer]) -> None:
    found = done.found["grid"]
    whole = last_report(unroll("compare", found.id))
    ours, theirs = networks(found), networks(whole)
    assert {row.label: row.metrics["test/mae"] for row in theirs.values()} == {
        row.label: row.metrics["test/mae"] for row in ours.values()
    }
    assert {name: row.label for name, row in theirs.items()} == {
        name: row.label for name, row in ours.items()
    }
    assert all(row.cost for row in theirs.values())
    assert (whole.title, whole.chosen) == (found.title, found.chosen)
    assert not any("more than once" in fact for fact in whole.data.facts)
    run = done.runs("grid")["rnn-seed1, model.hidden_sizes [4], train.learning_rate 0.01"]
    one = last_report(unroll("compare", run.info.run_id))
    (row,) = networks(one).values()
    assert (row.name, row.label, row.seeds) == ("rnn", "Vanilla RNN", (1,))
    assert row.metrics["test/mae"].values == ours["rnn-2"].metrics["test/mae"].values[:1]


def test_the_best_run_of_all_points_answers_with_its_own_params(
    done: Done, unroll: Callable[..., Answer]
) -> None:
    found = done.found["grid"]
    losses = {
        (curve.name, curve.seed): curve.epochs[curve.best_epoch - 1].metrics["val/loss"]
        for curve in found.curves
    }
    name, seed = min(losses, key=lambda which: losses[which])
    run_id = networks(found)[name].run_ids[seed - 1]
    by_id = unroll("predict", "temperature", "--run", run_id, "--steps", "2")
    best = unroll("predict", "temperature", "--steps", "2")
    assert (best.status, best.out) == (0, by_id.out)
    row = networks(found)[name]
    point = ", ".join(f"{key} {value}" for key, value in row.changed.items())
    assert best.err[0] == (
        f"{row.architecture} seed {seed} at {point} of {found.id}, "
        f"val/loss {losses[name, seed]:.4f}"
    )
    # The champion is that run, and carries the params of its point.
    uri = f"sqlite:///{done.home.database}"
    version = MlflowClient(uri).get_model_version_by_alias("temperature", "champion")
    assert version.run_id == run_id
    (params,) = Path(version.source.removeprefix("file://")).rglob("params.yaml")
    own = load(str(params))
    assert own.grid == {}
    assert f"{own.train.learning_rate}" == row.changed["train.learning_rate"]
    assert f"{list(own.model.hidden_sizes)}" == row.changed["model.hidden_sizes"]
    assert (own.architectures, own.seeds) == ((row.architecture,), (seed,))


def test_jobs_of_a_grid(done: Done) -> None:
    """Each training once, the costly architecture first, on as many cores as there are."""
    grid = done.asked["texts"].model_copy(update={"architectures": ("rnn", "lstm")})
    from flows.data import ingest, prepare

    store = done.home.store
    prepared = prepare(ingest(grid.ingest, store, fresh=False), grid, store, fresh=False)
    jobs = training_jobs(grid, prepared)
    assert [job.name for job in jobs] == [
        *("lstm seed 1", "lstm-2 seed 1", "rnn seed 1", "rnn-2 seed 1"),
    ]
    assert len({job.key for job in jobs}) == 4
    read = [job.prepared.truncation.max_length for job in jobs if job.prepared.truncation]
    assert read == [3, 5, 3, 5]
    assert num_workers(grid) <= len(jobs)
    assert said_of_grid(grid) == [
        "grid: 2 x 2 architectures x 1 seed = 4 trainings",
        "rnn, lstm: preprocess.max_length 3",
        "rnn-2, lstm-2: preprocess.max_length 5",
    ]
    assert said_of_grid(points(grid)[0]) == []


def test_what_the_command_line_takes(
    unroll: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = unroll("show", "temperature", "--grid", "train.patience=1,2")
    assert "grid:\n  train.patience:\n  - 1\n  - 2\n" in shown.out
    bad = unroll("run", "temperature", "--grid", "train.patience=1,0")
    assert (bad.status, bad.err) == (
        2,
        [
            "unroll: train.patience must be at least 1, got 0 (--grid, at train.patience 0)",
        ],
    )
    asked = []
    monkeypatch.setattr("flows.session.run_all", lambda given, *_, **__: asked.extend(given) or 0)
    answer = unroll("run", "temperature", "--set", "seeds=[1]", "--grid", "train.patience=1,2")
    assert answer.status == 0
    assert asked[0].params.grid == {"train.patience": (1, 2)}
    assert asked[0].command == [
        *("run", "temperature", "--set", "seeds=[1]", "--grid", "train.patience=1,2"),
    ]
    lines = unroll("shapes", "temperature", "--grid", "model.head_sizes=[],[3]").out.splitlines()
    starts = [line for line in lines if "B is the number" in line]
    assert [line.partition(":")[0] for line in starts] == [
        "temperature at model.head_sizes []",
        "temperature at model.head_sizes [3]",
    ]


def test_an_interrupted_grid_goes_on_where_it_was(
    prefect: None, home: Home, tiny_temperature: ForecastExperiment
) -> None:
    """As if the process had been killed while the second point was evaluated."""
    grid = {"grid": {"train.batch_size": (16, 32)}, "architectures": ("rnn",)}
    params = tiny_temperature.model_copy(update=grid)
    worker.preload()
    first = compare(params, home)
    client = MlflowClient(f"sqlite:///{home.database}")
    done = Done(home, {"grid": params}, {"grid": first}, home.reports)
    before = done.runs("grid")
    cut = before["rnn-seed1, train.batch_size 32"]
    parent = cut.data.tags["mlflow.parentRunId"]
    for run_id in (cut.info.run_id, parent):
        client.delete_tag(run_id, "unroll.complete")
        client.set_terminated(run_id, "KILLED")
    context = new_context(params, home, fresh=False, take_up=first.id)
    again = flow.run(params, context, provenance(params, ["unroll", "resume", first.id]))
    assert again == first
    after = done.runs("grid")
    assert {name: run.info.run_id for name, run in after.items()} == {
        name: run.info.run_id for name, run in before.items()
    }
    assert {run.data.tags["unroll.complete"] for run in after.values()} == {"true"}
