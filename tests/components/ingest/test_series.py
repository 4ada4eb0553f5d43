"""The generated temperature."""

import numpy as np
import pandas as pd
import pytest

from components.ingest.facts import sentences
from components.ingest.series import generate, ingest_series
from components.outputs import Store
from params.ingest import SeriesIngest
from params.load import load


def shipped(**changes: float) -> SeriesIngest:
    params = load("temperature").ingest
    assert isinstance(params, SeriesIngest)
    return params.model_copy(update=changes)


def test_the_shipped_series_is_that_of_the_tutorial() -> None:
    np.random.seed(42)
    day = np.arange(1095)
    expected = 25 + 10 * np.sin(2 * np.pi * day / 365) + np.random.randn(1095) * 2
    series = generate(shipped())
    np.testing.assert_array_equal(series["day"], day)
    np.testing.assert_allclose(series["value"], expected, rtol=0, atol=1e-12)
    assert series["value"][0] == pytest.approx(25 + 2 * 0.4967141530112327)


def test_known_errors_of_the_true_mean() -> None:
    series = generate(shipped())
    error = (series["value"] - series["true_mean"]).abs()
    assert error[-213:].mean() == pytest.approx(1.530, abs=5e-4)
    long = generate(shipped(num_days=400_000))
    expected = 2 * np.sqrt(2 / np.pi)
    assert expected == pytest.approx(1.596, abs=5e-4)
    error = (long["value"] - long["true_mean"]).abs()
    assert error.mean() == pytest.approx(expected, abs=0.01)


def test_every_constant_counts() -> None:
    params = shipped(num_days=4, mean=1, amplitude=2, period=4, trend=10, noise=0)
    assert generate(params)["value"].tolist() == pytest.approx([1, 13, 21, 29])
    assert generate(shipped(seed=1))["value"][0] != generate(shipped())["value"][0]


def test_ingested_facts_and_table(store: Store) -> None:
    params = shipped(num_days=5, mean=20, amplitude=0, trend=1, noise=0)
    ingested = ingest_series(params, store)
    table = pd.read_parquet(ingested.path / "series.parquet")
    assert table["value"].tolist() == [20, 21, 22, 23, 24]
    assert table.columns.tolist() == ["day", "value", "true_mean"]
    facts = ingested.splits["series"]
    found = (facts.num_examples, facts.missing, facts.repeats, facts.minimum, facts.maximum)
    assert found == (5, 0, 0, 20, 24)
    assert sentences(ingested) == (
        "series: 5 examples, 20.0 to 24.0 °C, 0 missing or blank, 0 exact repeats",
    )
    again = ingest_series(params, store)
    assert (ingested.reused, again.reused) == (False, True)
    assert again.fingerprint == ingested.fingerprint
    assert ingest_series(shipped(num_days=6), store).fingerprint != ingested.fingerprint
