"""A series -> windows in order of time; nothing is learned of the future."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from components.ingest.series import ingest_series
from components.outputs import Store
from components.preprocess.series import fit_scaler, preprocess_series, split_in_time, windows
from components.records import Ingested, Prepared
from params.errors import InputError
from params.load import load
from params.sections import SeriesPreprocess

PARTS = ("train", "val", "test")


def params(**changes: float) -> SeriesPreprocess:
    found = load("temperature").preprocess
    assert isinstance(found, SeriesPreprocess)
    return found.model_copy(update=changes)


def ingested(values: np.ndarray, store: Store, key: str) -> Ingested:
    """A series of our own making, as ingest would leave it."""

    def make(folder: object) -> None:
        pd.DataFrame({"day": np.arange(len(values)), "value": values}).to_parquet(
            f"{folder}/series.parquet"
        )

    path = store.output("made", key, make).path
    return Ingested(path=path, source="made up", fingerprint=key, splits={}, repeats_across=0)


def arrays(prepared: Prepared) -> dict[str, dict[str, np.ndarray]]:
    return {name: load_file(prepared.path / f"{name}.safetensors") for name in PARTS}


@pytest.mark.parametrize(
    ("context_length", "prediction_length", "contexts", "targets"),
    [
        (2, 1, [[0, 1], [1, 2], [2, 3], [3, 4]], [[2], [3], [4], [5]]),
        (3, 2, [[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]]),
        (5, 1, [[0, 1, 2, 3, 4]], [[5]]),
        (5, 2, [], []),
    ],
)
def test_windows_are_those_written_out(
    context_length: int,
    prediction_length: int,
    contexts: list[list[float]],
    targets: list[list[float]],
) -> None:
    context, target = windows(np.arange(6.0), context_length, prediction_length)
    assert context.tolist() == contexts
    assert target.tolist() == targets
    assert context.shape[1:] == (context_length,)
    assert target.shape[1:] == (prediction_length,)


def test_parts_and_windows_of_a_small_series(store: Store) -> None:
    section = params(context_length=2, prediction_length=1, val_fraction=0.25, test_fraction=0.2)
    prepared = preprocess_series(ingested(np.arange(12.0) ** 2, store, "a"), section, store)
    # 10 windows in all: 2 to test, whose first reads days 8 and 9; of the 6 in the 8 days before,
    # 2 (of 1.5, rounded to even) to validate, whose first reads days 4 and 5.
    found = arrays(prepared)
    assert {name: part["day"].tolist() for name, part in found.items()} == {
        "train": [2, 3],
        "val": [6, 7],
        "test": [10, 11],
    }
    assert (prepared.train, prepared.val, prepared.test) == (2, 2, 2)
    scaler = prepared.scaler
    assert scaler is not None
    assert scaler.mean == pytest.approx((0 + 1 + 4 + 9) / 4)
    assert scaler.scale == pytest.approx(np.sqrt((0 + 1 + 16 + 81) / 4 - 3.5**2))
    for part in found.values():
        for context, target, day in zip(part["context"], part["target"], part["day"], strict=True):
            days = np.array([day - 2, day - 1])
            np.testing.assert_allclose(context, (days**2 - scaler.mean) / scaler.scale, rtol=1e-6)
            np.testing.assert_allclose(target, [(day**2 - scaler.mean) / scaler.scale], rtol=1e-6)


@pytest.mark.parametrize(("context_length", "prediction_length"), [(30, 1), (7, 5), (1, 1)])
@pytest.mark.parametrize(("val_fraction", "test_fraction"), [(0.15, 0.2), (0.5, 0.5)])
def test_no_window_crosses_a_border(
    context_length: int, prediction_length: int, val_fraction: float, test_fraction: float
) -> None:
    section = params(
        context_length=context_length,
        prediction_length=prediction_length,
        val_fraction=val_fraction,
        test_fraction=test_fraction,
    )
    parts = split_in_time(400, section)
    assert parts.train.start == 0
    assert (parts.train.stop, parts.val.stop) == (parts.val.start, parts.test.start)
    assert parts.test.stop == 400
    window = context_length + prediction_length
    sizes = [part.stop - part.start - window + 1 for part in (parts.train, parts.val, parts.test)]
    assert min(sizes) > 0
    assert sizes[2] == round((400 - window + 1) * test_fraction)
    assert sizes[1] == round((parts.test.start - window + 1) * val_fraction)


def test_the_shipped_temperature_has_the_tutorials_213_test_days(store: Store) -> None:
    experiment = load("temperature")
    assert isinstance(experiment.preprocess, SeriesPreprocess)
    series = ingest_series(experiment.ingest, store)
    prepared = preprocess_series(series, experiment.preprocess, store)
    assert (prepared.train, prepared.val, prepared.test) == (669, 123, 213)
    days = arrays(prepared)["test"]["day"]
    assert days.tolist() == list(range(882, 1095))
    value = pd.read_parquet(series.path / "series.parquet")["value"]
    assert prepared.scaler is not None
    assert prepared.scaler.mean == pytest.approx(value[: 669 + 30].mean())
    assert prepared.spec.model_dump() == {"num_embeddings": None, "input_size": 1, "output_size": 1}
    assert prepared.notes[0] == (
        "trained on days 0 to 698, validated on days to 851, tested on the forecasts for days 882 "
        "to 1094"
    )


def test_the_future_changes_nothing_that_was_learned(store: Store) -> None:
    values = np.random.default_rng(0).normal(20, 5, 200)
    section = params(context_length=5, prediction_length=2)
    parts = split_in_time(200, section)
    one = preprocess_series(ingested(values, store, "one"), section, store)
    for part, unchanged in ((parts.val, ["train"]), (parts.test, ["train", "val"])):
        changed = np.where(np.arange(200) >= part.start, values * 3 + 100, values)
        other = preprocess_series(ingested(changed, store, f"{part}"), section, store)
        assert other.scaler == one.scaler
        for name in PARTS:
            for key in ("context", "target"):
                same = np.array_equal(arrays(other)[name][key], arrays(one)[name][key])
                assert same == (name in unchanged)
    earlier = preprocess_series(ingested(values + 1, store, "earlier"), section, store)
    assert earlier.scaler != one.scaler


def test_a_constant_stretch_is_only_shifted() -> None:
    assert fit_scaler(np.full(3, 7.0)).model_dump() == {"mean": 7.0, "scale": 1.0}
    assert fit_scaler(np.array([1.0, 3.0])).model_dump() == {"mean": 2.0, "scale": 1.0}


@pytest.mark.parametrize(
    ("num_days", "changes", "part"),
    [
        (31, {}, "train"),
        (60, {"test_fraction": 0.9}, "train"),
        (200, {"val_fraction": 0.001}, "val"),
        (100, {"test_fraction": 0.001}, "test"),
    ],
)
def test_a_series_too_short_for_a_part(num_days: int, changes: dict[str, float], part: str) -> None:
    with pytest.raises(InputError) as caught:
        split_in_time(num_days, params(**changes))
    assert str(caught.value) == (
        f"preprocess: {num_days} days leave no window of context_length 30 + prediction_length 1 "
        f"for {part}; make the series longer, the windows shorter or the fractions other"
    )


def test_gaps_are_refused(store: Store) -> None:
    values = np.where(np.arange(200) % 100 == 7, np.nan, 1.0)
    with pytest.raises(InputError, match="the series must be complete, got 2 gaps"):
        preprocess_series(ingested(values, store, "gaps"), params(), store)


def test_it_is_reused_until_something_it_depends_on_changes(store: Store) -> None:
    series = ingested(np.arange(200.0), store, "one")
    runs = [({}, False), ({}, True), ({"context_length": 29}, False), ({}, True)]
    for changes, reused in runs:
        assert preprocess_series(series, params(**changes), store).reused == reused
    other = series.model_copy(update={"fingerprint": "other"})
    assert not preprocess_series(other, params(), store).reused
