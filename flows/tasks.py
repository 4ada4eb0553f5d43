"""One thin task a stage and run: a name, a retry where one helps, a call, a return.

Only paths, digests, frozen params and small records pass between tasks. Prefect's own result cache
is off: the store knows better what an output depends on.
"""

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from components.evaluate import answering, cost, score
from components.here import here
from components.ingest.facts import sentences
from components.records import (
    Answering,
    Comparison,
    Evidence,
    Ingested,
    Prepared,
    Record,
    Scored,
    Trained,
)
from components.tracking import comparison, opening, runs, system, trainings
from components.tracking.epochs import EpochLog
from components.tracking.opening import Tracking
from components.tracking.patience import patiently
from components.tracking.runs import Parent
from components.tracking.trainings import TrainingRun
from components.train.job import TrainingJob
from components.train.run import train as train_run
from flows import data
from flows.context import Context
from flows.jobs import network_rows
from flows.reports.artifacts import dashboard_link, show_in_prefect
from params.ingest import SeriesIngest, TextIngest
from params.schema import Experiment

# A child of `components`, so that they go where the stages' own messages go.
logger = logging.getLogger("components.flows")

Result = TypeVar("Result")


class Finished(Record):
    """A finished training and the MLflow run that it is logged to."""

    job: TrainingJob
    trained: Trained
    run: TrainingRun


def said(stage: str, result: Result, lines: Iterable[str]) -> Result:
    """`result`, after a line of the log for each thing that is to be known of it."""
    for line in lines:
        logger.info("%s: %s", stage, line)
    return result


def is_transient(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether a failed ingest is worth another try: only a broken connection is."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, ConnectionError)


@task(
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_transient,
)
def ingest(params: TextIngest | SeriesIngest, context: Context) -> Ingested:
    """The verified table of the experiment's source."""
    ingested = (
        context.data.ingested
        if context.data
        else data.ingest(params, context.home.store, fresh=context.fresh)
    )
    return said("ingest", ingested, sentences(ingested))


@task(cache_policy=NO_CACHE)
def preprocess(ingested: Ingested, params: Experiment, context: Context) -> Prepared:
    """The encoded splits of that table."""
    prepared = (
        context.data.prepared
        if context.data
        else data.prepare(ingested, params, context.home.store, fresh=context.fresh)
    )
    return said("preprocess", prepared, prepared.notes)


@task(name="open tracking", cache_policy=NO_CACHE)
def open_tracking(name: str, context: Context) -> Tracking:
    """The MLflow experiment, made if it is not there."""
    return opening.open_tracking(context.home, name)


@task(
    cache_policy=NO_CACHE,
    task_run_name="train {context.experiment} {job.name}",
)
def train(job: TrainingJob, parent: Parent, context: Context) -> Finished:
    """One architecture trained with one seed, logged as it goes."""
    run = trainings.start_training(parent, job)
    if run.complete:  # before the comparison was interrupted
        trained = train_run(job, context.home.store, lambda _: None)
        return Finished(job=job, trained=in_row(job, trained), run=run)
    with runs.ending(parent.tracking, run.run_id):
        log = EpochLog(parent.tracking, run.run_id, taken_up=run.taken_up)
        with system.watching(parent.tracking, run.run_id, log.begun):
            trained = train_run(
                *(job, context.home.store, log),
                fresh=context.fresh and not run.made,  # made by a worker that died since
                go_on=run.begun,
            )
        log.close()
        if context.fresh:
            trainings.note_made(parent.tracking, run.run_id)
    return Finished(job=job, trained=in_row(job, trained), run=run)


def in_row(job: TrainingJob, trained: Trained) -> Trained:
    """What was trained, under the name of its row; the store knows nothing of rows."""
    return trained.model_copy(update={"row": job.row.name}) if job.row else trained


@task(
    cache_policy=NO_CACHE,
    task_run_name="evaluate {context.experiment} {run.job.name}",
)
def evaluate(run: Finished, new: score.NewTexts | None, parent: Parent, context: Context) -> Scored:
    """The test scores of a trained run, with what it says of new texts; they complete it."""
    asked = score.NetworkJob(
        ingested=parent.ingested, training=run.job, trained=run.trained, new=new
    )
    job = here(asked, context.home.store)
    run_id = run.run.run_id
    # What was complete before the comparison was interrupted stays so, whatever happens now.
    with nullcontext() if run.run.complete else runs.ending(parent.tracking, run_id):
        found = score.evaluate_network(job, context.home.store, fresh=context.fresh)
        scored = found.model_copy(update={"run_id": run_id, "name": run.job.row_name})
        if not run.run.complete:
            outcome = job.training, job.trained, scored
            said = f"the result of {run.job.name}"
            patiently(said, lambda: trainings.finish_training(parent, run_id, *outcome))
    return scored


@task(
    cache_policy=NO_CACHE,
    name="evaluate baseline",
    task_run_name="evaluate {context.experiment} {job.name}",
)
def evaluate_baseline(job: score.BaselineJob, context: Context) -> Scored:
    """The test scores of a baseline."""
    store = context.home.store
    return score.evaluate_baseline(here(job, store), store, fresh=context.fresh)


@task(cache_policy=NO_CACHE)
def measure(experiment: Experiment, evidence: Evidence, context: Context) -> tuple[Answering, ...]:
    """How big and how fast every row is; nothing else may run meanwhile."""
    evidence = here(evidence, context.home.store)
    rows = network_rows(experiment, evidence.prepared)
    job = answering.answering_job(experiment, evidence, rows)
    found = cost.measure(job, context.home.store, fresh=context.fresh)
    return said("measure", found, cost.sentences(found))


@task(cache_policy=NO_CACHE)
def compare(experiment: Experiment, evidence: Evidence, parent: Parent) -> Comparison:
    """All that finished, side by side; what it is made from is in MLflow by then."""
    from components.compare.across.points import compare_points

    comparison.log_evidence(parent, evidence)
    return compare_points(
        experiment, evidence, parent.provenance, id=parent.id, created=parent.created
    )


@task(cache_policy=NO_CACHE)
def report(found: Comparison, parent: Parent, context: Context) -> Path:
    """The folder with the page and its numbers; they complete the comparison in MLflow."""
    from dashboards.against import regression
    from dashboards.markdown import summary
    from flows.reports.shared import publish

    folder = publish(found, context.home)
    first = next((row for row in found.rows if row.best), None)
    best = {key: spread.mean for key, spread in first.metrics.items()} if first else {}
    said = summary(found)
    comparison.finish_comparison(
        *(parent, folder, best, said),
        missing=len(found.missing),
        regression=regression(found),
        label=first.label if first else None,
    )
    show_in_prefect(found, said, dashboard_link(parent.tracking, parent.run_id, folder))
    return folder
