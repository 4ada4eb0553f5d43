"""A training is done once more, alone, if memory ran out, and never for another reason."""

import logging
from pathlib import Path
from typing import Any

import pytest

from components.outputs import Store
from components.train import placing, run
from components.train.fit import fit
from components.train.job import TrainingJob
from components.train.placing import Placing
from components.train.run import train
from components.train.worker import ChildFailed


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Placing:
    """The devices of a machine without GPUs."""
    made = Placing()
    monkeypatch.setattr(placing, "here", lambda: made)
    return made


def failing(shared: Placing, failures: list[ChildFailed], alone: list[bool]) -> Any:
    """A child that fails so often, and then trains; `alone` gets whether it had to itself."""

    def child(_: Any, job: str, folder: Path, __: Any) -> None:
        alone.append(shared.running[0].alone)
        if failures:
            raise failures.pop(0)
        fit(TrainingJob.model_validate_json(job), folder)

    return child


def test_a_training_that_ran_out_of_memory_is_done_once_more_alone(
    text_job: TrainingJob,
    store: Store,
    shared: Placing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    alone: list[bool] = []
    ran_out = ChildFailed("memory ran out", "KILLED", out_of_memory=True)
    monkeypatch.setattr(run, "run_in_child", failing(shared, [ran_out], alone))
    with caplog.at_level(logging.WARNING):
        assert train(text_job, store, lambda _: None).seed == text_job.seed
    assert alone == [False, True]
    said = "memory ran out; it goes on with no other training of this process beside it"
    assert caplog.messages == [f"gru seed 1: {said}"]


@pytest.mark.parametrize("out_of_memory", [True, False])
def test_a_training_fails_at_its_second_want_of_memory_and_at_once_for_another_reason(
    out_of_memory: bool,
    text_job: TrainingJob,
    store: Store,
    shared: Placing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone: list[bool] = []
    failures = [ChildFailed(f"no {n}", "FAILED", out_of_memory=out_of_memory) for n in (1, 2, 3)]
    monkeypatch.setattr(run, "run_in_child", failing(shared, failures, alone))
    with pytest.raises(ChildFailed, match="no 2" if out_of_memory else "no 1"):
        train(text_job, store, lambda _: None)
    assert alone == [False, True][: 1 + out_of_memory]
    assert shared.running == []
