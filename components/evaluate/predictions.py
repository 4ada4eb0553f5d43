"""What a run or a baseline says of every test example, kept as Parquet beside the truth."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components import metrics
from components.evaluate.mistakes import write_mistakes
from components.evaluate.truth import series_truth, text_truth
from components.records import Ingested, Prepared
from components.scores import Predictions
from params.errors import InputError
from params.names import Task

PREDICTIONS = "predictions.parquet"

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Written:
    """The test metrics of predictions that were written, and the digest of the truth they met.

    The digest is that of the examples in their order and of what was true of them: rows with the
    same one may be compared example by example.
    """

    metrics: dict[str, float]
    truth_digest: str


def write_predictions(
    task: Task, ingested: Ingested, prepared: Prepared, estimate: Values, folder: Path
) -> Written:
    """The test metrics of `estimate` `(N, P)`, which is kept beside the truth as Parquet.

    Of a classification the most confident mistakes are kept too, with pieces of their texts.
    """
    assert np.isfinite(estimate).all(), "every test example has an estimate"
    if task == "classification":
        return write_probabilities(ingested, prepared, estimate[:, 0], folder)
    return write_forecasts(ingested, prepared, estimate, folder)


def write_probabilities(
    ingested: Ingested, prepared: Prepared, probability: Values, folder: Path
) -> Written:
    """Probabilities of label 1 `(N,)` beside the labels and the words of each whole text."""
    truth = text_truth(prepared)
    predictions = Predictions(truth.label.astype(np.float64), probability)
    columns = {"row": np.arange(len(truth.label)), "label": truth.label}
    columns |= {"probability": probability, "num_words": truth.num_words}
    table = pd.DataFrame(columns)
    table.to_parquet(folder / PREDICTIONS, index=False)
    write_mistakes(table, ingested, prepared, folder)
    digest = digest_of(ingested.fingerprint.encode(), truth.label)
    return Written(metrics.score("classification", predictions), digest)


def write_forecasts(
    ingested: Ingested, prepared: Prepared, forecast: Values, folder: Path
) -> Written:
    """Forecasts `(N, P)` in degrees C beside the truth, a line for each window and step."""
    truth = series_truth(ingested, prepared)
    predictions = truth.predictions(forecast)
    window, step = (np.asarray(index) for index in np.indices(truth.days.shape))
    columns: dict[str, NDArray[Any]] = {"window": window, "step": step + 1, "day": truth.days}
    columns |= {"truth": predictions.truth, "forecast": forecast}
    if predictions.true_mean is not None:
        columns["true_mean"] = predictions.true_mean
    table = pd.DataFrame({name: column.ravel() for name, column in columns.items()})
    table.attrs = {"naive_mae": predictions.naive_mae, "scale": predictions.scale}
    table.to_parquet(folder / PREDICTIONS, index=False)
    digest = digest_of(truth.days, predictions.truth)
    return Written(metrics.score("forecast", predictions), digest)


def digest_of(*parts: bytes | NDArray[Any]) -> str:
    """Sixteen hexadecimal digits that depend on every byte of every part, in order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]


def read_predictions(task: Task, folder: Path) -> Predictions:
    """The predictions that `write_predictions` left in `folder`."""
    if task == "classification":
        label = read_column(folder, "label").astype(np.float64)
        return Predictions(label, read_column(folder, "probability"))
    with readable(folder):
        table = pd.read_parquet(folder / PREDICTIONS)
    steps = int(table["step"].max())

    def windows(column: str) -> Values:
        return np.asarray(table[column].to_numpy().reshape(-1, steps))

    true_mean = windows("true_mean") if "true_mean" in table else None
    return Predictions(
        windows("truth"),
        windows("forecast"),
        true_mean,
        naive_mae=table.attrs.get("naive_mae"),
        scale=table.attrs.get("scale"),
    )


def read_days(folder: Path) -> NDArray[np.int64]:
    """The days that the forecasts in `folder` are of, `(N, P)`."""
    steps = int(read_column(folder, "step").max())
    return np.asarray(read_column(folder, "day"), dtype=np.int64).reshape(-1, steps)


def read_column(folder: Path, name: str) -> NDArray[Any]:
    """One column of the predictions in `folder`; empty if they are of a version without it."""
    with readable(folder), pq.ParquetFile(folder / PREDICTIONS) as file:
        if name not in file.schema_arrow.names:
            return np.empty(0)
        values: NDArray[Any] = file.read([name], use_threads=False)[name].to_numpy()
    return values


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Tell a person that the predictions in `folder` are damaged, where they are.

    Raises:
        InputError: If the block finds that they are no Parquet file.
    """
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0]
        raise InputError(
            f"{folder / PREDICTIONS} cannot be read ({said}); run the experiment again"
        ) from None
