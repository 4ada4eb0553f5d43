"""Trials that really train: what they are worth, and that pruning ends them."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import active_children

import pytest

from components.ingest.series import ingest_series
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.records import Claimed, Search
from components.storage import Home
from components.train import worker
from components.train.worker import ChildFailed, Event
from components.tune.studies import Studies, working_at
from components.tune.trial import TrialJob, ended, trial_jobs, try_out
from params.changed import changed
from params.schema import ForecastExperiment
from params.tune import Dimension

SPACE = {"train.learning_rate": Dimension(low=1e-9, high=1e-1, log=True)}
FIRST = {"train.learning_rate": 0.01}


@pytest.fixture
def studies(search_of: Callable[..., Search], home: Home) -> Iterator[Studies]:
    worker.preload()
    with working_at(search_of(space=SPACE, first=FIRST), home) as found:
        yield found


@pytest.fixture
def jobs_of(tiny_temperature: ForecastExperiment, store: Store) -> Callable[..., list[TrialJob]]:
    ingested = ingest_series(tiny_temperature.ingest, store)
    prepared = preprocess_series(ingested, tiny_temperature.preprocess, store)

    def make(claimed: Claimed, **values: object) -> list[TrialJob]:
        given = {f"train.{key}": value for key, value in values.items() if key != "seeds"}
        seeds = {"seeds": values.get("seeds", [1])}
        experiment = changed(tiny_temperature, {**claimed.values, **given, **seeds}, "here")
        return trial_jobs(experiment, claimed, prepared, 1)

    return make


def next_of(studies: Studies) -> Claimed:
    claimed = studies.claim(Counter())
    assert claimed is not None
    return claimed


def test_a_trial_is_worth_the_epoch_whose_weights_are_kept(
    studies: Studies, jobs_of: Callable[..., list[TrialJob]], store: Store
) -> None:
    claimed = next_of(studies)
    jobs = jobs_of(claimed, max_epochs=4, seeds=[1, 2])
    assert [job.name for job in jobs] == ["gru trial 1 seed 1", "gru trial 1 seed 2"]
    events: list[Event] = []
    found = try_out(studies.of["gru"], claimed, jobs, store, events.append)
    losses = [event["metrics"]["val/loss"] for event in events if event["kind"] == "epoch"]
    assert len(losses) == 4  # those of the first seed
    assert found.seeds[1] == min(losses)
    assert found.outcome.value == pytest.approx((found.seeds[1] + found.seeds[2]) / 2)
    assert (found.outcome.state, found.outcome.epochs) == ("complete", 4)
    again = try_out(studies.of["gru"], next_of(studies), jobs, store, events.append)
    assert again.seeds == found.seeds  # out of the store


def test_a_pruned_trial_is_ended_early_and_leaves_nothing(
    studies: Studies,
    jobs_of: Callable[..., list[TrialJob]],
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = studies.of["gru"]
    for _ in range(5):  # much better ones
        claimed = next_of(studies)
        for epoch in (1, 2, 3):
            assert not study.report(claimed, epoch, 1e-6)
        study.end(claimed, ended(claimed, "complete", epochs=3, value=1e-6, seconds=1.0))
    claimed = next_of(studies)
    (job,) = jobs_of(claimed, max_epochs=100_000, patience=None)
    events: list[Event] = []
    start = time.monotonic()
    with caplog.at_level(logging.INFO):
        found = try_out(study, claimed, [job], store, events.append)
    assert time.monotonic() - start < 120  # its 100,000 epochs would take hours
    assert (found.outcome.state, found.outcome.epochs) == ("pruned", 2)
    assert [event["epoch"] for event in events if event["kind"] == "epoch"] == [1, 2]
    assert (
        found.outcome.value
        == [e for e in events if e["kind"] == "epoch"][-1]["metrics"]["val/loss"]
    )
    assert active_children() == []
    assert not [path for path in (store.root / "train").iterdir() if path.is_dir()]
    assert "gru trial 6: pruned after epoch 2, val/loss" in caplog.text
    study.end(claimed, found.outcome)
    assert study.outcomes()[-1] == found.outcome


def test_the_last_epoch_is_not_judged(
    studies: Studies, jobs_of: Callable[..., list[TrialJob]], store: Store
) -> None:
    study = studies.of["gru"]
    for _ in range(5):
        claimed = next_of(studies)
        study.report(claimed, 2, 1e-6)
        study.end(claimed, ended(claimed, "complete", epochs=2, value=1e-6, seconds=1.0))
    claimed = next_of(studies)
    found = try_out(study, claimed, jobs_of(claimed, max_epochs=2), store, lambda _: None)
    assert (found.outcome.state, found.outcome.epochs) == ("complete", 2)


def test_a_training_that_fails_is_no_trial_that_ended(
    studies: Studies, jobs_of: Callable[..., list[TrialJob]], store: Store
) -> None:
    claimed = next_of(studies)
    (job,) = jobs_of(claimed)
    broken = job.model_copy(
        update={"prepared": job.prepared.model_copy(update={"path": store.root})}
    )
    with pytest.raises(ChildFailed):
        try_out(studies.of["gru"], claimed, [broken], store, lambda _: None)
    failed = ended(claimed, "failed", reason="no data")
    studies.of["gru"].end(claimed, failed)
    (found,) = studies.found()
    assert found.trials == (failed,)
    assert found.best is None
    assert found.count("failed") == 1
