"""Where forecasts go wrong: the numbers of the record, in degrees C."""

import pytest

from dashboards.look import COLOURS, INK
from dashboards.sections.forecast import forecast
from dashboards.sections.residuals import autocorrelation, residuals
from dashboards.sections.steps import horizon, seasons


def by_name(panel, **looks):
    return {
        one["legendgroup"]: one
        for one in panel.figure["data"]
        if "legendgroup" in one and all(one.get(key) == value for key, value in looks.items())
    }


def test_error_by_step_is_that_of_the_record(series):
    chart = horizon(series, series.errors)
    lines = by_name(chart.panel, mode="lines+markers")
    expected = [spread.mean for spread in series.errors.horizon["gru"]]
    assert lines["gru"]["y"] == pytest.approx(expected)
    assert chart.panel.figure["layout"]["yaxis"]["title"]["text"] == "MAE (°C)"
    assert chart.figures.headings[:2] == ("Days ahead", "Harmonic regression")
    assert chart.figures.lines[0][:2] == ("1", "1.52 [1.34, 1.70]")
    assert lines["last_value"]["visible"] == "legendonly"
    assert lines["harmonic_regression"]["visible"] is True


def test_one_step_has_no_horizon(series):
    single = {name: spreads[:1] for name, spreads in series.errors.horizon.items()}
    assert horizon(series, series.errors.model_copy(update={"horizon": single})) is None


def test_residuals_of_the_best_network_and_baseline_are_seen_first(series):
    panel = residuals(series, series.errors)
    lines = by_name(panel)
    assert {name for name, one in lines.items() if one["visible"] is True} == {
        "bilstm", "harmonic_regression",
    }  # fmt: skip
    assert lines["lstm"]["x"] == list(series.errors.days)
    assert lines["lstm"]["y"] == list(series.errors.residuals["lstm"].values)
    mean = sum(series.errors.residuals["bilstm"].values) / 213
    assert f"BiLSTM {mean:z.2f}" in panel.alt
    assert "°C" in lines["lstm"]["hovertemplate"]


def test_autocorrelation_stands_in_the_band_of_noise(series):
    panel = autocorrelation(series, series.errors)
    bars = by_name(panel, type="bar")
    assert bars["lstm"]["x"][:3] == [1, 2, 3]
    assert bars["lstm"]["y"] == list(series.errors.residuals["lstm"].autocorrelation)
    noise, zero = panel.figure["layout"]["shapes"]
    assert (noise["y0"], noise["y1"]) == (-series.errors.band, series.errors.band)
    assert zero["y0"] == 0
    values = series.errors.residuals["harmonic_regression"].autocorrelation
    beyond = sum(abs(value) > series.errors.band for value in values)
    assert f"Harmonic regression at {beyond} of 21 lags" in panel.alt


def test_seasons_stand_side_by_side_with_their_intervals(series):
    chart = seasons(series, series.errors)
    dots = by_name(chart.panel, mode="markers")
    spreads = [part.mae["gru"] for part in series.errors.seasons]
    assert dots["gru"]["y"] == pytest.approx([spread.mean for spread in spreads])
    assert dots["gru"]["error_y"]["array"] == pytest.approx(
        [spread.interval[1] - spread.mean for spread in spreads]
    )
    first = [one["x"][0] for one in dots.values()]
    assert len(set(first)) == len(first)
    assert max(map(abs, first)) < 0.5
    assert chart.panel.figure["layout"]["xaxis"]["ticktext"] == ["Spring", "Summer", "Autumn"]
    assert chart.figures.lines[0][:2] == ("Spring", "31 days")


def test_a_row_without_a_season_leaves_a_dash(series):
    first, *rest = series.errors.seasons
    mae = {name: spread for name, spread in first.mae.items() if name != "gru"}
    errors = series.errors.model_copy(
        update={"seasons": (first.model_copy(update={"mae": mae}), *rest)}
    )
    chart = seasons(series, errors)
    assert len(by_name(chart.panel, mode="markers")["gru"]["y"]) == 2
    assert chart.figures.lines[0][chart.figures.headings.index("GRU")] == "–"


def test_forecast_shows_the_truth_and_its_true_mean(series):
    panel = forecast(series)
    truth, mean, *rows = panel.figure["data"]
    picture = series.forecast
    assert (truth["name"], truth["y"]) == ("Truth", list(picture.truth))
    assert (mean["name"], mean["y"]) == ("True mean", list(picture.true_mean))
    assert mean["line"]["color"] == INK
    assert {one["legendgroup"]: one["y"] for one in rows} == {
        name: list(values) for name, values in picture.forecasts.items()
    }
    assert by_name(panel)["lstm"]["line"]["color"] == COLOURS["lstm"]
    hidden = {name for name, one in by_name(panel).items() if one["visible"] == "legendonly"}
    assert hidden == {"climatology", "last_value"}
    without = picture.model_copy(update={"true_mean": None})
    bare = forecast(series.model_copy(update={"forecast": without}))
    assert "True mean" not in [one["name"] for one in bare.figure["data"]]


def test_nothing_is_drawn_of_nothing(series):
    empty = series.errors.model_copy(update={"horizon": {}, "residuals": {}, "seasons": ()})
    assert horizon(series, empty) is None
    assert residuals(series, empty) is None
    assert autocorrelation(series, empty) is None
    assert seasons(series, empty) is None
    assert forecast(series.model_copy(update={"forecast": None})) is None
