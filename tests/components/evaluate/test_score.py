"""Scores of baselines, with their predictions; networks are scored in tests/components/train."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components import metrics
from components.evaluate import score
from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.storage import Store
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
    assert scored.num_parameters is None
    table = pd.read_parquet(scored.path / score.PREDICTIONS)
    assert table["row"].tolist() == list(range(16))
    assert table["label"].tolist() == [0, 1] * 8
    again = metrics.Predictions(
        table["label"].to_numpy(np.float64), table["probability"].to_numpy()
    )
    assert metrics.score("classification", again) == scored.metrics
    assert scored.metrics["test/accuracy"] > 0.9  # one word of each text tells its label


def test_a_series_baseline_is_scored_in_degrees(
    series_job: score.SeriesBaselineJob, store: Store
) -> None:
    scored = score.evaluate_baseline(series_job, store)
    assert set(scored.metrics) == LAST
    table = pd.read_parquet(scored.path / score.PREDICTIONS)
    assert len(table) == 2 * series_job.prepared.test
    assert table["step"].tolist() == [1, 2] * series_job.prepared.test
    assert (table["day"] - table["step"] - table["window"]).nunique() == 1
    series = pd.read_parquet(series_job.ingested.path / "series.parquet")
    assert table["truth"].tolist() == series["value"][table["day"]].tolist()
    assert table["true_mean"].tolist() == series["true_mean"][table["day"]].tolist()
    assert table["forecast"].tolist() == series["value"][table["day"] - table["step"]].tolist()
    error = (table["forecast"] - table["truth"]).abs().mean()
    assert scored.metrics["test/mae"] == pytest.approx(error)


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


def test_an_example_without_an_estimate_is_a_bug(text_job: score.TextBaselineJob) -> None:
    estimate = np.full((16, 1), 0.5)
    estimate[3] = np.nan
    with pytest.raises(AssertionError, match="every test example has an estimate"):
        score.write_predictions(
            "classification", text_job.ingested, text_job.prepared, estimate, Path()
        )
