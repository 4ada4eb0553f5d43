"""What is kept of predictions, and the digest of the truth beside them."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.evaluate.mistakes import MISTAKES
from components.evaluate.predictions import (
    PREDICTIONS,
    read_column,
    read_predictions,
    write_predictions,
)
from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Ingested, Prepared
from params.errors import InputError
from params.schema import ClassificationExperiment, ForecastExperiment

Data = tuple[Ingested, Prepared]


@pytest.fixture
def texts(tiny_imdb: ClassificationExperiment, store: Store) -> Data:
    ingested = ingest_text(tiny_imdb.ingest, store)
    return ingested, preprocess_text(ingested, tiny_imdb.preprocess, store)


@pytest.fixture
def series(tiny_temperature: ForecastExperiment, store: Store) -> Data:
    ingested = ingest_series(tiny_temperature.ingest, store)
    return ingested, preprocess_series(ingested, tiny_temperature.preprocess, store)


def test_probabilities_stand_beside_labels_and_lengths(texts: Data, tmp_path: Path) -> None:
    said = np.linspace(0, 1, 16)[:, None]
    written = write_predictions("classification", *texts, said, tmp_path)
    table = pd.read_parquet(tmp_path / PREDICTIONS)
    assert list(table) == ["row", "label", "probability", "num_words"]
    assert table["row"].tolist() == list(range(16))
    assert table["label"].tolist() == [0, 1] * 8
    assert table["probability"].tolist() == said[:, 0].tolist()
    whole = pd.read_parquet(texts[0].path / "test.parquet")["text"]
    assert table["num_words"].tolist() == [len(text.split()) for text in whole]
    assert written.metrics["test/accuracy"] == 0.5  # every other text, whatever is said of it
    # The mistakes are the even rows from the middle on, and the odd ones before it.
    assert set(pd.read_parquet(tmp_path / MISTAKES)["row"]) == {1, 3, 5, 7, 8, 10, 12, 14}


def test_the_truth_of_texts_is_their_labels_in_order(texts: Data, tmp_path: Path) -> None:
    def digest(ingested: Ingested, said: float) -> str:
        estimate = np.full((16, 1), said)
        return write_predictions(
            "classification", ingested, texts[1], estimate, tmp_path
        ).truth_digest

    labels = bytes([0, 1] * 8)
    whole = hashlib.sha256(texts[0].fingerprint.encode() + labels).hexdigest()
    assert digest(texts[0], 0.1) == digest(texts[0], 0.9) == whole[:16]
    assert digest(texts[0].model_copy(update={"fingerprint": "other"}), 0.1) != whole[:16]


def test_the_truth_of_a_series_is_its_days_and_values(series: Data, tmp_path: Path) -> None:
    ingested, prepared = series

    def digest(said: float) -> str:
        estimate = np.full((prepared.test, 1), said)
        return write_predictions("forecast", ingested, prepared, estimate, tmp_path).truth_digest

    one = digest(20.0)
    assert digest(30.0) == one
    assert len(one) == 16
    path = ingested.path / "series.parquet"
    changed = pd.read_parquet(path)
    changed.loc[0, "value"] += 1  # no test day
    changed.to_parquet(path)
    assert digest(20.0) == one
    changed.loc[119, "value"] += 1
    changed.to_parquet(path)
    assert digest(20.0) != one


def test_a_column_that_is_not_there_is_empty(texts: Data, tmp_path: Path) -> None:
    write_predictions("classification", *texts, np.full((16, 1), 0.5), tmp_path)
    assert read_column(tmp_path, "label").tolist() == [0, 1] * 8
    assert len(read_column(tmp_path, "day")) == 0


def test_an_example_without_an_estimate_is_a_bug(texts: Data) -> None:
    estimate = np.full((16, 1), 0.5)
    estimate[3] = np.nan
    with pytest.raises(AssertionError, match="every test example has an estimate"):
        write_predictions("classification", *texts, estimate, Path())


@pytest.mark.parametrize("damage", [b"garbage", None])
def test_damaged_predictions_are_told(series: Data, tmp_path: Path, damage: bytes | None) -> None:
    """A file that is cut, overwritten or gone is a person's to mend."""
    count = series[1].test
    write_predictions("forecast", *series, np.full((count, 1), 20.0), tmp_path)
    path = tmp_path / PREDICTIONS
    path.unlink() if damage is None else path.write_bytes(damage)
    for task in ("classification", "forecast"):
        with pytest.raises(InputError, match=r"predictions.parquet cannot be read .*run the exp"):
            read_predictions(task, tmp_path)
