"""The runs of a search in MLflow, and that nobody takes them for runs of a comparison."""

import os
from pathlib import Path
from typing import Any

import pytest

from components.records import Claimed, Ingested, Prepared, Search, TrialOutcome, Tuned, Tuning
from components.storage import Home
from components.tracking import trials, tuning
from components.tracking.opening import Tracking
from components.tracking.read import find_run
from components.tracking.references import tracked
from components.tracking.runs import Parent, output_name
from components.tracking.search import named
from components.train.job import TrainingJob
from params.errors import InputError
from params.schema import ForecastExperiment
from params.tune import Dimension

SEARCH = Search(
    id="tiny-1a2b",
    experiment="tiny",
    task="forecast",
    metric="val/loss",
    better="lower",
    architectures=("gru",),
    num_trials=3,
    seeds=(1, 2),
    space={"train.learning_rate": Dimension(low=1e-4, high=1e-2, log=True)},
    space_from="--space",
    warm_up=1,
    first=None,
)


@pytest.fixture
def begin(
    opened: Tracking,
    parent: Parent,
    tiny_temperature: ForecastExperiment,
    ingested: Ingested,
    prepared: Prepared,
) -> Any:
    """Begins the search; beside it stands a comparison that has begun."""

    def call(search: Search = SEARCH) -> Parent:
        return tuning.start_search(
            opened,
            experiment=tiny_temperature,
            provenance=parent.provenance,
            ingested=ingested,
            prepared=prepared,
            search=search,
            created="2026-01-02",
        )

    return call


def claim(place: int) -> Claimed:
    return Claimed(
        architecture="gru", number=place, place=place, values={"train.learning_rate": 0.002}
    )


def outcome(place: int, run_id: str, **values: Any) -> TrialOutcome:
    given = {"state": "complete", "value": 0.5 / place, "epochs": 4, "seconds": 1.5, **values}
    own = {"architecture": "gru", "place": place, "run_id": run_id}
    return TrialOutcome.model_validate({**own, "values": claim(place).values, **given})


def finish(search: Parent, folder: Path, best: TrialOutcome, running: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "trials.csv").write_text("trials")
    (folder / "owners").mkdir(exist_ok=True)
    tuned = Tuned(architecture="gru", trials=(best,), best=best, as_in_file=None, running=running)
    found = Tuning(search=SEARCH, tuned=(tuned,), run_id=search.run_id)
    tuning.finish_search(search, found, folder, "**Found**")


def test_a_search_is_a_run_of_its_own_kind_with_its_space(
    seen: Any, begin: Any, tiny_temperature: ForecastExperiment
) -> None:
    run = seen.run(begin().run_id)
    assert (run.info.run_name, run.info.status) == ("tune-tiny-1a2b", "RUNNING")
    expected = {
        "unroll.kind": "tuning",
        "unroll.tuning": "tiny-1a2b",
        "unroll.metric": "val/loss",
        "unroll.fingerprint": "abc123",
        "unroll.params_digest": "9f2c41d07be3a815",
    }
    assert run.data.tags.items() >= expected.items()
    assert "unroll.comparison" not in run.data.tags
    params = {
        "space.train.learning_rate.low": "0.0001",
        "space.train.learning_rate.log": "true",
        "train.learning_rate": "0.001",
        "preprocess.context_length": "5",
    }
    assert run.data.params.items() >= params.items()


def test_a_trial_is_nested_in_it_with_the_params_that_it_tries(
    seen: Any, opened: Tracking, begin: Any, tiny_temperature: ForecastExperiment
) -> None:
    search = begin()
    train = tiny_temperature.train.model_copy(update={"learning_rate": 0.002})
    tried = tiny_temperature.model_copy(update={"train": train})
    run_id = trials.start_trial(search, tried, claim(1))
    run = seen.run(run_id)
    expected = {
        "unroll.kind": "trial",
        "unroll.trial": "1",
        "unroll.architecture": "gru",
        "mlflow.parentRunId": search.run_id,
        "unroll.params_digest": tried.digest(),
    }
    assert run.data.tags.items() >= expected.items()
    assert run.info.run_name == "gru-trial1"
    assert run.data.params["train.learning_rate"] == "0.002"
    assert "learning_rate: 0.002" in seen.text(run_id, "params.yaml")
    ended = outcome(1, run_id)
    trials.finish_trial(search, run_id, SEARCH, ended, {1: 0.4, 2: 0.6})
    run = seen.run(run_id)
    assert (run.info.status, seen.is_complete(run_id)) == ("FINISHED", True)
    values = {"value": 0.5, "best/val/loss": 0.5, "value/seed-1": 0.4, "value/seed-2": 0.6}
    assert run.data.metrics == values


def test_a_pruned_trial_is_killed_and_says_so(
    seen: Any, begin: Any, tiny_temperature: ForecastExperiment
) -> None:
    search = begin()
    run_id = trials.start_trial(search, tiny_temperature, claim(2))
    pruned = outcome(2, run_id, state="pruned", epochs=2, seconds=None)
    trials.finish_trial(search, run_id, SEARCH, pruned, {})
    run = seen.run(run_id)
    assert (run.info.status, run.data.tags["unroll.outcome"]) == ("KILLED", "pruned")
    assert run.data.tags["unroll.reason"] == "worse than the median after epoch 2"
    assert not seen.is_complete(run_id)
    assert run.data.metrics == {}


def test_a_search_goes_on_in_the_run_that_it_began_in(
    seen: Any, opened: Tracking, begin: Any, tiny_temperature: ForecastExperiment, tmp_path: Path
) -> None:
    search = begin()
    first = trials.start_trial(search, tiny_temperature, claim(1))
    finish(search, tmp_path / "files", outcome(1, first))
    run = seen.run(search.run_id)
    assert (run.info.status, seen.is_complete(search.run_id)) == ("FINISHED", True)
    assert seen.artifacts(search.run_id) == {"params.yaml", "trials.csv"}
    assert seen.run(first).data.tags["unroll.best_trial"] == "true"
    again = begin()
    assert again.run_id == search.run_id
    assert seen.run(search.run_id).info.status == "RUNNING"
    assert not seen.is_complete(search.run_id)
    second = trials.start_trial(again, tiny_temperature, claim(2))
    finish(again, tmp_path / "files", outcome(2, second))
    assert "unroll.best_trial" not in seen.run(first).data.tags
    assert seen.run(second).data.tags["unroll.best_trial"] == "true"
    assert seen.run(search.run_id).data.metrics == {"best/gru/val/loss": 0.25}
    assert begin(SEARCH.model_copy(update={"id": "tiny-3c4d"})).run_id != search.run_id


def test_a_search_that_another_process_is_at_stays_that_ones(
    seen: Any, opened: Tracking, begin: Any, tiny_temperature: ForecastExperiment, tmp_path: Path
) -> None:
    search = begin()
    opened.client().set_tag(search.run_id, "unroll.pid", "1")
    joined = begin()
    assert joined.run_id == search.run_id
    assert seen.run(search.run_id).data.tags["unroll.pid"] == "1"
    trial = trials.start_trial(joined, tiny_temperature, claim(1))
    finish(joined, tmp_path / "files", outcome(1, trial), running=1)
    run = seen.run(search.run_id)
    assert (run.info.status, seen.is_complete(search.run_id)) == ("RUNNING", False)
    assert seen.run(trial).data.tags["unroll.best_trial"] == "true"
    assert run.data.metrics == {"best/gru/val/loss": 0.5}
    finish(search, tmp_path / "files", outcome(1, trial))
    assert (seen.run(search.run_id).info.status, seen.is_complete(search.run_id)) == (
        *("FINISHED", True),
    )
    opened.client().set_tag(search.run_id, "unroll.pid", "1")
    begin()  # again, and it is this process's now
    assert seen.run(search.run_id).data.tags["unroll.pid"] == str(os.getpid())


def test_a_search_and_its_trials_name_their_outputs_from_the_beginning(
    home: Home,
    begin: Any,
    job: TrainingJob,
    tiny_temperature: ForecastExperiment,
) -> None:
    search = begin()
    trial = trials.start_trial(search, tiny_temperature, claim(1))
    again = job.model_copy(update={"seed": 8})
    trials.name_outputs(search, trial, [job, again])
    found = {one.id: one for one in tracked(home.tracking_uri, home, home.root / "scratch")}
    assert found[SEARCH.id].unknown == ""
    assert found[SEARCH.id].outputs == {
        *map(output_name, (search.ingested.path, search.prepared.path)),
        *(f"preprocess/{job.prepared.key}", f"train/{job.key}", f"train/{again.key}"),
    }


def test_trials_of_a_process_that_is_gone_are_disowned(
    seen: Any, begin: Any, tiny_temperature: ForecastExperiment
) -> None:
    search = begin()
    running, ended, kept = (
        trials.start_trial(search, tiny_temperature, claim(place)) for place in (1, 2, 3)
    )
    for run_id in (ended, kept):
        trials.finish_trial(search, run_id, SEARCH, outcome(2, run_id), {1: 0.25})
    trials.disown_trials(search, SEARCH, [("gru", 1), ("gru", 2)])
    for run_id in (running, ended):
        run = seen.run(run_id)
        assert (run.info.status, run.data.tags["unroll.outcome"]) == ("KILLED", "interrupted")
        assert not seen.is_complete(run_id)
    assert seen.is_complete(kept)


def test_nobody_takes_a_search_for_a_comparison_or_a_trial_for_a_run(
    home: Home, opened: Tracking, parent: Parent, begin: Any, tiny_temperature: ForecastExperiment
) -> None:
    search = begin()
    run_id = trials.start_trial(search, tiny_temperature, claim(1))
    trials.finish_trial(search, run_id, SEARCH, outcome(1, run_id), {1: 0.5})
    client = opened.client()
    assert named(client, "latest").info.run_id == parent.run_id
    for one in (search.run_id, run_id, SEARCH.id):
        with pytest.raises(InputError, match="no run or comparison has an id"):
            named(client, one)
    uri, scratch = home.tracking_uri, home.root / "scratch"
    with pytest.raises(InputError, match="tiny has no finished run"):
        find_run(uri, "tiny", scratch)
    with pytest.raises(InputError, match=r"is a trial of a search, gru-trial1; give the id of a"):
        find_run(uri, "tiny", scratch, run_id=run_id)
    with pytest.raises(InputError, match=r"is the search tune-tiny-1a2b; give the id of a run"):
        find_run(uri, "tiny", scratch, run_id=search.run_id)
