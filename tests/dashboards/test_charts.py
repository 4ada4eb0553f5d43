"""The figures hold the numbers of the record, in the colours of its architectures."""

import itertools
import math
import re
from pathlib import Path

import pytest

import dashboards
from components.records import Epoch
from dashboards import charts, look
from dashboards.curves import learning_curves


def traces(figure, **look):
    """The traces of which every named property has the value."""
    return [
        trace
        for trace in figure.data
        if all(trace[name.replace("__", ".")] == value for name, value in look.items())
    ]


def dots(figure, place):
    return next(
        trace
        for trace in figure.data
        if trace.y[0] == place and trace.marker.size and trace.customdata is not None
    )


def test_ranking_has_a_dot_a_seed_in_the_colour_of_its_row(classification):
    figure = charts.ranking(classification)
    for place, row in enumerate(classification.rows[:3]):
        assert dots(figure, place).x == row.metrics["test/accuracy"].values
        assert dots(figure, place).marker.color == look.colour(row.name)
    assert dots(figure, 0).customdata == (", seed 1", ", seed 2")
    assert dots(figure, 2).marker.color == look.MUTED


def test_ranking_has_the_range_and_the_mean(classification):
    figure = charts.ranking(classification)
    spread = classification.rows[1].metrics["test/accuracy"]
    bars = [trace for trace in figure.data if trace.mode == "lines"]
    assert [tuple(bar.x) for bar in bars][1] == (spread.low, spread.high)
    ticks = traces(figure, marker__symbol="line-ns")
    assert [tick.x[0] for tick in ticks] == [
        row.metrics["test/accuracy"].mean for row in classification.rows[:2]
    ]


def test_a_baseline_far_off_is_an_arrow_with_its_value(classification):
    figure = charts.ranking(classification)
    low, high = figure.layout.xaxis.range
    assert 0.7 < low < 0.8001
    assert 0.8716 < high < 1
    arrow = traces(figure, mode="markers+text")[0]
    assert (arrow.x[0], arrow.y[0]) == (low, 3)
    assert arrow.marker.symbol == "triangle-left"
    assert arrow.text[0].strip() == "0.5000"


def test_ranking_points_right_where_the_far_value_is_larger(forecast):
    figure = charts.ranking(forecast)
    arrow = traces(figure, mode="markers+text")[0]
    assert arrow.x[0] == figure.layout.xaxis.range[1]
    assert arrow.marker.symbol == "triangle-right"


def test_the_floor_is_a_line(forecast, classification):
    line = charts.ranking(forecast).layout.shapes[0]
    assert line.x0 == line.x1 == 1.53
    assert charts.ranking(forecast).layout.annotations[0].text == "floor 1.530"
    assert not charts.ranking(classification).layout.shapes


def test_a_row_without_a_value_keeps_its_label(classification):
    first, second, *rest = classification.rows
    lost = second.metrics["test/accuracy"].model_copy(
        update={"mean": math.nan, "low": math.nan, "high": math.nan, "values": (math.nan,)}
    )
    for metrics in ({}, {"test/accuracy": lost}):
        rows = (first, second.model_copy(update={"metrics": metrics}), *rest)
        figure = charts.ranking(classification.model_copy(update={"rows": rows}))
        assert not [trace for trace in figure.data if trace.y[0] == 1]
        assert figure.layout.yaxis.ticktext[1] == "Vanilla RNN"
        assert all(map(math.isfinite, figure.layout.xaxis.range))


def test_labels_are_escaped(classification, forecast):
    row = forecast.rows[0].model_copy(update={"label": "<b>x"})
    hostile = forecast.model_copy(update={"rows": (row, *forecast.rows[1:])})
    assert charts.ranking(hostile).layout.yaxis.ticktext[0] == "&lt;b&gt;x"
    assert charts.forecast(hostile).data[2].name == "&lt;b&gt;x"


def test_forecast_shows_networks_and_the_best_baseline(forecast):
    figure = charts.forecast(forecast)
    assert [(trace.name, trace.visible) for trace in figure.data] == [
        ("Truth", None),
        ("True mean", None),
        ("GRU", True),
        ("Climatology", True),
        ("Last value", "legendonly"),
    ]
    picture = forecast.forecast
    assert all(trace.x == picture.days for trace in figure.data)
    assert [trace.y for trace in figure.data] == [
        picture.truth,
        picture.true_mean,
        *picture.forecasts.values(),
    ]
    assert figure.data[2].line.color == look.COLOURS["gru"]
    assert "°C" in figure.layout.yaxis.title.text


def test_forecast_without_a_true_mean_or_a_picture(forecast, classification):
    picture = forecast.forecast.model_copy(update={"true_mean": None})
    figure = charts.forecast(forecast.model_copy(update={"forecast": picture}))
    assert "True mean" not in [trace.name for trace in figure.data]
    assert charts.forecast(classification) is None


def test_learning_curves_have_both_losses_and_the_best_epoch_of_every_run(classification):
    figures = learning_curves(classification)
    assert list(figures) == ["lstm", "rnn"]
    own = traces(figures["lstm"], line__color=look.COLOURS["lstm"])
    runs = [curve for curve in classification.curves if curve.name == "lstm"]
    assert [list(trace.y) for trace in own] == [
        [epoch.metrics[key] for epoch in run.epochs]
        for run in runs
        for key in ("train/loss", "val/loss")
    ]
    rings = traces(figures["lstm"], mode="markers")
    assert [(ring.x[0], ring.y[0]) for ring in rings] == [(2, 0.4), (3, 0.40)]
    behind = traces(figures["lstm"], line__color=look.FAINT)
    assert [list(trace.y) for trace in behind] == [[0.7, 0.6, 0.5]]


def test_learning_curves_share_their_axes(classification):
    lstm, rnn = learning_curves(classification).values()
    assert lstm.layout.yaxis == rnn.layout.yaxis
    assert lstm.layout.xaxis == rnn.layout.xaxis
    low, high = lstm.layout.yaxis.range
    assert low < 0.3
    assert high > 0.7
    assert lstm.layout.xaxis.dtick == 1


def test_steep_losses_are_drawn_on_a_log_scale(forecast, classification):
    axis = learning_curves(forecast)["gru"].layout.yaxis
    assert axis.type == "log"
    assert axis.range[0] < math.log10(0.4) < math.log10(5) < axis.range[1]
    assert learning_curves(classification)["lstm"].layout.yaxis.type is None


def test_a_lost_loss_is_a_gap(classification):
    first, *rest = classification.curves
    epochs = (
        Epoch(epoch=1, seconds=1.0, metrics={"val/loss": math.nan}),
        Epoch(epoch=2, seconds=1.0, metrics={"train/loss": 0.5, "val/loss": 0.6}),
    )
    curves = (first.model_copy(update={"epochs": epochs}), *rest)
    figure = learning_curves(classification.model_copy(update={"curves": curves}))["lstm"]
    assert figure.data[1].y == (None, 0.5)
    assert all(map(math.isfinite, figure.layout.yaxis.range))
    assert "NaN" not in figure.to_json()


def test_no_curves_no_figures(classification):
    assert learning_curves(classification.model_copy(update={"curves": ()})) == {}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def themes() -> list[dict[str, str]]:
    style = (Path(dashboards.__file__).parent / "templates" / "page.css").read_text("utf-8")
    return [dict(re.findall(r"(--\w+): (#\w{6});", part)) for part in style.split("@media")[:2]]


def test_the_neutrals_are_those_of_the_page():
    light, dark = themes()
    assert {name: light[name] for name in look.NEUTRALS.values()} == {
        name: colour for colour, name in look.NEUTRALS.items()
    }
    assert set(look.NEUTRALS.values()) <= set(dark)


def test_every_colour_stands_out_in_light_and_dark():
    for theme, colour in itertools.product(themes(), look.COLOURS.values()):
        assert contrast(colour, theme["--surface"]) >= 3
    for theme in themes():
        assert contrast(theme["--muted"], theme["--surface"]) >= 4.5
        assert contrast(theme["--muted"], theme["--paper"]) >= 4.5
        assert contrast(theme["--accent"], theme["--surface"]) >= 4.5


@pytest.mark.parametrize("name", look.COLOURS)
def test_an_architecture_has_one_colour(name):
    assert look.colour(name) == look.COLOURS[name]
    assert list(look.COLOURS.values()).count(look.COLOURS[name]) == 1
