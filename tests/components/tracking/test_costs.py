"""What runs cost, as MLflow has it."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.records import (
    Answering,
    Epoch,
    Evidence,
    Ingested,
    Prepared,
    Scored,
    SequenceSpec,
    Trained,
)
from components.storage import Home
from components.tracking.costs import log_costs
from components.tracking.opening import Tracking, open_tracking
from components.tracking.runs import start

FOLDER = Path()
MADE = {"cost/peak_memory_bytes", "cost/seconds_per_epoch"}


@pytest.fixture
def opened(home: Home) -> Tracking:
    return open_tracking(home, "tiny")


def evidence(run_ids: dict[tuple[str, int | None], str]) -> Evidence:
    """Two seeds of a GRU, and a baseline; all measured, as a row that nobody finished is not."""
    trained = tuple(
        Trained(
            path=FOLDER,
            architecture="gru",
            seed=seed,
            num_parameters=1,
            train_seconds=1,
            peak_memory_bytes=1,
            best_epoch=1,
            epochs=tuple(Epoch(epoch=n, seconds=seed + n, metrics={}) for n in (1, 2)),
        )
        for seed in (9, 4, 7)
    )
    scored = tuple(
        Scored(
            path=FOLDER,
            fingerprint="",
            kind="baseline" if seed is None else "network",
            name=name,
            seed=seed,
            num_parameters=1,
            train_seconds=1,
            peak_memory_bytes=1000 + (seed or 0),
            metrics={},
            run_id=run_ids.get((name, seed)),
        )
        for name, seed in (("gru", 9), ("gru", 4), ("last_value", None), ("climatology", None))
    )
    answering = tuple(
        Answering(
            name=name,
            size_bytes=10 * factor,
            latency_median_seconds=0.5 * factor,
            latency_p99_seconds=2.0 * factor,
            throughput=3.0 * factor,
        )
        for factor, name in enumerate(("gru", "last_value", "climatology"), 1)
    )
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    return Evidence(
        ingested=Ingested(path=FOLDER, source="", fingerprint="", splits={}, repeats_across=0),
        prepared=Prepared(path=FOLDER, key="", fingerprint="", train=1, val=1, test=1, spec=spec),
        trained=trained,
        scored=scored,
        answering=answering,
        missing=(),
    )


def test_every_run_has_its_costs_and_the_measured_one_how_it_answers(opened: Tracking) -> None:
    names: tuple[tuple[str, int | None], ...] = (("gru", 9), ("gru", 4), ("last_value", None))
    runs = {name: start(opened, "", {}) for name in names}
    log_costs(opened, evidence(runs))
    found = {name: opened.client().get_run(run_id).data.metrics for name, run_id in runs.items()}
    assert found["gru", 9] == {"cost/peak_memory_bytes": 1009, "cost/seconds_per_epoch": 10.5}
    assert found["gru", 4] == {
        "cost/peak_memory_bytes": 1004,
        "cost/seconds_per_epoch": 5.5,
        "cost/latency_median_ms": 500,
        "cost/latency_p99_ms": 2000,
        "cost/throughput": 3,
        "cost/size_bytes": 10,
    }
    assert found["last_value", None] == {
        "cost/peak_memory_bytes": 1000,
        "cost/latency_median_ms": 1000,
        "cost/latency_p99_ms": 4000,
        "cost/throughput": 6,
        "cost/size_bytes": 20,
    }


def test_rows_that_were_not_measured_have_what_they_cost_to_make(opened: Tracking) -> None:
    run_id = start(opened, "", {})
    without = evidence({("gru", 4): run_id}).model_copy(update={"answering": ()})
    log_costs(opened, without)
    assert set(opened.client().get_run(run_id).data.metrics) == MADE


def test_an_mlflow_that_takes_nothing_is_warned_of(
    opened: Tracking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("no room")

    monkeypatch.setattr(MlflowClient, "log_batch", refuse)
    log_costs(opened, evidence({("gru", 4): "a run"}))
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "MLflow took no costs: no room")
