"""A verified series -> scaled windows in the store, split in time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import save_file

from components.ingest.series import SERIES
from components.outputs import Store, key_of
from components.records import Ingested, Prepared, Scaler, SequenceSpec
from params.errors import InputError
from params.sections import SeriesPreprocess

VERSION = 1  # of what this stage makes; a change of it makes stored outputs again
PREPARED = "prepared.json"

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """Which days belong to which part; each part is one stretch, and no window leaves its part."""

    train: slice
    val: slice
    test: slice


def preprocess_series(
    ingested: Ingested, params: SeriesPreprocess, store: Store, *, fresh: bool = False
) -> Prepared:
    """Windows of `train`, `val` and `test` in the store.

    Each is a safetensors file: `context` `(N, context_length)` and `target`
    `(N, prediction_length)`, both scaled by statistics of the training part alone, and `day`
    `(N,)`, the day of the first target.

    Raises:
        InputError: If the series is too short for a window in each part, or has missing days.
    """

    def make(folder: Path) -> None:
        series = pd.read_parquet(ingested.path / f"{SERIES}.parquet")
        values = series["value"].to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError(
                f"the series must be complete, got {np.sum(~np.isfinite(values))} gaps"
            )
        parts = split_in_time(len(values), params)
        scaler = fit_scaler(values[parts.train])
        scaled = (values - scaler.mean) / scaler.scale
        sizes = {}
        for name in ("train", "val", "test"):
            part: slice = getattr(parts, name)
            context, target = windows(scaled[part], params.context_length, params.prediction_length)
            day = np.arange(len(target)) + part.start + params.context_length
            sizes[name] = len(day)
            arrays = {"context": context, "target": target, "day": day}
            save_file(arrays, folder / f"{name}.safetensors")
        first = parts.test.start + params.context_length
        prepared = Prepared(
            path=Path(),
            key=key,
            fingerprint=ingested.fingerprint,
            train=sizes["train"],
            val=sizes["val"],
            test=sizes["test"],
            spec=SequenceSpec(
                num_embeddings=None, input_size=1, output_size=params.prediction_length
            ),
            scaler=scaler,
            notes=(
                f"trained on days 0 to {parts.train.stop - 1}, validated on days to "
                f"{parts.val.stop - 1}, tested on the forecasts for days {first} to "
                f"{len(values) - 1}",
                f"scaled by the mean {scaler.mean:.2f} °C and standard deviation "
                f"{scaler.scale:.2f} °C of the training days alone",
            ),
        )
        (folder / PREPARED).write_text(prepared.model_dump_json(), encoding="utf-8")

    key = key_of("preprocess", VERSION, ingested.fingerprint, params.digest())
    output = store.output("preprocess", key, make, fresh=fresh)
    prepared = Prepared.model_validate_json((output.path / PREPARED).read_text(encoding="utf-8"))
    return prepared.model_copy(update={"path": output.path, "reused": output.reused})


def split_in_time(num_days: int, params: SeriesPreprocess) -> Parts:
    """The training, validation and test stretches, in this order, each with all its windows inside.

    `test_fraction` is a share of all windows of the series and `val_fraction` one of those that the
    rest of it has. The first `context_length` days of the two later parts are only read, never
    forecast; so the shipped temperature has the 213 test days of the tutorial.

    Raises:
        InputError: If a part would have no window.
    """
    window = params.context_length + params.prediction_length

    def cut(days: int, fraction: float) -> int:
        """The day on which the last `fraction` of the windows of `days` days begins."""
        return days - (round((days - window + 1) * fraction) + window - 1)

    test = cut(num_days, params.test_fraction)
    val = cut(test, params.val_fraction)
    parts = Parts(slice(0, val), slice(val, test), slice(test, num_days))
    for name in ("train", "val", "test"):
        part: slice = getattr(parts, name)
        if part.start < 0 or part.stop - part.start < window:
            raise InputError(
                f"preprocess: {num_days} days leave no window of context_length "
                f"{params.context_length} + prediction_length {params.prediction_length} for "
                f"{name}; make the series longer, the windows shorter or the fractions other"
            )
    return parts


def fit_scaler(values: Values) -> Scaler:
    """Mean and standard deviation of `values`; a constant stretch is only shifted."""
    return Scaler(mean=float(values.mean()), scale=float(values.std()) or 1.0)


def windows(
    values: Values, context_length: int, prediction_length: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every stretch of `context_length` values `(N, context_length)` with the `prediction_length`
    values that follow it `(N, prediction_length)`, in order of time; N is 0 if `values` is shorter.
    """
    length = context_length + prediction_length
    if len(values) < length:
        return np.empty((0, context_length), np.float32), np.empty(
            (0, prediction_length), np.float32
        )
    view = np.lib.stride_tricks.sliding_window_view(values, length).astype(np.float32)
    return view[:, :context_length].copy(), view[:, context_length:].copy()
