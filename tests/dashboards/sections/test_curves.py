"""Learning curves hold the losses of all runs, means and bands worked out again."""

import math

import pytest

from components.records import Curve, Epoch
from dashboards import look
from dashboards.sections.curves import learning_curves, single_runs


def of(panel, name, **looks):
    return [
        one
        for one in panel.figure["data"]
        if one["legendgroup"] == name and all(one.get(key) == value for key, value in looks.items())
    ]


def with_curves(comparison, *curves):
    return comparison.model_copy(update={"curves": curves})


def run(name, seed, losses, best):
    epochs = tuple(
        Epoch(epoch=place, seconds=1.0, metrics={"train/loss": loss / 2, "val/loss": loss})
        for place, loss in enumerate(losses, start=1)
    )
    return Curve(name=name, architecture=name, seed=seed, best_epoch=best, epochs=epochs)


@pytest.fixture
def two_seeds(texts):
    return with_curves(texts, run("lstm", 1, (0.6, 0.4, 0.5), 2), run("lstm", 2, (0.8, 0.3), 2))


def test_the_mean_is_over_the_seeds_that_still_train(two_seeds):
    line = of(learning_curves(two_seeds), "lstm", mode="lines+markers")[0]
    assert line["x"] == [1, 2, 3]
    assert line["y"] == pytest.approx([0.7, 0.35, 0.5])
    assert line["customdata"] == [2, 2, 1]
    assert line["line"]["color"] == look.COLOURS["lstm"]


def test_the_band_runs_from_the_lowest_seed_to_the_highest(two_seeds):
    band = of(learning_curves(two_seeds), "lstm", fill="toself")[0]
    assert band["x"] == [1, 2, 3, 3, 2, 1]
    assert band["y"] == [0.6, 0.3, 0.5, 0.5, 0.4, 0.8]
    assert band["fillcolor"].startswith("rgba(0,114,178,")


def test_training_is_dotted_and_every_seed_has_its_ring(two_seeds):
    panel = learning_curves(two_seeds)
    training = [one for one in of(panel, "lstm", mode="lines") if not one.get("fill")]
    assert training[0]["y"] == pytest.approx([0.35, 0.175, 0.25])
    assert training[0]["line"]["dash"] == "dot"
    rings = of(panel, "lstm", mode="markers")[0]
    assert (rings["x"], rings["y"], rings["customdata"]) == ([2, 2], [0.4, 0.3], [1, 2])


def test_one_button_an_architecture(texts):
    panel = learning_curves(texts)
    assert panel.figure["layout"]["showlegend"]
    named = [one["name"] for one in panel.figure["data"] if one.get("showlegend") is not False]
    assert named == ["LSTM", "GRU", "BiLSTM", "Vanilla RNN"]
    assert "LSTM 0.3" in panel.alt


def test_one_seed_has_no_band(texts):
    panel = learning_curves(with_curves(texts, run("gru", 1, (0.6, 0.4), 2)))
    assert not of(panel, "gru", fill="toself")
    assert single_runs(with_curves(texts, run("gru", 1, (0.6, 0.4), 2))) == ()


def test_a_lost_loss_is_a_gap(texts):
    panel = learning_curves(with_curves(texts, run("gru", 1, (math.nan, 0.4), 2)))
    line = of(panel, "gru", mode="lines+markers")[0]
    assert panel.json["data"][1]["y"] == [None, 0.4]
    assert math.isnan(line["y"][0])
    assert all(map(math.isfinite, panel.figure["layout"]["yaxis"]["range"]))


def test_steep_losses_are_drawn_on_a_log_scale(texts):
    steep = with_curves(texts, run("gru", 1, (5.0, 0.4), 2))
    axis = learning_curves(steep).figure["layout"]["yaxis"]
    assert axis["type"] == "log"
    assert axis["range"][0] < math.log10(0.2) < math.log10(5) < axis["range"][1]
    assert "type" not in learning_curves(texts).figure["layout"]["yaxis"]


def test_single_runs_share_the_axes_of_the_large_chart(texts):
    panels = single_runs(texts)
    assert [panel.title for panel in panels] == ["LSTM", "GRU", "BiLSTM", "Vanilla RNN"]
    large = learning_curves(texts).figure["layout"]
    for panel in panels:
        assert panel.figure["layout"]["yaxis"]["range"] == large["yaxis"]["range"]
        assert panel.figure["layout"]["xaxis"]["range"] == large["xaxis"]["range"]
        assert len(panel.figure["data"]) == 3 * 3


def test_only_the_best_of_many_rows_are_drawn(texts):
    lstm = texts.rows[0]
    rows = tuple(
        lstm.model_copy(
            update={
                "name": f"lstm-{place}",
                "label": f"LSTM {place}",
                "metrics": {
                    "test/accuracy": lstm.metrics["test/accuracy"].model_copy(
                        update={"mean": 0.8 + place / 1000}
                    )
                },
            }
        )
        for place in range(100)
    )
    curves = tuple(
        Curve(name=row.name, architecture="lstm", seed=1, best_epoch=1, epochs=lstm_epochs())
        for row in rows
    )
    panel = learning_curves(texts.model_copy(update={"rows": rows, "curves": curves}))
    groups = {one["legendgroup"] for one in panel.figure["data"]}
    assert groups == {f"lstm-{place}" for place in range(88, 100)}
    assert panel.caption.endswith("The best 12 of 100 networks are drawn.")


def lstm_epochs():
    return (Epoch(epoch=1, seconds=1.0, metrics={"train/loss": 0.5, "val/loss": 0.6}),)


def test_no_curves_no_chart(texts):
    assert learning_curves(with_curves(texts)) is None
