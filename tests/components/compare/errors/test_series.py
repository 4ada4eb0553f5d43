"""Where rows of a forecast go wrong, worked out by hand for three windows of two days."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.compare.errors import series as stage
from components.compare.errors.series import residuals_of, season_parts, series_errors
from components.evaluate.predictions import PREDICTIONS
from components.records import Row, SeriesErrors

# Error by window and step, in degrees C; windows begin on days 5, 6 and 7.
ONE = [[1.0, -2.0], [3.0, 0.0], [-1.0, 4.0]]
OTHER = [[3.0, 2.0], [1.0, -2.0], [1.0, 0.0]]


def write(folder: Path, errors: list[list[float]], first: int = 5) -> Path:
    """What a run leaves of forecasts with these errors; gives the folder."""
    folder.mkdir()
    error = np.array(errors)
    window, step = np.indices(error.shape)
    day = first + window + step
    columns = {"window": window, "step": step + 1, "day": day, "truth": day * 2.0}
    columns["forecast"] = day * 2.0 + error
    flat = {name: column.ravel() for name, column in columns.items()}
    pd.DataFrame(flat).to_parquet(folder / PREDICTIONS, index=False)
    return folder


@pytest.fixture
def found(tmp_path: Path, make_row: Callable[..., Row]) -> SeriesErrors:
    """GRU with two seeds, and a baseline that is one of them."""
    folders = {
        "gru": [write(tmp_path / "gru-1", ONE), write(tmp_path / "gru-2", OTHER)],
        "last_value": [write(tmp_path / "last_value", OTHER)],
    }
    rows = [make_row("gru"), make_row("last_value", "baseline")]
    return series_errors(rows, folders, seasonal_period=4)


def test_error_by_forecast_step(found: SeriesErrors) -> None:
    first, second = found.horizon["gru"]
    assert first.values == pytest.approx((5 / 3, 5 / 3))
    assert second.values == pytest.approx((2.0, 4 / 3))
    assert second.mean == pytest.approx(5 / 3)
    assert first.interval is None  # of three windows
    assert [one.values for one in found.horizon["last_value"]] == [
        pytest.approx((5 / 3,)),
        pytest.approx((4 / 3,)),
    ]


def test_residuals_are_one_step_ahead_and_a_mean_over_seeds(found: SeriesErrors) -> None:
    assert found.days == (5, 6, 7)
    assert found.residuals["gru"].values == (2.0, 2.0, 0.0)
    assert found.residuals["last_value"].values == (3.0, 1.0, 1.0)
    assert found.residuals["gru"].autocorrelation == ()  # of three days
    assert found.band == pytest.approx(1.96 / np.sqrt(3))


def test_error_by_season_counts_each_day_once(found: SeriesErrors) -> None:
    labels = [(one.label, one.num_days) for one in found.seasons]
    assert labels == [(f"day {day} of 4", 1) for day in (1, 2, 3, 4)]
    # Day 8 is the first of its season and forecast once; days 6 and 7 are forecast twice.
    assert [one.mae["gru"].values for one in found.seasons] == [
        (4.0, 0.0),
        (1.0, 3.0),
        (2.5, 1.5),
        (0.5, 1.5),
    ]
    assert [one.mae["last_value"].values for one in found.seasons] == [
        (0.0,),
        (3.0,),
        (1.5,),
        (1.5,),
    ]
    assert SeriesErrors.model_validate_json(found.model_dump_json()) == found


def test_quarters_of_a_season_in_words() -> None:
    year = season_parts(np.arange(365, 365 + 365), 365)
    assert {label: len(inside) for label, inside in year.items()} == {
        "days 1 to 91 of 365": 91,
        "days 92 to 182 of 365": 91,
        "days 183 to 273 of 365": 91,
        "days 274 to 365 of 365": 92,
    }
    assert year["days 92 to 182 of 365"].tolist() == list(range(91, 182))
    # Only what occurs; a season of two days has two quarters.
    assert list(season_parts(np.arange(100, 110), 365)) == ["days 92 to 182 of 365"]
    assert list(season_parts(np.arange(4), 2)) == ["day 1 of 2", "day 2 of 2"]


def test_many_days_have_intervals(tmp_path: Path, make_row: Callable[..., Row]) -> None:
    random = np.random.default_rng(0)
    errors = random.normal(0, 2, (200, 1)).tolist()
    folders = {"gru": [write(tmp_path / "gru", errors)]}
    found = series_errors([make_row("gru")], folders, seasonal_period=50)
    (step,) = found.horizon["gru"]
    assert step.mean == pytest.approx(np.abs(errors).mean())
    # Half normal errors: a standard deviation of 2 sqrt(1 - 2 / pi) = 1.206
    half = 1.96 * 1.206 / np.sqrt(200)
    assert step.interval == pytest.approx((step.mean - half, step.mean + half), abs=0.1)
    assert [one.num_days for one in found.seasons] == [48, 52, 48, 52]
    for one in found.seasons:
        interval = one.mae["gru"].interval
        assert interval is not None
        assert interval[0] < one.mae["gru"].mean < interval[1]
    # Independent errors stay within the band, but for a few lags of thirty (1.5 are expected).
    outside = np.abs(found.residuals["gru"].autocorrelation) > found.band
    assert len(outside) == 30
    assert outside.sum() <= 4


def test_autocorrelation_of_what_changes_its_sign_every_day() -> None:
    found = residuals_of(np.array([1.0, -1.0] * 8))
    # The mean product of neighbours, over all 16 days, of which 15, 14, ... have a neighbour
    assert found.autocorrelation == pytest.approx((-15 / 16, 14 / 16, -13 / 16, 12 / 16))
    assert residuals_of(np.full(40, 0.5)).autocorrelation == ()


def test_residuals_are_few_enough_to_draw(
    tmp_path: Path, make_row: Callable[..., Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "MOST_DAYS", 2)
    monkeypatch.setattr(stage, "MOST_NETWORKS", 1)
    names = ["gru", "rnn"]
    folders = {name: [write(tmp_path / name, ONE)] for name in [*names, "last_value"]}
    rows = [*(make_row(name) for name in names), make_row("last_value", "baseline")]
    found = series_errors(rows, folders, seasonal_period=4)
    assert found.days == (5, 6)
    assert set(found.residuals) == {"gru", "last_value"}
    assert found.residuals["gru"].values == (1.0, 3.0)
    assert set(found.horizon) == set(found.seasons[0].mae) == {*names, "last_value"}
