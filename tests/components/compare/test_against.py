"""The new best network against the last champion, on predictions made up by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from components.compare.against import against
from components.evaluate.predictions import PREDICTIONS
from components.records import (
    Against,
    Champion,
    ChampionEvidence,
    Epoch,
    Evidence,
    Ingested,
    Prepared,
    Said,
    Scored,
    SequenceSpec,
    Trained,
)
from params.load import load
from params.names import Architecture

CHAMPION = Champion(
    version="3",
    registered="2026-01-02T03:04:05+00:00",
    comparison="imdb-1",
    run_id="r0",
    architecture="gru",
    seed=2,
    training="k0",
    source="last month",
    fingerprint="old",
)
ALERT = "compare.alert={metric: test/accuracy, drop: 0.01}"


def classified(folder: Path, right: np.ndarray) -> dict[str, float]:
    """Writes predictions that are right where they should be; gives their accuracy."""
    label = np.arange(len(right)) % 2
    probability = np.where(right == (label == 1), 0.9, 0.1)
    folder.mkdir()
    table = {"row": range(len(right)), "label": label, "probability": probability}
    pd.DataFrame(table).to_parquet(folder / PREDICTIONS)
    return {"test/accuracy": float(right.mean())}


def first(number: int, of: int) -> np.ndarray:
    """So many examples that are right, then those that are wrong."""
    return np.arange(of) < number


def run(
    architecture: Architecture, seed: int, val_loss: float, path: Path, metrics: dict[str, float]
) -> tuple[Trained, Scored]:
    trained = Trained(
        path=path,
        architecture=architecture,
        seed=seed,
        num_parameters=1,
        train_seconds=1.0,
        peak_memory_bytes=1,
        best_epoch=2,
        epochs=tuple(
            Epoch(epoch=epoch, seconds=1.0, metrics={"val/loss": loss})
            for epoch, loss in ((1, 0.01), (2, val_loss))  # the first is not the one that is kept
        ),
    )
    scored = Scored(
        path=path,
        fingerprint="new",
        kind="network",
        name=architecture,
        seed=seed,
        num_parameters=1,
        train_seconds=1.0,
        peak_memory_bytes=1,
        metrics=metrics,
        run_id=f"{architecture}-{seed}",
    )
    return trained, scored


def evidence(
    runs: list[tuple[Trained, Scored]], said: Said | None, number: int, fingerprint: str = "new"
) -> Evidence:
    prepared = Prepared(
        path=Path(),
        key="",
        fingerprint=fingerprint,
        train=1,
        val=1,
        test=number,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
    )
    ingested = Ingested(
        path=Path(), source="", fingerprint=fingerprint, splits={}, repeats_across=0
    )
    champion = said and ChampionEvidence(champion=CHAMPION, said=said)
    trained, scored = zip(*runs, strict=True) if runs else ((), ())
    return Evidence(
        ingested=ingested,
        prepared=prepared,
        trained=trained,
        scored=scored,
        missing=(),
        champion=champion,
    )


@pytest.fixture
def accuracy(tmp_path: Path) -> Callable[..., Against | None]:
    """One new network against the champion, by which examples each gets right."""
    places = iter(range(100))

    def call(new: np.ndarray, last: np.ndarray, *overrides: str) -> Against | None:
        place = tmp_path / str(next(places))
        place.mkdir()
        one = run("lstm", 1, 0.5, place / "new", classified(place / "new", new))
        metrics = classified(place / "last", last)
        said = Said(path=place / "last", truth_digest="", metrics=metrics)
        return against(load("imdb", overrides), evidence([one], said, len(new)))

    return call


def test_the_difference_is_that_of_the_examples(accuracy: Callable[..., Against]) -> None:
    random = np.random.default_rng(0)
    new, last = random.random(400) < 0.8, random.random(400) < 0.7
    found = accuracy(new, last)
    assert (found.champion, found.row, found.seed, found.run_id) == (CHAMPION, "lstm", 1, "lstm-1")
    assert (found.new_data, found.num_examples, found.guard) == (True, 400, None)
    (score,) = found.scores
    assert (score.metric, score.new, score.last) == ("test/accuracy", new.mean(), last.mean())
    apart = new.astype(float) - last.astype(float)
    error = apart.std(ddof=1) / np.sqrt(400)
    half = t.ppf(0.975, 399) * error
    assert score.pair is not None
    assert (score.pair.better, score.pair.worse) == ("new", "last")
    assert score.pair.difference == pytest.approx(apart.mean())
    assert score.pair.interval == pytest.approx((apart.mean() - half, apart.mean() + half))
    assert score.pair.p_value == pytest.approx(2 * t.sf(abs(apart.mean()) / error, 399))
    assert score.pair.adjusted_p == score.pair.p_value
    only_new, only_last = (new & ~last).sum(), (last & ~new).sum()
    (test,) = score.pair.runs  # McNemar's, whatever the seeds
    assert test.statistic == pytest.approx((only_new - only_last) ** 2 / (only_new + only_last))
    assert score.pair.needed is None


@pytest.mark.parametrize(
    ("new", "last", "number", "fires"),
    [
        (840, 850, 1000, False),  # worse by the drop and no more
        (839, 850, 1000, True),
        (850, 839, 1000, False),  # better by more than the drop
        (850, 850, 1000, False),
        (838, 850, 1000, True),
        (287, 290, 290, False),  # by more than the drop, but p is 0.083
        (381, 385, 385, True),  # by as much, and p is 0.045
        (20, 29, 29, False),  # too few examples to test
    ],
)
def test_the_alert_fires_beyond_the_drop_where_the_test_says_so(
    accuracy: Callable[..., Against], new: int, last: int, number: int, fires: bool
) -> None:
    found = accuracy(first(new, number), first(last, number), ALERT)
    assert found.guard is not None
    assert (found.guard.metric, found.guard.drop, found.guard.fired) == (
        *("test/accuracy", 0.01),
        fires,
    )
    (score,) = found.scores
    assert (score.pair is None) == (number < 30)


def test_a_difference_that_the_test_does_not_show_fires_nothing(
    accuracy: Callable[..., Against],
) -> None:
    """Ten points worse, of forty examples that the two share few of."""
    new, last = np.arange(40) < 20, np.arange(40) >= 16
    (score,) = accuracy(new, last, ALERT).scores
    assert score.pair is not None
    assert score.pair.difference == pytest.approx(0.1)
    assert score.pair.p_value > 0.05
    guard = accuracy(new, last, ALERT).guard
    assert guard is not None
    assert not guard.fired


def forecasts(folder: Path, error: np.ndarray) -> dict[str, float]:
    folder.mkdir()
    days = np.arange(len(error))
    table = {"window": days, "step": 1, "day": days, "truth": 20.0, "forecast": 20.0 + error}
    pd.DataFrame(table).to_parquet(folder / PREDICTIONS)
    mae, rmse = np.abs(error).mean(), np.sqrt((error**2).mean())
    return {"test/mae": float(mae), "test/rmse": float(rmse)}


@pytest.mark.parametrize(("more", "fires"), [(0.4, False), (0.6, True), (-0.6, False)])
def test_of_an_error_a_drop_is_a_rise(tmp_path: Path, more: float, fires: bool) -> None:
    random = np.random.default_rng(1)
    error = 2 + random.random(200)
    one = run("gru", 1, 0.5, tmp_path / "new", forecasts(tmp_path / "new", error + more))
    metrics = forecasts(tmp_path / "last", error + 0.01 * random.standard_normal(200))
    said = Said(path=tmp_path / "last", truth_digest="", metrics=metrics)
    params = load("temperature", ["compare.alert={metric: test/rmse, drop: 0.5}"])
    found = against(params, evidence([one], said, 200, fingerprint="old"))
    assert found is not None
    assert not found.new_data
    assert [score.metric for score in found.scores] == ["test/mae", "test/rmse"]
    assert found.guard is not None
    assert found.guard.fired == fires
    for score in found.scores:
        assert score.pair is not None
        assert score.pair.better == ("last" if more > 0 else "new")
        assert score.pair.difference == pytest.approx(abs(more), abs=0.02)


def test_the_best_by_validation_is_compared_not_the_best_by_test(tmp_path: Path) -> None:
    def one(architecture: Architecture, seed: int, loss: float, right: int) -> tuple:
        path = tmp_path / f"{architecture}{seed}"
        return run(architecture, seed, loss, path, classified(path, first(right, 100)))

    runs = [one("rnn", 1, 0.4, 95), one("lstm", 2, 0.3, 70), one("lstm", 1, 0.35, 90)]
    metrics = classified(tmp_path / "last", first(80, 100))
    said = Said(path=tmp_path / "last", truth_digest="", metrics=metrics)
    found = against(load("imdb"), evidence(runs, said, 100))
    assert found is not None
    assert (found.row, found.architecture, found.seed) == ("lstm", "lstm", 2)
    assert found.scores[0].new == 0.7


def test_without_a_champion_or_a_network_there_is_nothing(tmp_path: Path) -> None:
    one = run("rnn", 1, 0.4, tmp_path / "new", classified(tmp_path / "new", first(40, 50)))
    assert against(load("imdb"), evidence([one], None, 50)) is None
    said = Said(path=tmp_path / "new", truth_digest="", metrics={"test/accuracy": 0.8})
    assert against(load("imdb"), evidence([], said, 50)) is None
