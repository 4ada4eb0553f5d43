"""Rows restored from their files say what they said when they were scored, and are measured."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from components.evaluate import answering, answers, cost, score
from components.evaluate.answering import AnsweringJob, answering_job, measured_runs
from components.evaluate.baselines import FittedSeries
from components.evaluate.predictions import PREDICTIONS
from components.evaluate.timing import BATCH_SIZE, Timing
from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Answering, Epoch, Evidence, Ingested, Prepared, Trained
from components.train import worker
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from components.train.worker import ChildFailed
from params.names import Architecture
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment
from params.sections import SeriesPreprocess, TextPreprocess


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Work that belongs in a child is done here, and noted."""
    done = []

    def run(work: Callable[[str, Path], None], job: str, folder: Path) -> None:
        done.append(work.__name__)
        work(job, folder)

    monkeypatch.setattr(score, "run_in_child", run)
    monkeypatch.setattr(score.placing, "here", score.placing.Placing)
    return done


def network(
    architecture: Architecture, seed: int, experiment: Experiment, prepared: Prepared, store: Store
) -> tuple[TrainingJob, Trained]:
    """A run with weights that nobody trained."""
    training = TrainingJob(
        task=experiment.task,
        architecture=architecture,
        seed=seed,
        model=experiment.model,
        train=experiment.train,
        prepared=prepared,
        num_threads=1,
    )
    folder = store.root / training.key
    folder.mkdir()
    torch.manual_seed(seed)
    fresh = RecurrentNetwork(architecture, experiment.model, prepared.spec)
    save_file(fresh.state_dict(), folder / WEIGHTS)
    trained = Trained(
        path=folder,
        architecture=architecture,
        seed=seed,
        num_parameters=1,
        train_seconds=1.0,
        peak_memory_bytes=1,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1.0, metrics={"val/loss": 0.5}),),
    )
    return training, trained


def evidence(
    experiment: Experiment, ingested: Ingested, prepared: Prepared, store: Store
) -> Evidence:
    """Two seeds of two architectures, and all baselines, scored."""
    networks = [
        network(name, seed, experiment, prepared, store)
        for name in experiment.architectures
        for seed in (5, 2)
    ]
    scored = [
        score.evaluate_network(
            score.NetworkJob(ingested=ingested, training=training, trained=trained), store
        )
        for training, trained in networks
    ]
    given = {"ingested": ingested, "prepared": prepared, "params": experiment.evaluate}
    kind = score.SeriesBaselineJob if experiment.task == "forecast" else score.TextBaselineJob
    for name in experiment.evaluate.baselines:
        scored.append(score.evaluate_baseline(kind(name=name, **given), store))
    return Evidence(
        ingested=ingested,
        prepared=prepared,
        trained=tuple(trained for _, trained in networks),
        scored=tuple(scored),
        missing=(),
    )


@pytest.fixture
def of_texts(tiny_imdb: ClassificationExperiment, store: Store) -> tuple[AnsweringJob, Evidence]:
    torch.set_num_threads(1)
    experiment = tiny_imdb.model_copy(update={"architectures": ("lstm", "bilstm")})
    ingested = ingest_text(experiment.ingest, store)
    prepared = preprocess_text(ingested, experiment.preprocess, store)
    found = evidence(experiment, ingested, prepared, store)
    return answering_job(experiment, found), found


@pytest.fixture
def of_days(tiny_temperature: ForecastExperiment, store: Store) -> tuple[AnsweringJob, Evidence]:
    torch.set_num_threads(1)
    two_days = tiny_temperature.preprocess.model_copy(update={"prediction_length": 2})
    changes = {"architectures": ("rnn", "gru"), "preprocess": two_days}
    experiment = tiny_temperature.model_copy(update=changes)
    ingested = ingest_series(experiment.ingest, store)
    prepared = preprocess_series(ingested, experiment.preprocess, store)
    found = evidence(experiment, ingested, prepared, store)
    return answering_job(experiment, found), found


def said(evidence: Evidence, name: str, column: str) -> np.ndarray:
    """What the measured run of a row said of the test split when it was scored."""
    folder = measured_runs(evidence.scored)[name].path
    return pd.read_parquet(folder / PREDICTIONS)[column].to_numpy()


def test_a_row_is_measured_by_its_first_seed(of_texts: tuple[AnsweringJob, Evidence]) -> None:
    job, evidence = of_texts
    assert [row.name for row in job.networks] == ["lstm", "bilstm"]
    assert [row.name for row in job.baselines] == ["majority", "tfidf_logistic"]
    folders = {(run.architecture, run.seed): run.path for run in evidence.trained}
    assert [row.trained for row in job.networks] == [folders["lstm", 2], folders["bilstm", 2]]
    by_seed = {(run.name, run.seed): run.path for run in evidence.scored}
    assert [row.scored for row in job.networks] == [by_seed["lstm", 2], by_seed["bilstm", 2]]


def test_what_did_not_finish_is_not_measured(
    of_texts: tuple[AnsweringJob, Evidence], tiny_imdb: ClassificationExperiment
) -> None:
    _, evidence = of_texts

    def names(*finished: tuple[str, int | None]) -> list[str]:
        left = [run for run in evidence.scored if (run.name, run.seed) in finished]
        job = answering_job(experiment, evidence.model_copy(update={"scored": tuple(left)}))
        return [row.name for row in (*job.networks, *job.baselines)]

    experiment = tiny_imdb.model_copy(update={"architectures": ("lstm", "bilstm")})
    assert names(("bilstm", 5), ("tfidf_logistic", None)) == ["bilstm", "tfidf_logistic"]
    assert names() == []


def test_texts_get_the_probabilities_that_were_scored(
    of_texts: tuple[AnsweringJob, Evidence],
) -> None:
    job, evidence = of_texts
    texts = pd.read_parquet(job.ingested.path / "test.parquet")["text"].tolist()
    assert isinstance(job.preprocess, TextPreprocess)
    names = []
    for one in answers.restored(job):
        name, row = one.name, one.row
        names.append(name)
        answer = answers.text_answer(row, job.prepared, job.preprocess)
        expected = said(evidence, name, "probability")
        np.testing.assert_allclose(answer(texts), expected, atol=1e-7)
        one_by_one = np.concatenate([answer([text]) for text in texts])
        np.testing.assert_allclose(one_by_one, expected, atol=1e-6)
        if name == "tfidf_logistic":
            assert answer(texts).tolist() == expected.tolist()
    assert names == ["lstm", "bilstm", "majority", "tfidf_logistic"]


def test_days_get_the_forecasts_that_were_scored(of_days: tuple[AnsweringJob, Evidence]) -> None:
    job, evidence = of_days
    value = pd.read_parquet(job.ingested.path / "series.parquet")["value"].to_numpy()
    days = said(evidence, "last_value", "day").reshape(-1, 2)
    assert isinstance(job.preprocess, SeriesPreprocess)
    for one in answers.restored(job):
        name, row = one.name, one.row
        answer = answers.series_answer(row, job.prepared, job.preprocess, value)
        expected = said(evidence, name, "forecast").reshape(-1, 2)
        np.testing.assert_allclose(answer(days), expected, atol=1e-5)
        for place, days_of_one in enumerate(days):
            # One that is to come may say nothing of those before it.
            later = np.where(np.arange(len(value)) >= days_of_one[0], 1e6, value)
            blind = answers.series_answer(row, job.prepared, job.preprocess, later)
            found = blind(days_of_one[None])[0]
            np.testing.assert_allclose(found, expected[place], atol=1e-5)
        if isinstance(row, FittedSeries):
            assert answer(days).tolist() == expected.tolist()


def test_the_size_is_that_of_the_files_that_are_needed(
    of_texts: tuple[AnsweringJob, Evidence], of_days: tuple[AnsweringJob, Evidence]
) -> None:
    def size(*paths: Path) -> int:
        return sum(len(path.read_bytes()) for path in paths)

    job, _ = of_texts
    sizes = {one.name: one.size_bytes for one in answers.restored(job)}
    read = [job.prepared.path / name for name in ("prepared.json", "vocabulary.json")]
    assert sizes["lstm"] == size(job.networks[0].trained / WEIGHTS, *read)
    folder = job.baselines[1].scored
    assert sizes["tfidf_logistic"] == size(
        folder / "baseline.json", folder / "baseline.safetensors"
    )
    job, _ = of_days
    sizes = {one.name: one.size_bytes for one in answers.restored(job)}
    assert sizes["gru"] == size(
        job.networks[1].trained / WEIGHTS, job.prepared.path / "prepared.json"
    )
    assert sizes["last_value"] == len("{}")


@pytest.mark.parametrize("number", [1, 16, 256, 25_000])
def test_a_batch_is_taken_from_all_over_the_split(number: int) -> None:
    places = answers.evenly(number)
    assert len(places) == BATCH_SIZE == 256
    assert (places[0], places[-1]) == (0, (255 * number) // 256)
    steps = np.diff(places)
    assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("of", ["of_texts", "of_days"])
def test_every_row_is_asked_one_kind_of_question(
    of: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, evidence = request.getfixturevalue(of)
    asked = []

    def timing(answer: Callable[[object], np.ndarray], batch: object) -> Timing:
        asked.append(batch)
        return Timing(median=float(len(asked)), p99=2.0, throughput=len(answer(batch)))

    monkeypatch.setattr(answers, "timing", timing)
    found = answers.measured(job)
    assert [row.name for row in found] == list(measured_runs_in_order(job))
    assert [row.latency_median_seconds for row in found] == list(range(1, len(found) + 1))
    assert {(row.latency_p99_seconds, row.throughput) for row in found} == {(2.0, 256.0)}
    assert all(np.array_equal(batch, asked[0]) for batch in asked)
    assert len(asked) == len({run.name for run in evidence.scored})


def measured_runs_in_order(job: AnsweringJob) -> list[str]:
    return [row.name for row in (*job.networks, *job.baselines)]


def test_a_measuring_is_reused_on_the_same_machine_for_the_same_rows(
    of_days: tuple[AnsweringJob, Evidence], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = of_days
    worker.preload()
    first = cost.measure(job, store)
    assert [row.name for row in first] == measured_runs_in_order(job)
    for row in first:
        assert 0 < row.latency_median_seconds <= row.latency_p99_seconds < 10
        assert row.throughput > 100
        assert row.busy_cores is not None
        assert 0 <= row.busy_cores < 1000
    assert cost.measure(job, store) == first  # to the last digit of what a clock said
    assert cost.measure(job, store, fresh=True) != first
    # The same runs may be called otherwise in a grid; what was measured of them is as good there.
    called = (row.model_copy(update={"name": f"{row.name}-2"}) for row in job.networks)
    of_grid = job.model_copy(update={"networks": tuple(called)})
    again = cost.measure(of_grid, store)
    assert [row.name for row in again] == ["rnn-2", "gru-2", *measured_runs_in_order(job)[2:]]
    assert [row.throughput for row in again] == [row.throughput for row in cost.measure(job, store)]
    fewer = job.model_copy(update={"networks": job.networks[1:]})
    assert fewer.key != job.key
    key = job.key
    monkeypatch.setattr(answering, "num_cores", lambda: 1_000)
    assert job.key != key


def test_a_measuring_that_fails_leaves_nothing(
    of_days: tuple[AnsweringJob, Evidence], store: Store
) -> None:
    job, _ = of_days
    worker.preload()
    (job.networks[0].trained / WEIGHTS).unlink()
    with pytest.raises(ChildFailed, match="FileNotFoundError"):
        cost.measure(job, store)
    assert not (store.root / "evaluate" / job.key).exists()


def test_what_a_log_says_of_a_row() -> None:
    row = Answering(
        name="lstm",
        size_bytes=740_000,
        latency_median_seconds=0.00123,
        latency_p99_seconds=0.0045,
        throughput=8123.4,
    )
    assert cost.sentence(row) == (
        "lstm answers in 1.23 ms (99 of 100 times within 4.50 ms), 8,123 a second in batches; "
        "740,000 bytes on disk"
    )
    assert list(cost.sentences([row])) == [cost.sentence(row)]
    busy = row.model_copy(update={"busy_cores": 1.5})
    assert list(cost.sentences([row, busy]))[2].startswith("other work kept 1.5 cores of the mach")
