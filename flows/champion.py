"""The last champion in a flow: it answers the new test split, and may have a successor."""

from collections.abc import Collection, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture

from components.evaluate.champion import ChampionJob, evaluate_champion
from components.here import here
from components.records import Champion, ChampionEvidence, Evidence, Record, Said
from components.tracking import champion, holder
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.worker import ChildFailed
from flows.context import Context
from flows.tasks import logger
from params.errors import InputError
from params.schema import Experiment


class Found(Record):
    """The last champion, and what it says of the test split.

    That is left out where it is trained again, and scored, in the comparison itself.
    """

    champion: Champion
    said: Said | None


@task(
    name="evaluate champion",
    cache_policy=NO_CACHE,
    task_run_name="evaluate {context.experiment} last champion",
)
def evaluate_last(
    params: Experiment, jobs: Sequence[TrainingJob], parent: Parent, context: Context
) -> Found | None:
    """The champion that the experiment has so far; none, and a warning, if it cannot answer."""
    try:
        last = holder.find_champion(parent, params.name)
        if last is None:
            return None
        if last.training in {job.key for job in jobs}:
            return Found(champion=last, said=None)
        with TemporaryDirectory(prefix="unroll-") as scratch:
            job = ChampionJob(
                folder=holder.champion_files(parent.tracking, params.name, last, Path(scratch)),
                task=params.task,
                ingested=parent.ingested,
                prepared=parent.prepared,
                num_threads=jobs[0].num_threads,
            )
            store = context.home.store
            said = evaluate_champion(here(job, store), store, fresh=context.fresh)
    except (InputError, ChildFailed) as error:
        not_compared(error)
        return None
    return Found(champion=last, said=said)


def with_champion(
    evidence: Evidence, jobs: Collection[TrainingJob], last: PrefectFuture[Found | None]
) -> Evidence:
    """The evidence with the last champion, unless that is the best of these trainings itself."""
    found = last.result(raise_on_failure=False)
    if found is not None and not isinstance(found, Found):  # what the task did not foresee
        not_compared(found)
        return evidence
    best = champion.best_run(evidence, list(jobs))
    if found is None or best is None or found.champion.training == best.job.key:
        return evidence
    said = found.said or own_score(evidence, jobs, found.champion)
    if said is None:
        not_compared("its run in this comparison has no result")
        return evidence
    last_one = ChampionEvidence(champion=found.champion, said=said)
    return evidence.model_copy(update={"champion": last_one})


def own_score(evidence: Evidence, jobs: Collection[TrainingJob], last: Champion) -> Said | None:
    """What the champion's own training, made again or reused in this comparison, says."""
    same = {(job.row_name, job.seed) for job in jobs if job.key == last.training}
    for one in evidence.scored:
        if (one.name, one.seed) in same:
            return Said(path=one.path, truth_digest=one.truth_digest, metrics=one.metrics)
    return None


def not_compared(reason: object) -> None:
    """Warn that there is no comparison with the last champion."""
    said = reason.reason if isinstance(reason, ChildFailed) else reason
    logger.warning("the last champion is not compared: %s", said)


@task(name="register champion", cache_policy=NO_CACHE)
def register(
    experiment: Experiment, best: champion.Candidate, parent: Parent, *, refused: bool
) -> None:
    """The best network by validation as a model in MLflow's registry."""
    champion.register(experiment, parent, best, refused=refused)
