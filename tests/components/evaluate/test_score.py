"""Scores of baselines and networks with what they said; children have tests of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from components import metrics
from components.evaluate import score
from components.evaluate.kept import SETTINGS
from components.evaluate.predictions import PREDICTIONS, read_predictions
from components.files import file_digest
from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store, key_of
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Epoch, Scored, Trained
from components.scores import Predictions
from components.train import placing
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from components.train.placing import Gpu, Placing
from params.load import load
from params.resources import Resources
from params.schema import ClassificationExperiment, ForecastExperiment

LAST = {"test/mae", "test/scaled_mae", "test/rmse", "test/mase", "test/regret"}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Work that belongs in a child is done here, and noted; children have tests of their own."""
    done = []

    def run(work: Callable[[str, Path], None], job: str, folder: Path) -> None:
        done.append(work.__name__)
        work(job, folder)

    monkeypatch.setattr(score, "run_in_child", run)
    monkeypatch.setattr(placing, "here", Placing)  # a child would look for GPUs
    return done


@pytest.fixture
def text_job(tiny_imdb: ClassificationExperiment, store: Store) -> score.TextBaselineJob:
    ingested = ingest_text(tiny_imdb.ingest, store)
    prepared = preprocess_text(ingested, tiny_imdb.preprocess, store)
    return score.TextBaselineJob(
        ingested=ingested, prepared=prepared, name="tfidf_logistic", params=tiny_imdb.evaluate
    )


@pytest.fixture
def series_job(tiny_temperature: ForecastExperiment, store: Store) -> score.SeriesBaselineJob:
    ingested = ingest_series(tiny_temperature.ingest, store)
    two_days = tiny_temperature.preprocess.model_copy(update={"prediction_length": 2})
    prepared = preprocess_series(ingested, two_days, store)
    return score.SeriesBaselineJob(
        ingested=ingested, prepared=prepared, name="last_value", params=tiny_temperature.evaluate
    )


def test_a_text_baseline_is_scored_on_every_test_text(
    text_job: score.TextBaselineJob, store: Store
) -> None:
    scored = score.evaluate_baseline(text_job, store)
    assert (scored.kind, scored.name, scored.seed) == ("baseline", "tfidf_logistic", None)
    assert scored.fingerprint == text_job.ingested.fingerprint
    words = len(json.loads((scored.path / SETTINGS).read_text())["words"])
    assert scored.num_parameters == 2 * words + 1  # idf, weights, intercept
    assert 1e8 < scored.peak_memory_bytes < 1e11
    assert len(scored.truth_digest) == 16
    table = pd.read_parquet(scored.path / PREDICTIONS)
    assert table["row"].tolist() == list(range(16))
    assert table["label"].tolist() == [0, 1] * 8
    again = Predictions(table["label"].to_numpy(np.float64), table["probability"].to_numpy())
    assert metrics.score("classification", again) == scored.metrics
    assert scored.metrics["test/accuracy"] > 0.9  # one word of each text tells its label


def test_a_series_baseline_is_scored_in_degrees(
    series_job: score.SeriesBaselineJob, store: Store
) -> None:
    scored = score.evaluate_baseline(series_job, store)
    assert set(scored.metrics) == LAST
    table = pd.read_parquet(scored.path / PREDICTIONS)
    assert len(table) == 2 * series_job.prepared.test
    assert table["step"].tolist() == [1, 2] * series_job.prepared.test
    assert (table["day"] - table["step"] - table["window"]).nunique() == 1
    series = pd.read_parquet(series_job.ingested.path / "series.parquet")
    assert table["truth"].tolist() == series["value"][table["day"]].tolist()
    assert table["true_mean"].tolist() == series["true_mean"][table["day"]].tolist()
    assert table["forecast"].tolist() == series["value"][table["day"] - table["step"]].tolist()
    error = (table["forecast"] - table["truth"]).abs().mean()
    assert scored.metrics["test/mae"] == pytest.approx(error)


def test_predictions_are_read_back_with_all_that_the_metrics_need(
    series_job: score.SeriesBaselineJob, text_job: score.TextBaselineJob, store: Store
) -> None:
    for job in (series_job, text_job):
        scored = score.evaluate_baseline(job, store)
        again = read_predictions(job.task, scored.path)
        assert metrics.score(job.task, again) == pytest.approx(scored.metrics, rel=1e-12)


def test_scores_are_reused_until_something_they_depend_on_changes(
    series_job: score.SeriesBaselineJob, store: Store, in_this_process: list[str]
) -> None:
    def computed(**changes: object) -> bool:
        before = len(in_this_process)
        params = series_job.params.model_copy(update=changes)
        score.evaluate_baseline(series_job.model_copy(update={"params": params}), store)
        return len(in_this_process) > before

    assert computed()
    assert not computed()
    assert not computed(baselines=("last_value",))  # which others there are changes no score
    assert computed(seasonal_period=29)
    other = series_job.model_copy(update={"name": "climatology"})
    assert score.evaluate_baseline(other, store).name == "climatology"
    score.evaluate_baseline(series_job, store, fresh=True)
    assert in_this_process == ["score_baseline"] * 4


@pytest.fixture
def network_job(text_job: score.TextBaselineJob, store: Store) -> score.NetworkJob:
    """An LSTM with the weights it began with."""
    experiment = load("imdb", ["model.embedding_size=4", "model.hidden_sizes=[4]"])
    training = TrainingJob(
        task="classification",
        architecture="lstm",
        seed=3,
        model=experiment.model,
        train=experiment.train,
        prepared=text_job.prepared,
        num_threads=torch.get_num_threads(),
    )
    torch.manual_seed(0)
    network = RecurrentNetwork("lstm", experiment.model, text_job.prepared.spec)
    folder = store.root / "trained"
    folder.mkdir()
    save_file(network.state_dict(), folder / WEIGHTS)
    trained = Trained(
        path=folder,
        architecture="lstm",
        seed=3,
        num_parameters=1,
        train_seconds=1.0,
        peak_memory_bytes=100,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1.0, metrics={"val/loss": 0.5}),),
    )
    return score.NetworkJob(ingested=text_job.ingested, training=training, trained=trained)


def test_new_texts_are_read_as_the_test_texts_are(
    network_job: score.NetworkJob, tiny_imdb: ClassificationExperiment, store: Store
) -> None:
    texts = pd.read_parquet(network_job.ingested.path / "test.parquet")["text"]
    new = score.NewTexts(texts=tuple(texts), preprocess=tiny_imdb.preprocess)
    scored = score.evaluate_network(network_job.model_copy(update={"new": new}), store)
    said = pd.read_parquet(scored.path / PREDICTIONS)["probability"]
    assert scored.new_texts == pytest.approx(said.tolist(), abs=1e-6)
    assert len(set(scored.new_texts)) > 10


def test_scores_of_a_network_are_kept_by_the_texts_it_read(
    network_job: score.NetworkJob,
    tiny_imdb: ClassificationExperiment,
    store: Store,
    in_this_process: list[str],
) -> None:
    def scored(*texts: str) -> tuple[Scored, bool]:
        before = len(in_this_process)
        new = score.NewTexts(texts=texts, preprocess=tiny_imdb.preprocess) if texts else None
        found = score.evaluate_network(network_job.model_copy(update={"new": new}), store)
        return found, len(in_this_process) > before

    plain, computed = scored()
    assert (plain.new_texts, computed) == ((), True)
    weights = file_digest(network_job.trained.path / WEIGHTS)
    # The key of a network without new texts is what it was before there were any.
    assert plain.path.name == key_of("network", score.VERSION, network_job.training.key, weights)
    one, computed = scored("good")
    assert (len(one.new_texts), computed) == (1, True)
    assert one.metrics == plain.metrics
    assert scored("good")[1] is False
    two, computed = scored("good", "bad")
    assert (len(two.new_texts), computed) == (2, True)
    assert two.new_texts[0] == pytest.approx(one.new_texts[0], abs=1e-6)
    unknown, _ = scored("?!", "xyzzy", "Xyzzy...")
    assert unknown.new_texts == pytest.approx([unknown.new_texts[0]] * 3, abs=1e-6)


def test_a_network_that_was_trained_on_gpus_is_scored_on_one(
    network_job: score.NetworkJob, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Placing([Gpu(index=index, free=10**9) for index in range(2)])
    given: list[tuple[int, ...]] = []

    def run(work: Callable[[str, Path], None], job: str, folder: Path) -> None:
        training = score.NetworkJob.model_validate_json(job).training
        given.append(training.gpus)
        assert [held.gpus for held in shared.running] == [training.gpus]
        own = network_job.model_dump_json()  # there is no GPU here
        work(own, folder)

    monkeypatch.setattr(score, "run_in_child", run)
    monkeypatch.setattr(placing, "here", lambda: shared)
    on_both = network_job.training.model_copy(update={"resources": Resources(devices=2)})
    score.evaluate_network(network_job.model_copy(update={"training": on_both}), store)
    assert given == [(0,)]
    assert shared.running == []


def test_what_a_training_took_is_that_of_the_last_one(
    network_job: score.NetworkJob, store: Store, in_this_process: list[str]
) -> None:
    first = score.evaluate_network(network_job, store)
    assert (first.train_seconds, first.peak_memory_bytes) == (1.0, 100)
    again = {"train_seconds": 2.0, "peak_memory_bytes": 200}  # the same weights
    trained = network_job.trained.model_copy(update=again)
    second = score.evaluate_network(network_job.model_copy(update={"trained": trained}), store)
    assert second == first.model_copy(update=again)
    assert in_this_process == ["score_network"]


def test_it_is_said_whose_scores_are_reused(
    network_job: score.NetworkJob,
    series_job: score.SeriesBaselineJob,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO", "components.outputs"):
        for _ in range(2):
            score.evaluate_network(network_job, store)
            score.evaluate_baseline(series_job, store)
    assert caplog.messages == [
        "evaluate lstm seed 3: reused, nothing it depends on changed",
        f"evaluate {series_job.name}: reused, nothing it depends on changed",
    ]


def test_what_networks_read_besides_changes_no_baseline(
    text_job: score.TextBaselineJob, store: Store, in_this_process: list[str]
) -> None:
    score.evaluate_baseline(text_job, store)
    more = text_job.params.model_copy(update={"texts": ("new",)})
    score.evaluate_baseline(text_job.model_copy(update={"params": more}), store)
    assert in_this_process == ["score_baseline"]
