"""Runs of several comparisons become one: which make a row, what it is called, who is refused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.cautions import cautions
from components.compare.across.merged import compare_across, merged_experiment
from components.compare.across.sides import Side
from components.records import (
    Answering,
    Comparison,
    ComparisonEvidence,
    Epoch,
    Ingested,
    Missing,
    Prepared,
    Provenance,
    Recalled,
    RunEvidence,
    RunJob,
    Scored,
    SequenceSpec,
    SplitFacts,
    Trained,
)
from params.errors import InputError
from params.load import load
from params.names import Architecture
from params.schema import Experiment

PROVENANCE = Provenance(
    params="name: a\n", params_digest="", command="", code_revision="", versions={}, machine=""
)
SPEC = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
Runs = Sequence[tuple[Architecture, int, float]]  # the value is also what the run forecasts


@pytest.fixture
def side(tmp_path: Path) -> Callable[..., Side]:
    """Makes a comparison of forecasts of three days; `runs` have what they forecast for each."""

    def left(name: str, value: float) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        table = pd.DataFrame({"window": [0, 1, 2], "step": 1, "day": [5, 6, 7]})
        table["truth"], table["forecast"] = [1.0, 2.0, 3.0], value
        table.to_parquet(folder / "predictions.parquet")
        return folder

    def scored(id: str, name: str, seed: int | None, value: float, truth: str) -> Scored:
        run_id = None if seed is None else f"{id}-{name}-{seed}"
        return Scored(
            path=left(f"{id}-{name}-{seed}", value),
            fingerprint="data",
            kind="baseline" if seed is None else "network",
            name=name,
            seed=seed,
            truth_digest=truth,
            num_parameters=None,
            train_seconds=1,
            peak_memory_bytes=1000,
            metrics={"test/mae": value, "test/rmse": 10 - value},
            run_id=run_id,
        )

    def make(
        id: str,
        runs: Runs,
        *overrides: str,
        day: int = 1,
        baselines: dict[str, float] | None = None,
        missing: tuple[Missing, ...] = (),
        fingerprint: str = "data",
        truth: str = "truth",
        key: str = "",
        called: str = "",
    ) -> Side:
        experiment = load("temperature", list(overrides))
        ingested = Ingested(
            path=Path(),
            source="made up",
            fingerprint=fingerprint,
            splits={"series": SplitFacts(num_examples=9, missing=0, repeats=0)},
            repeats_across=0,
        )
        prepared = Prepared(
            path=tmp_path, key="", fingerprint="data", train=1, val=1, test=3, spec=SPEC
        )
        evidence = ComparisonEvidence(
            id=id,
            ingested=ingested,
            prepared=prepared.model_copy(update={"notes": (experiment.preprocess.digest(),)}),
            provenance=PROVENANCE,
            created=f"2026-01-{day:02}T00:00:00+00:00",
        )
        trained = [
            RunEvidence(
                job=RunJob(
                    task="forecast",
                    architecture=architecture,
                    seed=seed,
                    model=experiment.model,
                    train=experiment.train,
                    key=key or f"{id}-{architecture}-{seed}",
                ),
                trained=run(architecture, seed),
                scored=scored(id, architecture, seed, value, truth),
            )
            for architecture, seed, value in runs
        ]
        beside = baselines or {}
        recalled = Recalled(
            run_id=f"run-{id}",
            experiment=experiment,
            evidence=evidence,
            runs=tuple(trained),
            baselines=tuple(scored(id, name, None, at, truth) for name, at in beside.items()),
            answering=tuple(answers(one.job.architecture, day) for one in trained[:1]),
            missing=missing,
        )
        return Side(called or id, recalled)

    return make


def run(architecture: Architecture, seed: int) -> Trained:
    return Trained(
        path=Path(),
        architecture=architecture,
        seed=seed,
        num_parameters=7,
        train_seconds=1,
        peak_memory_bytes=1000,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1, metrics={"val/loss": seed}),),
    )


def answers(name: str, size: int) -> Answering:
    return Answering(
        name=name,
        size_bytes=size,
        latency_median_seconds=1,
        latency_p99_seconds=1,
        throughput=1,
    )


def compared(*sides: Side, **options: Any) -> Comparison:
    found = compare_across(
        sides, PROVENANCE, id="compare-1", created="2026-02-01T00:00:00+00:00", **options
    )
    return Comparison.model_validate_json(found.model_dump_json())


def rows(comparison: Comparison) -> dict[str, tuple[str, tuple[int, ...], float]]:
    """By name: the label, the seeds, and the mean of the ranking metric."""
    return {
        row.name: (row.label, row.seeds, row.metrics[comparison.metric].mean)
        for row in comparison.rows
    }


FAST = "train.learning_rate=0.003"


def test_the_same_params_are_one_row_whatever_comparison_they_are_from(side: Any) -> None:
    one = side("one", [("lstm", 1, 2.0), ("gru", 1, 5.0)])
    two = side("two", [("lstm", 2, 4.0)], "name=other", "seeds=[2]", "report.num_days=2")
    found = compared(one, two)
    assert rows(found) == {"lstm": ("LSTM", (1, 2), 3.0), "gru": ("GRU", (1,), 5.0)}
    lstm = found.rows[0]
    assert (lstm.changed, lstm.architecture) == ({}, "lstm")
    assert lstm.run_ids == ("one-lstm-1", "two-lstm-2")
    title = f"{one.experiment.report.title} (2 side by side)"
    assert (found.experiment, found.title) == ("temperature, other", title)
    assert [(curve.name, curve.seed) for curve in found.curves] == [
        *(("gru", 1), ("lstm", 1), ("lstm", 2)),
    ]


def test_other_params_are_another_row_that_says_which(side: Any) -> None:
    slow = side("slow", [("lstm", 1, 2.0), ("rnn", 1, 9.0)])
    fast = side("fast", [("lstm", 1, 1.0), ("lstm", 2, 3.0)], FAST, "model.head_sizes=[8]")
    found = compared(slow, fast)
    assert rows(found) == {
        "lstm": ("LSTM, model.head_sizes [16], train.learning_rate 0.001", (1,), 2.0),
        "lstm-2": ("LSTM, model.head_sizes [8], train.learning_rate 0.003", (1, 2), 2.0),
        "rnn": ("Vanilla RNN", (1,), 9.0),
    }
    changed = {row.name: row.changed for row in found.rows}
    assert changed == {
        "lstm": {"model.head_sizes": "[16]", "train.learning_rate": "0.001"},
        "lstm-2": {"model.head_sizes": "[8]", "train.learning_rate": "0.003"},
        "rnn": {},
    }
    assert {row.architecture for row in found.rows} == {"lstm", "rnn"}
    assert [(curve.name, curve.seed) for curve in found.curves] == [
        *(("lstm", 1), ("lstm-2", 1), ("lstm-2", 2), ("rnn", 1)),
    ]
    assert found.forecast is not None
    assert found.forecast.forecasts["lstm-2"] == (1.0, 1.0, 1.0)  # its own first seed
    # The other way round the names go the other way round, the labels stay with their rows.
    turned = rows(compared(fast, slow))
    assert turned["lstm"] == rows(found)["lstm-2"]
    assert turned["lstm-2"] == rows(found)["lstm"]


def test_a_row_that_differs_in_much_is_called_after_its_experiment(side: Any) -> None:
    changes = ["train.learning_rate=0.1", "train.batch_size=4", "train.patience=2"]
    one = side("one", [("gru", 1, 1.0)])
    two = side("two", [("gru", 1, 2.0)], "name=other", "train.ema_decay=null", *changes)
    found = rows(compared(one, two))
    assert [label for label, _, _ in found.values()] == ["GRU of temperature", "GRU of other"]
    three = side("three", [("gru", 1, 3.0)], "train.ema_decay=0.5", *changes)
    labels = [label for label, _, _ in rows(compared(one, three)).values()]
    assert labels[1] == (
        "GRU, train.batch_size 4, train.learning_rate 0.1, train.ema_decay 0.5, 1 more"
    )


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_same_training_counts_once_and_the_newest_stays(side: Any, newest_first: bool) -> None:
    old = side("old", [("lstm", 1, 2.0), ("lstm", 2, 2.0)], key="same", day=1)
    new = side("new", [("lstm", 1, 4.0), ("lstm", 3, 3.0)], key="same", day=2)
    found = compared(*((new, old) if newest_first else (old, new)))
    assert rows(found) == {"lstm": ("LSTM", (1, 2, 3), 3.0)}
    assert found.rows[0].run_ids == ("new-lstm-1", "old-lstm-2", "new-lstm-3")
    assert len(found.curves) == 3
    assert found.data.facts[-1].startswith("1 run or baseline stands more than once")


def test_params_that_changed_no_prediction_make_no_row(side: Any) -> None:
    less = side("less", [("lstm", 1, 2.0)], "train.max_epochs=40", day=2)
    more = side("more", [("lstm", 1, 2.0), ("lstm", 2, 5.0)], "train.max_epochs=50")
    found = compared(less, more)
    assert rows(found) == {"lstm": ("LSTM", (1, 2), 3.5)}
    # Of two of the same size the newer one stays.
    same = side("same", [("lstm", 1, 2.0)], "train.max_epochs=30", day=1)
    assert compared(same, less).rows[0].run_ids == ("less-lstm-1",)
    # One other prediction, and they are two rows.
    other = side("other", [("lstm", 1, 2.5)], "train.max_epochs=40")
    assert len(compared(other, more).rows) == 2


def test_baselines_stand_once_for_the_params_that_they_read(side: Any) -> None:
    values = {"last_value": 6.0, "harmonic_regression": 5.0, "climatology": 7.0}
    one = side("one", [("lstm", 1, 1.0)], baselines=values)
    two = side(
        "two",
        [("lstm", 2, 1.0)],
        "evaluate.num_harmonics=2",
        baselines=values | {"harmonic_regression": 4.0},
    )
    found = compared(one, two)
    names = {row.name: (row.label, row.changed) for row in found.rows if row.kind == "baseline"}
    assert names == {
        "harmonic_regression": (
            "Harmonic regression, evaluate.num_harmonics 1",
            {"evaluate.num_harmonics": "1"},
        ),
        "harmonic_regression-2": (
            "Harmonic regression, evaluate.num_harmonics 2",
            {"evaluate.num_harmonics": "2"},
        ),
        "last_value": ("Last value", {}),
        "climatology": ("Day-of-year climatology", {}),
    }
    assert all(row.architecture is None for row in found.rows if row.kind == "baseline")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fingerprint": "else"}, "runs on different data cannot be compared: data: a; else: b"),
        ({"truth": "else"}, "runs on different test splits cannot be compared: truth: a; else: b"),
    ],
)
def test_other_data_are_refused(side: Any, changes: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        compared(side("a", [("lstm", 1, 1.0)]), side("b", [("gru", 1, 1.0)], **changes))
    assert str(caught.value) == said


def test_who_agrees_is_named_together(side: Any) -> None:
    sides = [side(name, [("lstm", 1, 1.0)]) for name in "abc"]
    sides.append(side("d", [("lstm", 1, 1.0)], truth="else", called="d, run 7"))
    with pytest.raises(InputError, match=r"truth: a, b, c; else: d, run 7$"):
        compared(*sides)


def test_another_task_is_refused(side: Any) -> None:
    forecast = side("f", [("lstm", 1, 1.0)])
    texts = Side("t", forecast.recalled.model_copy(update={"experiment": load("imdb")}))
    with pytest.raises(InputError) as caught:
        compared(forecast, texts)
    assert str(caught.value) == (
        "runs on different tasks cannot be compared: forecast: f; classification: t"
    )


def test_nothing_finished_is_refused(side: Any) -> None:
    with pytest.raises(InputError, match=r"^no run of a, b is finished; there is nothing to comp"):
        compared(side("a", [], baselines={"last_value": 1.0}), side("b", []))


def test_who_is_missing_is_named_by_its_row_unless_it_is_finished_elsewhere(side: Any) -> None:
    def lost(name: str, seed: int | None) -> Missing:
        return Missing(name=name, seed=seed, status="FAILED", reason="why")

    slow = side("slow", [("lstm", 1, 1.0)], missing=(lost("lstm", 2), lost("gru", 1)))
    fast = side(
        "fast",
        [("lstm", 1, 2.0)],
        FAST,
        missing=(lost("lstm", 3), lost("last_value", None), lost("climatology", None)),
        baselines={},
    )
    again = side("again", [("lstm", 2, 3.0)], baselines={"last_value": 1.0})
    found = compared(slow, fast, again)
    assert [(one.name, one.seed, one.reason) for one in found.missing] == [
        ("climatology", None, "fast: why"),
        ("gru", 1, "slow: why"),
        ("lstm-2", 3, "fast: why"),
    ]


def test_what_is_asked_for(side: Any) -> None:
    one = side("one", [("lstm", 1, 1.0), ("gru", 1, 2.0)])
    two = side("two", [("rnn", 1, 3.0)], "report.title=Else?", "compare.metric=test/rmse")
    assert compared(one, two).metric == "test/mae"
    assert compared(two, one).metric == "test/rmse"
    by_rmse = compared(one, two, metric="test/rmse", title="A title")
    assert list(rows(by_rmse)) == ["rnn", "gru", "lstm"]
    assert by_rmse.title == "A title"
    assert compared(one, two).title == "temperature (2 side by side)"
    with pytest.raises(InputError, match="must be one of test/mae, "):
        compared(one, metric="test/accuracy")


def test_a_smallest_difference_is_in_the_unit_of_its_own_metric(side: Any) -> None:
    old = side("old", [("lstm", 1, 1.0)], "compare.smallest_difference=0.25", day=1)
    by_rmse = ("compare.metric=test/rmse", "compare.smallest_difference=0.75")
    new = side("new", [("gru", 1, 2.0)], *by_rmse, day=2)
    newest = side("newest", [("rnn", 1, 3.0)], day=3)

    def smallest(metric: str | None, *sides: Side) -> float | None:
        return merged_experiment(sides, metric=metric, title=None).compare.smallest_difference

    assert smallest(None, old, new) == 0.25
    assert smallest("test/rmse", old, new) == 0.75
    assert smallest("test/mase", old, new) is None  # the metric's own
    assert smallest(None, old, new, newest) is None  # the newest asked for none


def test_what_is_said_of_the_data_names_who_was_prepared_how(side: Any) -> None:
    one = side("one", [("rnn", 1, 1.0)])
    two = side("two", [("rnn", 1, 2.0)], "preprocess.context_length=10")
    assert not any("one: " in fact for fact in compared(one).data.facts)
    facts = compared(one, two).data.facts
    digests = [part.experiment.preprocess.digest() for part in (one, two)]
    assert [fact for fact in facts if fact[:5] in {"one: ", "two: "}] == [
        f"one: {digests[0]}",
        f"two: {digests[1]}",
    ]
    # A caution of one of them, about what did finish there, is a caution of all.
    assert compared(one, two).cautions == cautions(one.experiment)
    lstm = side("three", [("lstm", 1, 3.0)])
    assert compared(lstm, two).cautions == ()


def test_speed_is_that_of_the_newest_under_the_name_of_the_row(side: Any) -> None:
    from components.compare.across.grouping import grouped
    from components.compare.across.merged import merged_evidence

    sides = [
        side("old", [("lstm", 1, 1.0)], day=1),
        side("new", [("lstm", 2, 1.0)], day=3),
        side("fast", [("lstm", 1, 2.0)], FAST, day=2),
    ]
    evidence = merged_evidence(sides, grouped(sides)[0])
    assert {one.name: one.size_bytes for one in evidence.answering} == {"lstm": 3, "lstm-2": 2}


@pytest.mark.parametrize("length", [100, 50])
def test_new_texts_that_all_read_alike_stay(length: int, tmp_path: Path) -> None:
    from components.compare.across.alike import common_texts

    def texts(*of: str, length: int = 100) -> Side:
        overrides = [f"evaluate.texts={list(of)}", f"preprocess.max_length={length}"]
        experiment: Experiment = load("imdb", overrides)
        return Side("a", Recalled.model_construct(experiment=experiment))

    found = common_texts([texts("b", "a", "c"), texts("c", "b", "d", length=length)])
    assert found == (("b", "c") if length == 100 else ())
