"""What really was so on the test days."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from components.evaluate.truth import series_truth, text_truth
from components.ingest.series import generate, ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from params.schema import ClassificationExperiment, ForecastExperiment


@pytest.mark.parametrize("prediction_length", [1, 3])
def test_the_truth_is_what_the_targets_were_before_scaling(
    prediction_length: int, tiny_temperature: ForecastExperiment, store: Store
) -> None:
    section = tiny_temperature.preprocess.model_copy(
        update={"prediction_length": prediction_length}
    )
    ingested = ingest_series(tiny_temperature.ingest, store)
    prepared = preprocess_series(ingested, section, store)
    truth = series_truth(ingested, prepared)
    series = generate(tiny_temperature.ingest)
    assert truth.value.tolist() == series["value"].tolist()
    assert truth.days.shape == (prepared.test, prediction_length)
    assert truth.days[-1, -1] == 119
    assert truth.known == truth.days[0, 0] == 120 - prepared.test - prediction_length + 1
    arrays = load_file(prepared.path / "test.safetensors")
    scaler = prepared.scaler
    assert scaler is not None
    predictions = truth.predictions(arrays["target"] * scaler.scale + scaler.mean)
    np.testing.assert_allclose(predictions.estimate, predictions.truth, atol=1e-5)
    assert predictions.true_mean is not None
    assert predictions.true_mean[0, 0] == series["true_mean"][truth.known]
    # Every training day counts, and no later one.
    last = load_file(prepared.path / "train.safetensors")["day"][-1] + prediction_length - 1
    assert last == load_file(prepared.path / "val.safetensors")["day"][0] - 5 - 1
    changes = series["value"][: last + 1].diff().abs()
    assert predictions.naive_mae == pytest.approx(changes.mean())
    assert predictions.scale == pytest.approx(series["value"][: last + 1].std(ddof=0))


def test_a_series_without_a_true_mean(tiny_temperature: ForecastExperiment, store: Store) -> None:
    ingested = ingest_series(tiny_temperature.ingest, store)
    prepared = preprocess_series(ingested, tiny_temperature.preprocess, store)
    path = ingested.path / "series.parquet"
    pd.read_parquet(path).drop(columns="true_mean").to_parquet(path)
    truth = series_truth(ingested, prepared)
    assert truth.predictions(truth.value[truth.days]).true_mean is None


def test_texts_have_their_labels_and_all_their_words(
    tiny_imdb: ClassificationExperiment, store: Store
) -> None:
    ingested = ingest_text(tiny_imdb.ingest, store)
    truth = text_truth(preprocess_text(ingested, tiny_imdb.preprocess, store))
    assert truth.label.tolist() == [0, 1] * 8
    texts = pd.read_parquet(ingested.path / "test.parquet")["text"]
    assert truth.num_words.tolist() == [len(text.split()) for text in texts]
    assert truth.num_words.max() > tiny_imdb.preprocess.max_length  # those that are cut too
