"""Whole flows on tiny data: what lies in the reports, in the store and in MLflow afterwards."""

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components import metrics
from components.cautions import cautions
from components.evaluate import cost
from components.provenance import provenance
from components.records import Comparison, Row, SeriesErrors, TextErrors
from components.storage import Home
from components.train import worker
from components.train.job import TrainingJob
from flows import experiment as flow
from flows.experiment import new_context
from flows.session import Asked, run_all
from params.load import load
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

pytestmark = pytest.mark.usefixtures("prefect")


COSTS = {"peak_memory_bytes", "seconds_per_epoch"}
ANSWERING = {"latency_median_seconds", "latency_p99_seconds", "throughput", "size_bytes"}


class Children(logging.Handler):
    """Keeps which runs said that an epoch had ended; `victim` is killed when it says so."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.epochs: list[tuple[str, int]] = []
        self.victim: TrainingJob | None = None

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event is None or event["kind"] != "epoch":
            return
        run_name = record.__dict__["run"]
        self.epochs.append((run_name, event["epoch"]))
        if self.victim is not None and self.victim.name == run_name:
            os.kill(pid_of(self.victim), signal.SIGKILL)
            self.victim = None  # other events of it may be under way


def pid_of(job: TrainingJob) -> int:
    """The child that trains `job`: its output goes to a log in the folder of the job's key."""
    for output in Path("/proc").glob("[0-9]*/fd/1"):
        with suppress(OSError):
            if output.readlink().parent.name == f"{job.key}.partial":
                return int(output.parts[2])
    raise AssertionError(f"no child trains {job.name}")


@pytest.fixture
def children() -> Iterator[Children]:
    """What the trainings of this process say."""
    worker.preload()
    handler = Children()
    logger = logging.getLogger("components")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def run(params: Experiment, home: Home, *, fresh: bool = False) -> Comparison:
    """The comparison that a run of the flow leaves."""
    context = new_context(params, home, fresh=fresh)
    flow.run(params, context, provenance(params, ["unroll", "run", params.name]))
    text = (home.reports / context.id / "comparison.json").read_text()
    return Comparison.model_validate_json(text)


def client(home: Home) -> MlflowClient:
    return MlflowClient(f"sqlite:///{home.database}")


def runs_of(home: Home, comparison: Comparison) -> tuple[Run, dict[tuple[str, int], Run]]:
    """The parent run in MLflow, and its nested runs by architecture and seed."""
    found = client(home).get_experiment_by_name(comparison.experiment)
    assert found is not None
    query = f"tags.`unroll.comparison` = '{comparison.id}'"
    runs = client(home).search_runs([found.experiment_id], query)
    (parent,) = (one for one in runs if one.data.tags["unroll.kind"] == "comparison")
    nested = [one for one in runs if one.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(runs) == 1 + len(nested)
    by_name = {
        (one.data.tags["unroll.architecture"], int(one.data.tags["unroll.seed"])): one
        for one in nested
    }
    assert len(by_name) == len(nested)
    return parent, by_name


def check_complete(home: Home, comparison: Comparison, params: Experiment) -> None:
    """Every run is there, nested and complete, with the metrics and files of its row."""
    parent, nested = runs_of(home, comparison)
    assert set(nested) == {(name, seed) for name in params.architectures for seed in params.seeds}
    rows = {row.name: row for row in comparison.rows if row.kind == "network"}
    for run in (parent, *nested.values()):
        assert run.info.status == "FINISHED"
        assert run.data.tags["unroll.complete"] == "true"
        assert run.data.tags["unroll.fingerprint"] == comparison.data.fingerprint
        assert run.data.tags["unroll.params_digest"] == params.digest()
    for (name, seed), run in nested.items():
        place = params.seeds.index(seed)
        assert rows[name].run_ids[place] == run.info.run_id
        assert set(run.data.metrics) >= COSTS | ANSWERING
        for key, spread in rows[name].metrics.items():
            if key.startswith("test/"):
                assert run.data.metrics[key] == pytest.approx(spread.values[place], abs=1e-12)
        history = client(home).get_metric_history(run.info.run_id, "val/loss")
        assert [one.step for one in history] == list(range(1, params.train.max_epochs + 1))
        files = {one.path for one in client(home).list_artifacts(run.info.run_id)}
        assert {"params.yaml", "weights.safetensors", "predictions.parquet"} <= files
        assert ("mistakes.parquet" in files) == (params.task == "classification")
    best = rows[next(row.name for row in comparison.rows if row.best)]
    assert parent.data.metrics == pytest.approx(
        {f"best/{key}": spread.mean for key, spread in best.metrics.items()}
    )
    page = home.reports / comparison.id / "report.html"
    assert parent.info.run_name == comparison.id
    logged = {one.path for one in client(home).list_artifacts(parent.info.run_id, "report")}
    assert logged == {
        f"report/{name}" for name in ("report.html", "comparison.json", "summary.json")
    }
    assert all(row.label in page.read_text() for row in comparison.rows)


def check_rows(comparison: Comparison, params: Experiment, baselines: tuple[str, ...]) -> None:
    """A row for each architecture and baseline; a spread is that of its values, best first."""
    kinds = [(row.kind, row.name) for row in comparison.rows]
    assert sorted(kinds) == sorted(
        [("network", name) for name in params.architectures]
        + [("baseline", name) for name in baselines]
    )
    assert [kind for kind, _ in kinds] == sorted((kind for kind, _ in kinds), reverse=True)
    networks = [row for row in comparison.rows if row.kind == "network"]
    better = metrics.metrics_of(params.task)[comparison.metric].better
    means = [row.metrics[comparison.metric].mean for row in networks]
    assert means == sorted(means, reverse=better == "higher")
    assert [row.best for row in comparison.rows] == [True] + [False] * (len(kinds) - 1)
    for row in networks:
        assert row.seeds == params.seeds
        for spread in row.metrics.values():
            assert len(spread.values) == len(params.seeds)
            assert spread.mean == pytest.approx(sum(spread.values) / len(spread.values))
            assert (spread.low, spread.high) == (min(spread.values), max(spread.values))
    for row in comparison.rows:
        check_cost(row)
    curves = [(curve.name, curve.seed) for curve in comparison.curves]
    assert curves == sorted((name, seed) for name in params.architectures for seed in params.seeds)


def check_cost(row: Row) -> None:
    """What a row costs can be: every child holds torch, and no network answers in no time."""
    spent = row.cost
    assert spent is not None
    assert 2e8 < spent.peak_memory_bytes < 4e9
    assert 0 < spent.latency_median_seconds <= spent.latency_p99_seconds < 10
    assert spent.throughput > 100
    assert spent.size_bytes >= len("{}")
    if row.kind == "baseline":
        assert spent.seconds_per_epoch is None
        return
    assert row.num_parameters is not None
    assert spent.size_bytes > 4 * row.num_parameters
    assert spent.seconds_per_epoch is not None
    assert 0 < spent.seconds_per_epoch <= row.train_seconds
    assert spent.latency_median_seconds > 5e-5
    assert spent.throughput < 1e7


def predictions(home: Home) -> dict[tuple[str, int | None], pd.DataFrame]:
    """What every row said of the test split, by name and seed."""
    found = {}
    for path in (home.root / "store" / "evaluate").glob("*/scored.json"):
        scored = json.loads(path.read_text())
        found[scored["name"], scored["seed"]] = pd.read_parquet(
            path.with_name("predictions.parquet")
        )
    return found


def results(comparison: Comparison) -> dict[str, Any]:
    """All that must not depend on when, or how often, a comparison is made."""
    return {
        row.name: (row.metrics, row.num_parameters, row.train_seconds) for row in comparison.rows
    }


def test_a_classification_from_texts_to_report(
    tiny_imdb: ClassificationExperiment, home: Home, children: Children
) -> None:
    params = tiny_imdb.model_copy(update={"architectures": ("lstm", "bilstm"), "seeds": (1, 2)})
    comparison = run(params, home)
    check_rows(comparison, params, ("majority", "tfidf_logistic"))
    check_complete(home, comparison, params)
    assert (comparison.data.train, comparison.data.val, comparison.data.test) == (36, 12, 16)
    said = predictions(home)
    runs = {(name, seed) for name in params.architectures for seed in params.seeds}
    assert set(said) == {*runs, ("majority", None), ("tfidf_logistic", None)}
    rows = {row.name: row for row in comparison.rows}
    for (name, seed), table in said.items():
        assert table["row"].tolist() == list(range(16))
        assert table["label"].tolist() == [0, 1] * 8
        right = ((table["probability"] >= 0.5) == (table["label"] == 1)).mean()
        place = params.seeds.index(seed) if seed is not None else 0
        assert rows[name].metrics["test/accuracy"].values[place] == pytest.approx(right)
    assert rows["majority"].metrics["test/accuracy"].mean == 0.5
    # 40 words at most, padding and unknown; 4 gates of (4 + 4) x 4 weights and 8 biases; the head
    vocabulary = next((home.root / "store" / "preprocess").glob("*/vocabulary.json"))
    embedding = 4 * (len(json.loads(vocabulary.read_text())) + 2)
    assert rows["lstm"].num_parameters == embedding + 4 * (4 * 8 + 8) + 5
    assert rows["bilstm"].num_parameters == embedding + 2 * 4 * (4 * 8 + 8) + 9

    check_text_errors(comparison, said, params.seeds)
    assert sorted(children.epochs) == sorted((f"{name} seed {seed}", 1) for name, seed in runs)
    children.epochs.clear()
    again = run(params, home)
    assert children.epochs == []  # nothing was trained
    assert again.id != comparison.id
    assert results(again) == results(comparison)
    check_complete(home, again, params)
    _, nested = runs_of(home, again)
    assert {one.data.tags["unroll.reused"] for one in nested.values()} == {"true"}
    only_lstm = params.model_copy(update={"architectures": ("lstm",), "seeds": (1,)})
    fresh = run(only_lstm, home, fresh=True)
    assert children.epochs == [("lstm seed 1", 1)]
    lstm = next(row for row in fresh.rows if row.name == "lstm")
    for key, spread in lstm.metrics.items():  # trained anew with the same seed: the same
        assert spread.values == rows["lstm"].metrics[key].values[:1]


def check_text_errors(
    comparison: Comparison, said: dict[tuple[str, int | None], pd.DataFrame], seeds: tuple[int, ...]
) -> None:
    """The error analysis is that of the predictions, and its mistakes are mistakes."""
    errors = comparison.errors
    assert isinstance(errors, TextErrors)
    (every,) = errors.lengths  # 16 texts are too few for two bins
    assert (every.low, every.high, every.num_examples) == (3, 14, 16)
    for row in comparison.rows:
        confusion = errors.confusion[row.name]
        right = confusion.true_negative + confusion.true_positive
        assert right / 16 == pytest.approx(row.metrics["test/accuracy"].mean)
        assert every.accuracy[row.name].mean == pytest.approx(row.metrics["test/accuracy"].mean)
        runs = [said[row.name, seed] for seed in (seeds if row.kind == "network" else (None,))]
        for one in errors.mistakes[row.name]:
            mean = sum(run["probability"][one.row] for run in runs) / len(runs)
            assert one.probability == pytest.approx(mean)
            assert (mean >= 0.5) != (runs[0]["label"][one.row] == 1)
            assert one.excerpt
    (pair,) = errors.disagreements
    counts = (pair.num_both_right, pair.num_only_first, pair.num_only_second, pair.num_both_wrong)
    assert sum(counts) == 16


def test_the_text_pipeline_from_six_texts_to_what_is_said_of_new_ones(home: Home) -> None:
    params = load("text_pipeline")
    assert isinstance(params, ClassificationExperiment)
    comparison = run(params, home)
    check_rows(comparison, params, ("majority", "tfidf_logistic"))
    check_complete(home, comparison, params)
    data = comparison.data
    assert (data.train, data.val, data.test) == (4, 2, 4)
    assert data.caveat is not None
    assert data.caveat.startswith("4 test texts say little: one of them more or less is 25% of")
    numbers = comparison.numbers
    assert numbers is not None
    words = dict(numbers.top)
    assert list(words.values()) == list(range(2, 2 + len(words)))
    example = numbers.example
    assert example.ids == tuple(words[word] for word in example.words)
    assert example.row == example.ids + (0,) * (15 - len(example.ids))
    assert example.excerpt in {one.text for one in params.ingest.inline_texts.train}
    new = {one.text: one for one in comparison.new_texts}
    assert tuple(new) == params.evaluate.texts
    assert (new["Zebras gallop."].num_words, new["Zebras gallop."].num_known) == (2, 0)
    assert new["I love this boring film."].num_known == 4
    for one in new.values():
        assert len(one.said["lstm"].values) == 3
    # Whatever the seed, words that stand on one side only tell the side.
    assert new["Great actors and an amazing story."].said["lstm"].low > 0.5
    assert new["Boring and terrible."].said["lstm"].high < 0.5
    networks = next(row for row in comparison.rows if row.name == "lstm")
    assert networks.metrics["test/accuracy"].low >= 0.75
    page = (home.reports / comparison.id / "report.html").read_text()
    assert "How a text becomes numbers" in page
    assert "Zebras gallop." in page


def test_a_forecast_from_series_to_report(
    tiny_temperature: ForecastExperiment, home: Home, children: Children
) -> None:
    params = tiny_temperature.model_copy(update={"architectures": ("rnn", "gru"), "seeds": (3, 4)})
    comparison = run(params, home)
    check_rows(comparison, params, params.evaluate.baselines)
    check_complete(home, comparison, params)
    # 115 windows of 5 + 1 days; the test forecasts the last 20 % of them
    assert comparison.data.test == 23
    said = predictions(home)
    rows = {row.name: row for row in comparison.rows}
    for (name, seed), table in said.items():
        assert table["day"].tolist() == list(range(97, 120))
        assert table["step"].tolist() == [1] * 23
        values = rows[name].metrics["test/mae"].values
        place = params.seeds.index(seed) if seed is not None else 0
        assert values[place] == pytest.approx((table["forecast"] - table["truth"]).abs().mean())
    floor = (said["last_value", None]["true_mean"] - said["last_value", None]["truth"]).abs().mean()
    assert comparison.floor == pytest.approx({"test/mae": floor})
    for row in comparison.rows:
        regret = row.metrics["test/regret"].mean
        assert regret == pytest.approx(row.metrics["test/mae"].mean - floor)
    errors = comparison.errors
    assert isinstance(errors, SeriesErrors)
    for row in comparison.rows:
        (step,) = errors.horizon[row.name]
        assert step.values == pytest.approx(row.metrics["test/mae"].values)
    assert errors.days == tuple(range(97, 120))
    # Days 97 to 119 are 7 to 29 of a season of 30, whose quarters begin with days 0, 7, 15 and 22.
    assert [(one.label, one.num_days) for one in errors.seasons] == [
        ("days 8 to 15 of 30", 8),
        ("days 16 to 22 of 30", 7),
        ("days 23 to 30 of 30", 8),
    ]
    picture = comparison.forecast
    assert picture is not None
    assert picture.days == tuple(range(97, 107))
    assert set(picture.forecasts) == set(rows)
    assert picture.forecasts["gru"] == tuple(said["gru", 3]["forecast"][:10])
    assert len({run for run, _ in children.epochs}) == 4


def test_a_measuring_that_fails_leaves_the_comparison_without_costs(
    tiny_temperature: ForecastExperiment,
    home: Home,
    children: Children,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def killed(*_: object) -> None:
        raise worker.ChildFailed("its process was ended by SIGKILL", "KILLED")

    monkeypatch.setattr(cost, "run_in_child", killed)
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    comparison = run(params, home)
    assert comparison.missing == ()
    assert [row.cost for row in comparison.rows] == [None] * 5
    said = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert (
        said.count(
            "size and speed of the rows could not be measured: its process was ended by SIGKILL"
        )
        == 1
    )
    parent, nested = runs_of(home, comparison)
    assert parent.info.status == "FINISHED"
    assert set(nested["rnn", 1].data.metrics) & (COSTS | ANSWERING) == COSTS


def test_a_caution_is_told_at_the_start_and_in_the_report(
    tiny_temperature: ForecastExperiment,
    home: Home,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker.preload()
    far = tiny_temperature.preprocess.model_copy(update={"context_length": 21})
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",), "preprocess": far})
    (caution,) = cautions(params)
    assert run_all([Asked(params, ["run", "x"])], home) == 0
    lines = [line.partition(" s  ")[2] for line in capsys.readouterr().err.splitlines()]
    (epoch,) = (place for place, line in enumerate(lines) if "rnn seed 1: epoch 1/1" in line)
    assert lines.index(f"caution: {caution}") < epoch
    (record,) = (one for one in caplog.records if "caution" in one.getMessage())
    assert (record.name, record.levelname) == ("components.flows", "WARNING")
    path = next(home.reports.glob("*/comparison.json"))
    assert Comparison.model_validate_json(path.read_text()).cautions == (caution,)
    assert caution in path.with_name("report.html").read_text()


def poisoned(
    jobs: Callable[..., list[TrainingJob]], children: Children
) -> Callable[..., list[TrainingJob]]:
    """`training_jobs`, but the GRU goes on until it is killed, and the LSTM's loss runs away."""

    def changed(*of: Any) -> list[TrainingJob]:
        found = []
        for job in jobs(*of):
            model, train = job.model, job.train
            if job.architecture == "gru":
                train = train.model_copy(update={"max_epochs": 100_000, "patience": None})
            if job.architecture == "lstm":
                model = model.model_copy(update={"head_sizes": (8,) * 30})
                runaway = {"learning_rate": 100.0, "gradient_clip_val": None, "max_epochs": 3}
                train = train.model_copy(update=runaway)
            found.append(job.model_copy(update={"model": model, "train": train}))
            if job.architecture == "gru":
                children.victim = found[-1]
        return found

    return changed


def test_runs_that_do_not_finish_leave_the_others_alone(
    tiny_temperature: ForecastExperiment,
    home: Home,
    children: Children,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    params = tiny_temperature.model_copy(update={"architectures": ("rnn", "lstm", "gru")})
    monkeypatch.setattr(flow, "training_jobs", poisoned(flow.training_jobs, children))
    assert run_all([Asked(params, ["run", "x"])], home) == 1
    said = "without a result: gru seed 1, lstm seed 1; the others are compared; `unroll resume` "
    assert said in capsys.readouterr().err.splitlines()[-3]
    comparison = Comparison.model_validate_json(
        next(home.reports.glob("*/comparison.json")).read_text()
    )
    missing = {one.name: one for one in comparison.missing}
    assert set(missing) == {"gru", "lstm"}
    assert (missing["gru"].seed, missing["gru"].status) == (1, "KILLED")
    assert "ended by SIGKILL" in missing["gru"].reason
    assert (missing["lstm"].seed, missing["lstm"].status) == (1, "FAILED")
    assert missing["lstm"].reason.startswith("TrainingDiverged: train/loss became ")
    assert [row.name for row in comparison.rows if row.kind == "network"] == ["rnn"]
    assert len(comparison.rows) == 5
    page = (home.reports / comparison.id / "report.html").read_text()
    assert "ended by SIGKILL" in page
    assert "train/loss became" in page
    parent, nested = runs_of(home, comparison)
    found = {name: run.info.status for (name, _), run in nested.items()}
    assert found == {"rnn": "FINISHED", "lstm": "FAILED", "gru": "KILLED"}
    for (name, _), run_ in nested.items():
        complete = "true" if name == "rnn" else None
        assert run_.data.tags.get("unroll.complete") == complete
        expected = missing[name].reason if name in missing else None
        assert run_.data.tags.get("unroll.reason") == expected
    assert (parent.info.status, parent.data.tags["unroll.missing"]) == ("FAILED", "2")
    assert len(list((home.root / "store" / "train").glob("*/manifest.json"))) == 1
    assert len(list((home.root / "store" / "train").glob("*.partial"))) == 2  # to be gone on with
    assert active_children() == []
