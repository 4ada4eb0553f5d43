"""The tasks that workers do: those of every flow, with what surrounds them on a worker."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from components.evaluate import score
from components.records import Scored
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from flows import tasks
from flows.cluster.worker import Told, at_work
from flows.context import Context
from flows.tasks import Finished


@task(cache_policy=NO_CACHE, task_run_name="train {context.experiment} {job.name}")
def train(job: TrainingJob, parent: Parent, context: Context, told: Told) -> Finished:
    """One architecture trained with one seed; on from where a worker died that had begun it."""
    with at_work(told, context) as here:
        done = tasks.train.fn(here.job(job), here.parent(parent), here.context(context))
        return here.back(done).model_copy(update={"job": job})


@task(cache_policy=NO_CACHE, task_run_name="evaluate {context.experiment} {run.job.name}")
def evaluate(
    run: Finished, new: score.NewTexts | None, parent: Parent, context: Context, told: Told
) -> Scored:
    """The test scores of a trained run, with what it says of new texts; they complete it."""
    with at_work(told, context) as here:
        own = here.own(run).model_copy(update={"job": here.job(run.job)})
        return here.back(
            tasks.evaluate.fn(own, new, here.parent(parent), here.context(context)),
        )


@task(
    cache_policy=NO_CACHE,
    name="evaluate baseline",
    task_run_name="evaluate {context.experiment} {job.name}",
)
def evaluate_baseline(job: score.BaselineJob, context: Context, told: Told) -> Scored:
    """The test scores of a baseline."""
    with at_work(told, context) as here:
        return here.back(tasks.evaluate_baseline.fn(here.own(job), here.context(context)))
