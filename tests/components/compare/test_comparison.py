"""Runs and baselines -> rows in order, with their spread; and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from components.cautions import cautions
from components.compare.comparison import compare
from components.evaluate.predictions import PREDICTIONS
from components.preprocess import explain
from components.records import (
    Answering,
    Comparison,
    Cost,
    Epoch,
    Evidence,
    Ingested,
    Missing,
    Prepared,
    Provenance,
    Scored,
    SequenceSpec,
    SeriesErrors,
    SplitFacts,
    TextErrors,
    Trained,
)
from params.errors import InputError
from params.load import load
from params.names import Architecture
from params.schema import Experiment
from params.sections import TextPreprocess

PROVENANCE = Provenance(
    params="", params_digest="", command="", code_revision="", versions={}, machine=""
)


@pytest.fixture(autouse=True)
def predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two predictions where the scored rows of these tests have theirs: in the empty path."""
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({"row": [0, 1], "label": [0, 1], "probability": [0.2, 0.4]})
    table.to_parquet(PREDICTIONS)


def scored(
    name: str, seed: int | None, metrics: dict[str, float], path: Path = Path(), **changes: object
) -> Scored:
    one = Scored(
        path=path,
        fingerprint="same",
        kind="baseline" if seed is None else "network",
        name=name,
        seed=seed,
        num_parameters=None if seed is None else 100,
        train_seconds=float(seed or 0),
        peak_memory_bytes=100 * (seed or 1),
        metrics=metrics,
        run_id=None if seed is None else f"{name}-{seed}",
    )
    return one.model_copy(update=changes)


def by_value(key: str, **values: list[float]) -> list[Scored]:
    """Networks by the values of their seeds 1, 2, ..., last seed first."""
    rows = []
    for name, numbers in values.items():
        rows += [scored(name, seed, {key: number}) for seed, number in enumerate(numbers, 1)][::-1]
    return rows


def trained(architecture: Architecture, seed: int) -> Trained:
    epoch = Epoch(epoch=1, seconds=1.0, metrics={"val/loss": 0.5})
    return Trained(
        path=Path(),
        architecture=architecture,
        seed=seed,
        num_parameters=100,
        train_seconds=1.0,
        peak_memory_bytes=1,
        best_epoch=1,
        epochs=(epoch,),
    )


@pytest.fixture(autouse=True)
def encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory, where records without a folder point, has what preprocess left."""
    monkeypatch.chdir(tmp_path)
    words = ["good", "bad"]
    Path("vocabulary.json").write_text(json.dumps(words))
    section = load("imdb", ["preprocess.max_length=4"]).preprocess
    assert isinstance(section, TextPreprocess)
    numbers = explain.text_numbers("Good or bad?", words, section, num_texts=7)
    Path("numbers.json").write_text(numbers.model_dump_json())


def compared(
    experiment: Experiment,
    rows: list[Scored],
    missing: tuple[Missing, ...] = (),
    runs: tuple[Trained, ...] = (),
    answering: tuple[Answering, ...] = (),
) -> Comparison:
    facts = SplitFacts(num_examples=10, missing=0, repeats=1, positives=5)
    ingested = Ingested(
        path=Path(),
        source="somewhere",
        fingerprint="same",
        splits={"train": facts},
        repeats_across=0,
        caveat="careful",
    )
    prepared = Prepared(
        path=Path(),
        key="",
        fingerprint="same",
        train=7,
        val=2,
        test=3,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
        notes=("a note",),
    )
    evidence = Evidence(
        ingested=ingested,
        prepared=prepared,
        trained=runs,
        scored=tuple(rows),
        answering=answering,
        missing=missing,
    )
    return compare(experiment, evidence, PROVENANCE, id="imdb-1", created="2026-01-02T03:04:05Z")


@pytest.mark.parametrize(
    ("metric", "order"),
    [("test/accuracy", ["lstm", "gru", "rnn"]), ("test/log_loss", ["rnn", "gru", "lstm"])],
)
def test_rows_are_ordered_in_the_direction_of_the_metric(metric: str, order: list[str]) -> None:
    rows = by_value(metric, gru=[0.5, 0.7], rnn=[0.4], lstm=[0.9, 0.5])
    baselines = [
        scored("majority", None, {metric: 0.5}),
        scored("tfidf_logistic", None, {metric: 1}),
    ]
    comparison = compared(load("imdb", [f"compare.metric={metric}"]), [*baselines, *rows])
    networks = [row for row in comparison.rows if row.kind == "network"]
    assert [row.name for row in networks] == order
    assert [row.best for row in networks] == [True, False, False]
    # Baselines stand apart, are ordered alike, and one that wins is not marked.
    beside = [row for row in comparison.rows if row.kind == "baseline"]
    assert list(comparison.rows) == [*networks, *beside]
    names = ["tfidf_logistic", "majority"]
    assert [row.name for row in beside] == (names if metric == "test/accuracy" else names[::-1])
    assert not any(row.best for row in beside)


def test_equals_are_ordered_by_name() -> None:
    comparison = compared(load("imdb"), by_value("test/accuracy", rnn=[0.5], gru=[0.5]))
    assert [row.name for row in comparison.rows] == ["gru", "rnn"]


def test_a_row_holds_the_spread_over_its_seeds() -> None:
    rows = by_value("test/accuracy", gru=[0.5, 0.9, 0.7])
    (row,) = compared(load("imdb"), rows).rows
    assert row.metrics["test/accuracy"].model_dump() == {
        "mean": pytest.approx(0.7),
        "low": 0.5,
        "high": 0.9,
        "values": (0.5, 0.9, 0.7),
        "interval": None,  # of two predictions
    }
    assert (row.label, row.seeds, row.train_seconds) == ("GRU", (1, 2, 3), 2.0)
    assert row.run_ids == ("gru-1", "gru-2", "gru-3")
    assert row.num_parameters == 100


def test_a_row_has_the_costs_of_its_runs() -> None:
    rows = [
        *by_value("test/accuracy", gru=[0.5, 0.9], rnn=[0.4]),
        *(scored(name, None, {"test/accuracy": 0.5}) for name in ("majority", "tfidf_logistic")),
    ]
    seconds = {("gru", 1): (1.0, 2.0, 6.0), ("gru", 2): (5.0,), ("gru", 3): (99.0,)}
    runs = tuple(
        trained("gru", seed).model_copy(
            update={
                "epochs": tuple(
                    Epoch(epoch=epoch, seconds=number, metrics={"val/loss": 0.5})
                    for epoch, number in enumerate(numbers, 1)
                )
            }
        )
        for (_, seed), numbers in seconds.items()  # of which the third was never scored
    )
    answering = tuple(
        Answering(
            name=name,
            size_bytes=10 * factor,
            latency_median_seconds=0.1 * factor,
            latency_p99_seconds=0.2 * factor,
            throughput=0.3 * factor,
        )
        for factor, name in ((1, "gru"), (2, "majority"))
    )
    costs = {
        row.name: row.cost
        for row in compared(load("imdb"), rows, runs=runs, answering=answering).rows
    }
    assert costs["gru"] == Cost(
        seconds_per_epoch=(3 + 5) / 2,
        peak_memory_bytes=150,
        size_bytes=10,
        latency_median_seconds=0.1,
        latency_p99_seconds=0.2,
        throughput=0.3,
    )
    assert costs["majority"] == Cost(
        seconds_per_epoch=None,
        peak_memory_bytes=100,
        size_bytes=20,
        latency_median_seconds=0.2,
        latency_p99_seconds=0.4,
        throughput=0.6,
    )
    assert costs["rnn"] is None  # it was not measured
    # What an older version left is the same text when it is made again.
    for record in (*answering, *filter(None, costs.values())):
        assert "busy_cores" not in record.model_dump_json()
    assert costs["tfidf_logistic"] is None


@pytest.mark.parametrize("seed", [1, 2])
def test_only_what_every_seed_has_is_compared(seed: int) -> None:
    rows = by_value("test/accuracy", gru=[0.5])
    rows.append(scored("gru", 2, {"test/accuracy": 0.7}))
    rows[seed - 1].metrics["test/f1"] = 0.7
    (row,) = compared(load("imdb"), rows).rows
    assert list(row.metrics) == ["test/accuracy"]


@pytest.mark.parametrize("other", ["network", "baseline", "all"])
def test_rows_of_different_data_are_refused(other: str) -> None:
    rows = [scored("gru", 1, {"test/accuracy": 1}), scored("majority", None, {"test/accuracy": 1})]
    changed = [
        row.model_copy(update={"fingerprint": "other"}) if other in {row.kind, "all"} else row
        for row in rows
    ]
    with pytest.raises(ValueError, match=r"rows of different data cannot be compared: .*other"):
        compared(load("imdb"), changed)


def test_rows_of_different_test_examples_are_refused() -> None:
    rows = [scored("gru", 1, {"test/accuracy": 1}), scored("majority", None, {"test/accuracy": 1})]
    same = [row.model_copy(update={"truth_digest": "one"}) for row in rows]
    assert len(compared(load("imdb"), same).rows) == 2
    same[1] = rows[1].model_copy(update={"truth_digest": "two"})
    with pytest.raises(ValueError, match=r"different test splits .* \['one', 'two'\]"):
        compared(load("imdb"), same)


def test_a_ranking_metric_without_a_value_is_one_line() -> None:
    experiment = load("imdb", ["compare.metric=test/roc_auc"])
    with pytest.raises(InputError) as caught:
        compared(experiment, by_value("test/accuracy", gru=[0.5]))
    assert str(caught.value) == (
        "compare.metric test/roc_auc has no value on this test split; choose another"
    )


def test_who_is_missing_is_said_and_curves_come_from_who_is_not() -> None:
    missing = (Missing(name="lstm", seed=1, status="KILLED", reason="ended by signal 9"),)
    runs = (trained("rnn", 1), trained("gru", 2), trained("gru", 1))
    rows = by_value("test/accuracy", gru=[0.5, 0.6], rnn=[0.4])
    comparison = compared(load("imdb"), rows, missing, runs)
    assert comparison.missing == missing
    assert [(curve.name, curve.seed) for curve in comparison.curves] == [
        *(("gru", 1), ("gru", 2), ("rnn", 1)),
    ]
    assert {row.name for row in comparison.rows} == {"gru", "rnn"}


def test_nothing_finished_is_still_a_comparison() -> None:
    for name in ("imdb", "temperature"):
        comparison = compared(load(name), [])
        assert (comparison.rows, comparison.forecast, comparison.floor) == ((), None, {})
        assert comparison.errors is None


@pytest.mark.parametrize("steps", [20, 21])
def test_it_says_what_to_be_careful_of(steps: int) -> None:
    params = load("temperature", [f"preprocess.context_length={steps}"])
    said = compared(params, []).cautions
    assert said == cautions(params)
    assert len(said) == steps - 20


def test_what_it_was_made_on() -> None:
    comparison = compared(load("imdb"), [])
    assert comparison.id == "imdb-1"
    assert (comparison.experiment, comparison.task) == ("imdb", "classification")
    data = comparison.data
    assert (data.train, data.val, data.test, data.caveat) == (7, 2, 3, "careful")
    assert data.facts == (
        "train: 10 examples, 50.0% with label 1, 0 missing or blank, 1 exact repeats",
        "a note",
        "TF-IDF + logistic regression reads whole texts and every word seen twice",
    )
    assert Comparison.model_validate_json(comparison.model_dump_json()) == comparison


def test_how_texts_became_numbers_is_shown_on_the_first_training_text() -> None:
    numbers = compared(load("imdb"), []).numbers
    assert numbers is not None
    assert (numbers.top, numbers.num_texts) == ((("good", 2), ("bad", 3)), 7)
    assert numbers.example.excerpt == "Good or bad?"
    assert (numbers.example.ids, numbers.example.row) == ((2, 1, 3), (2, 1, 3, 0))
    assert compared(load("temperature"), []).numbers is None


def test_pieces_of_texts_are_shown_unless_the_params_say_no(
    classify: Callable[..., Path],
) -> None:
    folder = classify("gru-1", [0.9, 0.1, 0.8, 0.2])
    rows = [scored("gru", 1, {"test/accuracy": 0.5}, folder)]
    shown = compared(load("imdb"), rows)
    assert isinstance(shown.errors, TextErrors)
    assert [one.excerpt for one in shown.errors.mistakes["gru"]] == [
        "text 0 <script>",
        "text 1 <script>",
    ]
    assert shown.errors.lengths[0].high == 30
    hidden = compared(load("imdb", ["report.excerpts=false"]), rows)
    assert isinstance(hidden.errors, TextErrors)
    assert [one.row for one in hidden.errors.mistakes["gru"]] == [0, 1]
    for text in ("<script>", "Good or"):
        assert text in shown.model_dump_json()
        assert text not in hidden.model_dump_json()


def test_the_border_of_lengths_is_that_of_the_params(tmp_path: Path) -> None:
    columns = {"row": range(80), "label": [0, 1] * 40, "probability": 0.5}
    table = pd.DataFrame({**columns, "num_words": [20] * 40 + [90] * 40})
    table.to_parquet(tmp_path / PREDICTIONS)
    experiment = load("imdb", ["preprocess.max_length=50"])
    errors = compared(experiment, [scored("gru", 1, {"test/accuracy": 0.5}, tmp_path)]).errors
    assert isinstance(errors, TextErrors)
    assert [(one.low, one.high) for one in errors.lengths] == [(20, 50), (51, 90)]


def test_what_networks_say_of_new_texts_is_spread_over_their_seeds() -> None:
    key = "test/accuracy"
    rows = [
        scored("gru", 2, {key: 0.5}, new_texts=(0.9, 0.1)),
        scored("gru", 1, {key: 0.5}, new_texts=(0.5, 0.2)),
        scored("rnn", 1, {key: 0.5}, new_texts=(0.25, 0.75)),
        scored("majority", None, {key: 0.5}),
    ]
    texts = compared(load("imdb", ["evaluate.texts=[Good grief, '??']"]), rows).new_texts
    assert [(one.text, one.num_words, one.num_known) for one in texts] == [
        ("Good grief", 2, 1),
        ("??", 0, 0),
    ]
    first, second = (one.said for one in texts)
    assert first["gru"].model_dump() == {
        "mean": pytest.approx(0.7),
        "low": 0.5,
        "high": 0.9,
        "values": (0.5, 0.9),
        "interval": None,
    }
    assert set(first) == set(second) == {"gru", "rnn"}
    assert second["gru"].values == (0.2, 0.1)
    assert (first["rnn"].mean, second["rnn"].mean) == (0.25, 0.75)
    assert compared(load("imdb"), rows).new_texts == ()
    assert compared(load("temperature"), []).new_texts == ()


def test_the_forecast_is_drawn_one_step_ahead_with_the_first_seed(tmp_path: Path) -> None:
    rows = []
    for place, (name, seed) in enumerate([("gru", 2), ("gru", 1), ("last_value", None)]):
        table = pd.DataFrame({"window": [0, 0, 1, 1, 2, 2], "step": [1, 2] * 3})
        table["day"] = [5, 6, 6, 7, 7, 8]
        table["truth"] = table["day"] * 1.0
        table["forecast"] = table["day"] + 100.0 * place
        table["true_mean"] = 20.0
        path = tmp_path / f"{name}-{seed}"
        path.mkdir()
        table.to_parquet(path / PREDICTIONS)
        rows.append(scored(name, seed, {"test/mae": 2.0, "test/regret": 0.25}, path))
    comparison = compared(load("temperature", ["report.num_days=3"]), rows)
    picture = comparison.forecast
    assert picture is not None
    assert picture.model_dump() == {
        "days": (5, 6, 7),
        "truth": (5.0, 6.0, 7.0),
        "true_mean": (20.0, 20.0, 20.0),
        "forecasts": {"last_value": (205.0, 206.0, 207.0), "gru": (105.0, 106.0, 107.0)},
    }
    assert isinstance(comparison.errors, SeriesErrors)
    assert [one.mean for one in comparison.errors.horizon["gru"]] == [50.0, 50.0]
    assert comparison.errors.residuals["gru"].values == (50.0,) * 3  # of both seeds
    assert [one.label for one in comparison.errors.seasons] == ["days 1 to 91 of 365"]
    assert comparison.floor == {"test/mae": 1.75}
    assert comparison.data.facts[-1] == (
        "the noise alone gives the true mean an MAE of 1.596 °C in expectation; no forecast can "
        "be expected to do better"
    )
