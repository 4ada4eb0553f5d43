"""What really was so on the test split."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file

from components.ingest.series import SERIES
from components.records import Ingested, Prepared
from components.scores import Predictions

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SeriesTruth:
    """The whole series in degrees C and the days that the test part forecasts.

    `days` is `(N, P)`, `value` and `true_mean` are `(num_days,)`. `known` is the first day that is
    forecast: everything before it may be learned from.
    """

    value: Values
    true_mean: Values | None
    days: NDArray[np.int64]
    naive_mae: float
    scale: float

    @property
    def known(self) -> int:
        """How many days precede the first forecast one."""
        return int(self.days[0, 0])

    def predictions(self, forecast: Values) -> Predictions:
        """`forecast` `(N, P)` beside the truth."""
        true_mean = None if self.true_mean is None else self.true_mean[self.days]
        return Predictions(
            self.value[self.days], forecast, true_mean, naive_mae=self.naive_mae, scale=self.scale
        )


def series_truth(ingested: Ingested, prepared: Prepared) -> SeriesTruth:
    """The truth of a forecast; naive error and scale are those of the training days alone."""
    assert prepared.scaler is not None, "a series was scaled"
    series = pd.read_parquet(ingested.path / f"{SERIES}.parquet")
    value = series["value"].to_numpy(dtype=np.float64)
    train_day = load_file(prepared.path / "train.safetensors")["day"]
    first = load_file(prepared.path / "test.safetensors")["day"]
    steps = np.arange(prepared.spec.output_size)
    train = value[: train_day[-1] + prepared.spec.output_size]
    return SeriesTruth(
        value=value,
        true_mean=series["true_mean"].to_numpy() if "true_mean" in series else None,
        days=first[:, None] + steps,
        naive_mae=float(np.abs(np.diff(train)).mean()),
        scale=prepared.scaler.scale,
    )


@dataclass(frozen=True)
class TextTruth:
    """The test texts in order: the `label`, 0 or 1, and the words of each whole text, `(N,)`."""

    label: NDArray[np.int8]
    num_words: NDArray[np.int64]


def text_truth(prepared: Prepared) -> TextTruth:
    """The truth of a classification, and how long its texts are."""
    with safe_open(prepared.path / "test.safetensors", framework="np") as arrays:
        return TextTruth(arrays.get_tensor("labels"), arrays.get_tensor("num_words"))
