"""A fitted baseline comes back from its files, and answers as before."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.evaluate import kept
from components.evaluate.baselines import (
    Climatology,
    FittedSeries,
    FittedText,
    HarmonicRegression,
    LastValue,
    Majority,
    SeasonalLastValue,
    TfidfLogistic,
)
from params.names import BASELINE_LABELS, SeriesBaseline, TextBaseline

THIRDS = np.array([1 / 3, 0.1, 2 / 3])


@pytest.mark.parametrize(
    ("name", "fitted", "files"),
    [
        ("majority", Majority(1 / 3), {kept.SETTINGS}),
        (
            "tfidf_logistic",
            TfidfLogistic(["café", "good", "戦争"], THIRDS, -THIRDS, 0.1),
            {kept.SETTINGS, kept.ARRAYS},
        ),
    ],
)
def test_a_restored_text_baseline_says_the_same(
    name: TextBaseline, fitted: FittedText, files: set[str], tmp_path: Path
) -> None:
    kept.keep(fitted, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == files
    restored = kept.restore(name, tmp_path)
    assert type(restored) is type(fitted)
    assert isinstance(restored, FittedText)
    texts = pa.array(["Café, good good", "", "戦争 good"], pa.large_string())
    assert restored.probability(texts).tolist() == fitted.probability(texts).tolist()


@pytest.mark.parametrize(
    ("name", "fitted", "files"),
    [
        ("last_value", LastValue(), {kept.SETTINGS}),
        ("seasonal_last_value", SeasonalLastValue(3), {kept.SETTINGS}),
        ("climatology", Climatology(THIRDS), {kept.SETTINGS, kept.ARRAYS}),
        ("harmonic_regression", HarmonicRegression(7, THIRDS), {kept.SETTINGS, kept.ARRAYS}),
    ],
)
def test_a_restored_series_baseline_says_the_same(
    name: SeriesBaseline, fitted: FittedSeries, files: set[str], tmp_path: Path
) -> None:
    kept.keep(fitted, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == files
    restored = kept.restore(name, tmp_path)
    assert type(restored) is type(fitted)
    assert isinstance(restored, FittedSeries)
    value, days = np.arange(20) / 7, np.array([[10, 11], [18, 19]])
    expected = fitted.forecast(value, days).tolist()
    assert restored.forecast(value, days).tolist() == expected


def test_nothing_to_keep_is_next_to_nothing(tmp_path: Path) -> None:
    kept.keep(LastValue(), tmp_path)
    assert json.loads((tmp_path / kept.SETTINGS).read_text()) == {}


def test_every_baseline_can_be_restored() -> None:
    assert set(kept.KINDS) == set(BASELINE_LABELS)
