"""A search for better params, as a Prefect flow."""

from collections import Counter
from typing import Any

from filelock import FileLock
from prefect import Flow, flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import FlowRun, State
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from components.records import Search, TrialOutcome, Tuning
from components.stopping import Interrupted, stopping
from components.tracking import runs, trials, tuning
from components.train.worker import ChildFailed
from components.tune.owners import claim_path
from components.tune.studies import Studies, working_at
from flows.stopped import say_cancelled, stopping_children
from flows.tasks import logger
from flows.told import SAME
from flows.tuning.outcome import markdown, write_files
from flows.tuning.trials import Bench, trial
from params.errors import plural
from params.names import Architecture
from params.schema import Experiment


def run(experiment: Experiment, search: Search, bench: Bench, command: str) -> Tuning:
    """Run the flow with as many trials at a time as the bench has workers.

    Args:
        experiment: What is searched, with all its seeds.
        search: The search.
        bench: What trials have in common.
        command: What a person typed, to be kept beside what is found.
    """
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=bench.workers)
    try:
        return unroll_tune.with_options(task_runner=runner)(experiment, search, bench, command)
    except BaseException:  # Ctrl-C too: no run may stay RUNNING
        runs.end_open_runs(bench.home, experiment.name)
        raise


def show_cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect calls it with these names
    """Let Prefect say Cancelled, where it would say that an interrupted flow crashed."""
    say_cancelled(flow_run, f"interrupted; {SAME}")


@flow(name="unroll-tune", flow_run_name="tune-{search.id}", on_crashed=[show_cancelled])
def unroll_tune(experiment: Experiment, search: Search, bench: Bench, command: str) -> Tuning:
    """Trials of every architecture, until each has as many as it is to have.

    What is found lies in the search's folder, in MLflow and among Prefect's artifacts then.
    """
    parent, home = bench.parent, bench.home
    with runs.ending(parent.tracking, parent.run_id), working_at(search, home) as studies:
        trials.disown_trials(parent, search, studies.taken_over)
        say_where_it_stands(studies)
        with stopping_children():
            try_all(studies, bench)
        folder = home.tuning / search.id
        # What is written last is what was found last, also where two processes end at a time.
        with FileLock(claim_path(search, home)):
            found = Tuning(search=search, tuned=studies.found(), run_id=parent.run_id)
            found = write_files(found, experiment, folder, command)
            said = markdown(found)
            tuning.finish_search(parent, found, folder, said)
        create_markdown_artifact(said, artifact_key(search), f"tune-{search.id}")
    return found


def try_all(studies: Studies, bench: Bench) -> None:
    """Do trials, as many at a time as there are workers, until there is none left to claim.

    Raises:
        Interrupted: If this process is being ended. What a killed trial would have said is not
            known then, and a next one would be chosen without it.
        Exception: Whatever ended a trial, unless it was its training alone that failed.
    """
    running: dict[PrefectFuture[TrialOutcome], Architecture] = {}
    while True:
        while len(running) < bench.workers:
            if stopping.is_set():
                raise Interrupted("the search is being ended")
            claimed = studies.claim(Counter(running.values()))
            if claimed is None:
                break
            study = studies.of[claimed.architecture]
            running[trial.submit(claimed, study, bench)] = claimed.architecture
        if not running:
            return
        ended = next(as_completed(list(running)))
        del running[ended]
        outcome = ended.result(raise_on_failure=False)
        if isinstance(outcome, BaseException) and not isinstance(outcome, ChildFailed):
            raise outcome


def say_where_it_stands(studies: Studies) -> None:
    """Say what was done before."""
    wanted = studies.search.num_trials
    enough = set()
    for one in studies.found():
        done = len(one.trials)
        if done >= wanted:
            enough.add(one.architecture)
            said = "has %s already, and --trials asks for %d: none is added"
            logger.info(f"tune: %s {said}", one.architecture, plural(done, "trial"), wanted)
        elif done:
            logger.info("tune: %s goes on after %d of %d trials", one.architecture, done, wanted)
    for architecture, place in studies.taken_over:
        if architecture not in enough:
            logger.info("tune: %s trial %d was interrupted and is done again", architecture, place)


def artifact_key(search: Search) -> str:
    """Under which Prefect lists what searches of the experiment found."""
    return f"unroll-tune-{search.experiment.replace('_', '-')}"
