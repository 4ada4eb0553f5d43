"""A comparison and its trainings go on in the runs that they had, and log nothing twice."""

from typing import Any

import pytest

from components.records import ComparisonEvidence, Ingested, Prepared, Scored, Trained
from components.tracking.opening import Tracking
from components.tracking.resuming import begun, nested_run, params_of, take_up_comparison
from components.tracking.runs import Parent, ending, finish, log_values
from components.tracking.trainings import finish_training, start_training
from components.train.job import TrainingJob
from params.errors import InputError
from params.schema import ForecastExperiment


@pytest.fixture
def interrupted(opened: Tracking, parent: Parent, job: TrainingJob) -> Parent:
    """A comparison that was interrupted in its only training."""
    training = start_training(parent, job).run_id
    with (
        pytest.raises(KeyboardInterrupt),
        ending(opened, parent.run_id),
        ending(opened, training),
    ):
        raise KeyboardInterrupt
    return parent


def take_up(
    parent: Parent, experiment: ForecastExperiment, evidence: ComparisonEvidence | None
) -> Parent:
    assert evidence is not None
    run = parent.tracking.client().get_run(parent.run_id)
    return take_up_comparison(
        parent.tracking,
        run,
        experiment=experiment,
        begun=evidence,
        ingested=parent.ingested,
        prepared=parent.prepared,
    )


def test_it_goes_on_as_what_it_was(
    seen: Any,
    opened: Tracking,
    interrupted: Parent,
    tiny_temperature: ForecastExperiment,
    ingested: Ingested,
    prepared: Prepared,
) -> None:
    run = seen.run(interrupted.run_id)
    assert run.info.status == "KILLED"
    evidence = begun(opened.client(), run)
    again = take_up(interrupted, tiny_temperature, evidence)
    assert again == interrupted.model_copy(update={"taken_up": True})
    run = seen.run(interrupted.run_id)
    assert run.info.status == "RUNNING"
    assert "unroll.reason" not in run.data.tags
    assert run.data.tags["unroll.taken_up"] == "1"


def test_what_was_complete_without_some_runs_is_not_complete_while_it_goes_on(
    seen: Any, opened: Tracking, interrupted: Parent, tiny_temperature: ForecastExperiment
) -> None:
    client = opened.client()
    finish(client, interrupted.run_id, "FAILED", {"unroll.missing": "1"})
    evidence = begun(client, seen.run(interrupted.run_id))
    for often in ("1", "2"):
        take_up(interrupted, tiny_temperature, evidence)
        assert not seen.is_complete(interrupted.run_id)
        assert seen.run(interrupted.run_id).data.tags["unroll.taken_up"] == often


def test_a_training_goes_on_in_the_run_it_had(
    seen: Any,
    opened: Tracking,
    interrupted: Parent,
    tiny_temperature: ForecastExperiment,
    job: TrainingJob,
) -> None:
    known = nested_run(opened, interrupted.id, job.key)
    assert known is not None
    assert nested_run(opened, interrupted.id, "another") is None
    again = take_up(
        interrupted, tiny_temperature, begun(opened.client(), seen.run(interrupted.run_id))
    )
    run = start_training(again, job)
    assert (run.run_id, run.taken_up, run.complete) == (known.info.run_id, True, False)
    assert seen.run(run.run_id).info.status == "RUNNING"
    other = start_training(again, job.model_copy(update={"seed": 8}))
    assert other.run_id != run.run_id
    assert not other.taken_up


def test_a_result_is_logged_once(
    seen: Any, opened: Tracking, parent: Parent, job: TrainingJob, trained: Trained, scored: Scored
) -> None:
    run = start_training(parent, job)
    outcome = job, trained, scored
    finish_training(parent, run.run_id, *outcome)
    before = {
        key: opened.client().get_metric_history(run.run_id, key)
        for key in seen.run(run.run_id).data.metrics
    }
    finish_training(parent, run.run_id, *outcome)
    for key, history in before.items():
        assert [vars(one) for one in opened.client().get_metric_history(run.run_id, key)] == [
            vars(one) for one in history
        ]
    assert len(seen.run(run.run_id).inputs.dataset_inputs) == 1
    again = start_training(parent.model_copy(update={"taken_up": True}), job)
    assert again.complete


def test_one_that_was_interrupted_before_anything_was_kept(opened: Tracking, seen: Any) -> None:
    client = opened.client()
    tags = {"mlflow.source.name": "unroll run tiny"}
    run = client.create_run(opened.experiment_id, run_name="tiny-2", tags=tags)
    assert begun(client, run) is None
    with pytest.raises(InputError, match="before its params were kept; run `unroll run tiny`"):
        params_of(client, run)


def test_its_params_are_those_that_it_began_with(
    opened: Tracking, tiny_temperature: ForecastExperiment
) -> None:
    from params.load import to_yaml

    client = opened.client()
    run = client.create_run(opened.experiment_id, run_name="tiny-2")
    client.log_text(run.info.run_id, to_yaml(tiny_temperature), "params.yaml")
    assert params_of(client, run) == tiny_temperature
    client.log_text(run.info.run_id, "task: dance", "params.yaml")
    with pytest.raises(InputError, match="the params of tiny-2 cannot be used by this version"):
        params_of(client, run)


def test_another_number_after_it_was_taken_up_is_another_step(
    seen: Any, opened: Tracking, interrupted: Parent, tiny_temperature: ForecastExperiment
) -> None:
    client = opened.client()
    log_values(client, interrupted.run_id, {"best/test/mae": 2.0, "best/test/rmse": 3.0})
    take_up(interrupted, tiny_temperature, begun(client, seen.run(interrupted.run_id)))
    for _ in range(2):
        log_values(client, interrupted.run_id, {"best/test/mae": 1.5, "best/test/rmse": 3.0})
    found = {
        key: [(one.step, one.value) for one in client.get_metric_history(interrupted.run_id, key)]
        for key in ("best/test/mae", "best/test/rmse")
    }
    assert found == {"best/test/mae": [(0, 2.0), (1, 1.5)], "best/test/rmse": [(0, 3.0)]}
    assert seen.run(interrupted.run_id).data.metrics["best/test/mae"] == 1.5
