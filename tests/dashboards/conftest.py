"""Two small comparisons with numbers made up by hand."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from components.records import (
    ComparedData,
    Comparison,
    Curve,
    Epoch,
    ForecastPicture,
    Missing,
    Provenance,
    Row,
    Spread,
)

CASES = runpy.run_path(str(Path(__file__).parent / "cases.py"))
PAGE = runpy.run_path(str(Path(__file__).parent / "page.py"))


def spread(*values: float) -> Spread:
    return Spread(mean=sum(values) / len(values), low=min(values), high=max(values), values=values)


def curve(name: str, seed: int, val_losses: tuple[float, ...], best_epoch: int) -> Curve:
    epochs = tuple(
        Epoch(epoch=place, seconds=1.0, metrics={"train/loss": loss - 0.1, "val/loss": loss})
        for place, loss in enumerate(val_losses, start=1)
    )
    return Curve(name=name, architecture=name, seed=seed, best_epoch=best_epoch, epochs=epochs)


PROVENANCE = Provenance(
    params="name: tiny\nseeds: [1, 2]\n",
    params_digest="9f2c41d07be3a815",
    command="unroll run params/tiny.yaml",
    code_revision="4be71ce",
    versions={"torch": "2.13.0", "plotly": "7.1.0"},
    machine="Linux, 2 cores",
)


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Comparison]:
    """Makes a comparison of so many rows, seeds and epochs, with every field of it filled."""
    make: Callable[..., Comparison] = runpy.run_path(str(Path(__file__).parent / "made_up.py"))[
        "made_up"
    ]
    return make


@pytest.fixture(scope="session")
def parsed() -> Callable[..., object]:
    """Renders a comparison and gives the page as a tree, a `Node` of `page.py`."""
    parse: Callable[..., object] = PAGE["parsed"]
    return parse


@pytest.fixture
def texts() -> Comparison:
    """Four networks and two baselines on 25,000 reviews, with everything that a page can show."""
    return CASES["texts"]()


@pytest.fixture
def series() -> Comparison:
    """Four networks and three baselines on 213 days, seven days ahead, with everything."""
    return CASES["series"]()


@pytest.fixture
def classification() -> Comparison:
    """LSTM before Vanilla RNN, both behind TF-IDF; one run is missing."""
    return Comparison(
        id="tiny-1",
        experiment="tiny",
        title="Which network reads best?",
        task="classification",
        created="2026-01-02 03:04 UTC",
        metric="test/accuracy",
        data=ComparedData(
            source="embedded",
            fingerprint="c3a1f6c0d7be41f2",
            train=16000,
            val=4000,
            test=5000,
            caveat="Not the official test split.",
            facts=("96 reviews are exact repeats.",),
        ),
        rows=(
            Row(
                kind="network",
                name="lstm",
                label="LSTM",
                num_parameters=184961,
                train_seconds=31.44,
                seeds=(1, 2),
                metrics={
                    "test/accuracy": spread(0.8512, 0.8534),
                    "test/log_loss": spread(0.3401, 0.3555),
                    "val/accuracy": spread(0.86, 0.87),
                },
                best=True,
            ),
            Row(
                kind="network",
                name="rnn",
                label="Vanilla RNN",
                num_parameters=166337,
                train_seconds=1234.5,
                seeds=(1, 2),
                metrics={
                    "test/accuracy": spread(0.8001, 0.8203),
                    "test/log_loss": spread(0.41, 0.45),
                    "val/accuracy": spread(0.81, 0.82),
                },
            ),
            Row(
                kind="baseline",
                name="tfidf_logistic",
                label="TF-IDF + logistic regression",
                num_parameters=5001,
                train_seconds=3.217,
                seeds=(),
                metrics={"test/accuracy": spread(0.8716), "test/log_loss": spread(0.3104)},
            ),
            Row(
                kind="baseline",
                name="majority",
                label="Majority class",
                num_parameters=None,
                train_seconds=0.001,
                seeds=(),
                metrics={"test/accuracy": spread(0.5), "test/log_loss": spread(0.6931)},
            ),
        ),
        missing=(Missing(name="gru", seed=2, status="KILLED", reason="signal 9 after 41 s"),),
        curves=(
            curve("lstm", 1, (0.6, 0.4, 0.45), 2),
            curve("lstm", 2, (0.62, 0.41, 0.40), 3),
            curve("rnn", 1, (0.7, 0.6, 0.5), 3),
        ),
        forecast=None,
        floor={},
        provenance=PROVENANCE,
    )


@pytest.fixture
def forecast() -> Comparison:
    """GRU ahead of two baselines, one of them far off; the true mean is known."""
    return Comparison(
        id="heat-1",
        experiment="heat",
        title="Which network forecasts best?",
        task="forecast",
        created="2026-01-02 03:04 UTC",
        metric="test/mae",
        data=ComparedData(source="generated", fingerprint="77aa01", train=725, val=127, test=213),
        rows=(
            Row(
                kind="network",
                name="gru",
                label="GRU",
                num_parameters=29000,
                train_seconds=12.3,
                seeds=(1, 2),
                metrics={"test/mae": spread(1.55, 1.57), "test/regret": spread(-0.0001, 0.04)},
                best=True,
            ),
            Row(
                kind="baseline",
                name="climatology",
                label="Climatology",
                num_parameters=None,
                train_seconds=0.0,
                seeds=(),
                metrics={"test/mae": spread(1.6), "test/regret": spread(0.07)},
            ),
            Row(
                kind="baseline",
                name="last_value",
                label="Last value",
                num_parameters=None,
                train_seconds=0.0,
                seeds=(),
                metrics={"test/mae": spread(2.2), "test/regret": spread(0.67)},
            ),
        ),
        missing=(),
        curves=(curve("gru", 1, (5.0, 0.6, 0.5), 3),),
        forecast=ForecastPicture(
            days=(882, 883),
            truth=(30.0, 29.0),
            true_mean=(29.5, 29.4),
            forecasts={
                "gru": (29.0, 29.2),
                "climatology": (28.0, 28.1),
                "last_value": (31.0, 30.0),
            },
        ),
        floor={"test/mae": 1.53},
        provenance=PROVENANCE,
    )
