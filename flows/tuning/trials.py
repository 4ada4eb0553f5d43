"""One trial as a Prefect task, with its run in MLflow."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from pydantic import JsonValue

from components.provenance import num_cores
from components.records import Claimed, TrialOutcome
from components.stopping import stopping
from components.tracking import runs, trials
from components.tracking.epochs import EpochLog
from components.tracking.patience import patiently
from components.tracking.runs import Parent
from components.train.worker import ChildFailed
from components.tune.study import ArchitectureStudy
from components.tune.trial import Result, ended, trial_jobs, try_out
from flows import data
from flows.context import Placed
from params.changed import changed
from params.errors import InputError
from params.schema import Experiment


class Bench(Placed):
    """What all trials have in common: the search's run, the params, the place, the workers."""

    experiment: Experiment
    parent: Parent
    workers: int

    @property
    def num_threads(self) -> int:
        """The threads of one training."""
        return max(1, num_cores() // self.workers)


@task(cache_policy=NO_CACHE, task_run_name="{bench.experiment.name} {claimed.name}")
def trial(claimed: Claimed, study: ArchitectureStudy, bench: Bench) -> TrialOutcome:
    """How a claimed trial ended; the study knows it too then.

    The study is shared with the flow: trials run in threads of its process.

    Raises:
        ChildFailed: If its training failed, so that Prefect shows it. The study knows that too,
            unless this process is being ended: then the trial is to be done again.
    """
    try:
        tried = with_values(bench.experiment, claimed)
    except InputError as error:  # values that are allowed, but not together
        failed = ended(claimed, "failed", reason=str(error))
        study.end(claimed, failed)
        return failed
    parent = bench.parent
    run_id = trials.start_trial(parent, tried, claimed)
    try:
        with runs.ending(parent.tracking, run_id):
            result = train_and_judge(claimed, tried, study, bench, run_id)
            outcome = result.outcome.model_copy(update={"run_id": run_id})
            parts = study.search, outcome, result.seeds
            said = f"the result of {claimed.name}"
            patiently(said, lambda: trials.finish_trial(parent, run_id, *parts))
    except ChildFailed as error:
        if not stopping.is_set():
            failed = ended(claimed, "failed", reason=error.reason)
            study.end(claimed, failed.model_copy(update={"run_id": run_id}))
        raise
    # The study comes last: a trial of which it does not know is done again.
    study.end(claimed, outcome)
    return outcome


def train_and_judge(
    claimed: Claimed, tried: Experiment, study: ArchitectureStudy, bench: Bench, run_id: str
) -> Result:
    """The trainings of a trial, logged and judged as they go."""
    store, prepared = bench.home.store, bench.parent.prepared
    if tried.preprocess != bench.experiment.preprocess:
        prepared = data.preprocess(bench.parent.ingested, tried.preprocess, store, fresh=False)
    jobs = trial_jobs(tried, claimed, prepared, bench.num_threads)
    trials.name_outputs(bench.parent, run_id, jobs)
    log = EpochLog(bench.parent.tracking, run_id)
    result = try_out(study, claimed, jobs, store, log)
    log.close()
    return result


def with_values(experiment: Experiment, claimed: Claimed) -> Experiment:
    """The experiment that a trial tries.

    Raises:
        InputError: If the values are not allowed together.
    """
    values: dict[str, JsonValue] = {**claimed.values, "architectures": [claimed.architecture]}
    return changed(experiment.model_copy(update={"tune": None}), values, "the space")
