"""The rows of a grid, what takes part of it in other comparisons, and what is said of it."""

from pathlib import Path

import pytest

from components.compare.across.points import grid_rows, labelled, said_of, sides_of
from components.records import (
    Answering,
    ComparisonEvidence,
    Ingested,
    Missing,
    Prepared,
    Provenance,
    Recalled,
    RunEvidence,
    RunJob,
    Scored,
    SequenceSpec,
    Trained,
)
from params.load import load
from params.schema import Experiment

GRID = ["train.learning_rate=1e-3,3e-3", "model.hidden_sizes=[8],[16]"]
PROVENANCE = Provenance(
    params="", params_digest="", command="", code_revision="", versions={}, machine=""
)


@pytest.fixture
def experiment() -> Experiment:
    return load("temperature", ["architectures=[lstm,rnn]", "seeds=[1]", "model.dropout=0.0"], GRID)


def test_rows_are_called_by_their_architecture_and_their_point(experiment: Experiment) -> None:
    rows = grid_rows(experiment)
    assert list(rows) == [
        *("lstm", "lstm-2", "lstm-3", "lstm-4"),
        *("rnn", "rnn-2", "rnn-3", "rnn-4"),
    ]
    assert {name: row.named.label for name, row in rows.items() if row.architecture == "rnn"} == {
        "rnn": "Vanilla RNN, model.hidden_sizes [8], train.learning_rate 0.001",
        "rnn-2": "Vanilla RNN, model.hidden_sizes [8], train.learning_rate 0.003",
        "rnn-3": "Vanilla RNN, model.hidden_sizes [16], train.learning_rate 0.001",
        "rnn-4": "Vanilla RNN, model.hidden_sizes [16], train.learning_rate 0.003",
    }
    assert rows["lstm-3"].place == 2
    assert rows["lstm-3"].params.model.hidden_sizes == (16,)
    assert rows["lstm-3"].params.grid == {}
    assert grid_rows(load("temperature")) == {}


def test_the_grid_in_words(experiment: Experiment) -> None:
    assert said_of(experiment) == (
        "a grid of model.hidden_sizes [8], [16] by train.learning_rate 0.001, 0.003: "
        "2 x 2 x 2 architectures x 1 seed = 8 trainings"
    )


def test_what_is_missing_has_the_label_of_its_row(experiment: Experiment) -> None:
    lost = Missing(name="rnn-4", seed=1, status="FAILED", reason="why")
    found = labelled(lost, grid_rows(experiment))
    assert found.label == "Vanilla RNN, model.hidden_sizes [16], train.learning_rate 0.003"
    baseline = Missing(name="last_value", seed=None, status="FAILED", reason="why")
    assert labelled(baseline, grid_rows(experiment)) == baseline
    assert "label" not in baseline.model_dump()


def recalled(experiment: Experiment, *finished: str, missing: tuple[str, ...] = ()) -> Recalled:
    """A comparison with these rows finished, all baselines, and rows that are not."""
    rows = grid_rows(experiment)
    prepared = Prepared(
        path=Path(),
        key="first",
        fingerprint="data",
        train=1,
        val=1,
        test=3,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
    )
    ingested = Ingested(path=Path(), source="", fingerprint="data", splits={}, repeats_across=0)

    def scored(name: str, seed: int | None) -> Scored:
        return Scored.model_validate(
            {
                **{"path": ".", "fingerprint": "data", "name": name, "seed": seed, "metrics": {}},
                **{"kind": "network" if seed else "baseline", "num_parameters": 1},
                **{"train_seconds": 1, "peak_memory_bytes": 1},
            }
        )

    def run(name: str) -> RunEvidence:
        row = rows[name]
        trained = {
            **{"path": ".", "architecture": row.architecture, "seed": 1, "num_parameters": 1},
            **{"train_seconds": 1, "peak_memory_bytes": 1, "best_epoch": 1, "row": name},
            "epochs": [{"epoch": 1, "seconds": 1, "metrics": {"val/loss": 1}}],
        }
        job = RunJob(
            task="forecast",
            architecture=row.architecture,
            seed=1,
            model=row.params.model,
            train=row.params.train,
            key=name,
        )
        return RunEvidence(job=job, trained=Trained.model_validate(trained), scored=scored(name, 1))

    return Recalled(
        run_id="r",
        experiment=experiment,
        evidence=ComparisonEvidence(
            id="grid-1",
            ingested=ingested,
            prepared=prepared,
            provenance=PROVENANCE,
            created="2026-01-01T00:00:00+00:00",
        ),
        runs=tuple(map(run, finished)),
        baselines=(scored("last_value", None),),
        answering=tuple(
            Answering(
                name=name,
                size_bytes=place,
                latency_median_seconds=1,
                latency_p99_seconds=1,
                throughput=1,
            )
            for place, name in enumerate((*finished, "last_value"))
        ),
        missing=tuple(
            Missing(name=name, seed=1, status="FAILED", reason="why") for name in missing
        ),
    )


def test_each_point_takes_part_by_itself(experiment: Experiment) -> None:
    whole = recalled(experiment, "lstm", "lstm-3", "rnn-3", missing=("rnn", "lstm-4"))
    sides = sides_of("grid-1", whole)
    assert [side.called for side in sides] == [
        "grid-1 at model.hidden_sizes [8], train.learning_rate 0.001",
        "grid-1 at model.hidden_sizes [16], train.learning_rate 0.001",
        "grid-1 at model.hidden_sizes [16], train.learning_rate 0.003",
    ]
    rows = grid_rows(experiment)
    assert [side.experiment for side in sides] == [
        rows[name].params for name in ("lstm", "lstm-3", "lstm-4")
    ]
    assert [[run.trained.name for run in side.recalled.runs] for side in sides] == [
        *(["lstm"], ["lstm-3", "rnn-3"], []),
    ]
    # Speeds and what is missing go by the architecture, as they do without a grid.
    speeds = [{one.name: one.size_bytes for one in side.recalled.answering} for side in sides]
    assert speeds == [{"lstm": 0, "last_value": 3}, {"lstm": 1, "rnn": 2}, {}]
    lost = [[(one.name, one.seed) for one in side.recalled.missing] for side in sides]
    assert lost == [[("rnn", 1)], [], [("lstm", 1)]]
    # Baselines are those of the whole comparison, and count once.
    assert [len(side.recalled.baselines) for side in sides] == [1, 0, 0]


def test_a_point_of_which_nothing_was_asked_is_left_out(experiment: Experiment) -> None:
    (side,) = sides_of("a run", recalled(experiment, "rnn-4"))
    assert side.experiment == grid_rows(experiment)["rnn-4"].params
    assert [one.name for one in side.recalled.baselines] == ["last_value"]
    (nothing,) = sides_of("none", recalled(experiment))
    assert nothing.recalled.runs == ()


def test_a_comparison_without_a_grid_is_one_side() -> None:
    plain = recalled(load("temperature"))
    (side,) = sides_of("plain", plain)
    assert (side.called, side.recalled) == ("plain", plain)
