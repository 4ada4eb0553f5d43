"""One experiment from data to report, as a Prefect flow."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from components.cautions import cautions
from components.compare.beforehand import require_comparable
from components.disk import is_disk_full
from components.here import here
from components.records import (
    Comparison,
    Evidence,
    Missing,
    Provenance,
    Scored,
    Trained,
)
from components.storage import Home
from components.tracking import runs
from components.tracking.comparison import at_point
from components.tracking.runs import Parent
from components.train import worker
from dashboards.against import regression
from flows import champion as last_champion
from flows import tasks
from flows.beginning import begun
from flows.context import Context, shared
from flows.data import Data
from flows.endings import ended
from flows.jobs import baseline_jobs, new_texts, num_workers, own_params, training_jobs
from flows.looking import look
from flows.places import Here, place
from flows.ready import get_ready
from flows.settings import without_heartbeats
from flows.stopped import say_cancelled, stopping_children
from flows.tasks import Finished
from flows.told import RESUME
from params.schema import Experiment

if TYPE_CHECKING:
    from flows.cluster.trainings import Cluster


def new_context(
    params: Experiment,
    home: Home,
    *,
    fresh: bool,
    data: Data | None = None,
    tags: Mapping[str, str] | None = None,
    take_up: str | None = None,
) -> Context:
    """A context whose id names the experiment and the moment and is not used twice."""
    moment = datetime.now(UTC)
    name = f"{params.name}-{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return Context(
        id=name,
        experiment=params.name,
        created=moment.isoformat(timespec="seconds"),
        root=home.root,
        shared=shared(home),
        fresh=fresh,
        data=data,
        tags=dict(tags or {}),
        take_up=take_up,
    )


def run(params: Experiment, context: Context, provenance: Provenance) -> Comparison:
    """Run the flow with as many trainings at a time as there are cores.

    The report and `comparison.json` of what it returns are under `context.home.reports` then: a new
    one, one that was interrupted, or an earlier one that is the same.

    Raises:
        InputError: If the data or the params are not as they must be; nothing is left behind.
        Regression: If the alert fired; the comparison is written.
        RunsMissing: If the comparison was written without some of its runs.
    """
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=num_workers(params))
    try:
        with without_heartbeats():
            made = experiment.with_options(task_runner=runner)(params, context, provenance)
        assert isinstance(made, Comparison), "a failed state is raised"
        return made
    except BaseException:  # Ctrl-C too: no run may stay RUNNING
        # Trained runs that were still to be evaluated when the flow ended are nobody's any more.
        runs.end_open_runs(context.home, params.name)
        raise


def show_cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect calls it with these names
    """Let Prefect say Cancelled, where it would say that an interrupted flow crashed."""
    say_cancelled(flow_run, f"interrupted; {RESUME}")


@flow(name="unroll", flow_run_name="{context.id}", on_crashed=[show_cancelled])
def experiment(
    params: Experiment, context: Context, provenance: Provenance
) -> Comparison | State[Comparison]:
    """Ingest -> preprocess -> train and evaluate every run -> compare -> report.

    If there is a complete comparison of the same params and data, nothing is trained: that one is
    the result, unless the context says to do everything again. If the alert fires, the flow ends in
    the failed state called Regression.

    Raises:
        InputError: If the data are not as they must be.
        RunsMissing: If some runs did not finish; the comparison of the others is written.
    """
    for caution in cautions(params):
        tasks.logger.warning("caution: %s", caution)
    opened = tasks.open_tracking.submit(params.name, context)
    ingested = tasks.ingest(params.ingest, context)
    prepared = tasks.preprocess(ingested, params, context)
    require_comparable(params, ingested, prepared)
    tracking, jobs = opened.result(), training_jobs(params, prepared)
    same = look(
        params,
        fingerprint=ingested.fingerprint,
        num_runs=len(jobs),
        tracking=tracking,
        provenance=provenance,
        context=context,
    )
    if same is not None:
        return ended(same)
    get_ready()
    from components.tracking import champion

    data = Data(ingested=ingested, prepared=prepared)
    with (
        place(params, tracking, context) as there,
        begun(tracking, params, provenance, data, context) as parent,
        stopping_children(),
    ):
        last = last_champion.evaluate_last.submit(params, jobs, parent, context)
        evidence = train_and_evaluate(params, parent, context, there)
        evidence = last_champion.with_champion(evidence, jobs, last)
        evidence = here(evidence, context.home.store)
        evidence = with_answering(params, evidence, context)
        comparison = tasks.compare(params, evidence, parent)
        best = champion.best_run(evidence, jobs)
        if best is not None:  # before it is complete: what is complete is not gone through again
            own, refused = own_params(params)[best.job.row_name], regression(comparison) is not None
            last_champion.register(own, best, parent, refused=refused)
        tasks.report(comparison, parent, context)
    return ended(comparison)


def train_and_evaluate(
    params: Experiment, parent: Parent, context: Context, there: "Here | Cluster"
) -> Evidence:
    """Every run and baseline, as many at a time as it takes `there`; what fails is named."""
    jobs = training_jobs(params, parent.prepared)
    own = own_params(params)
    parents = {name: at_point(parent, own[name]) if params.grid else parent for name in own}
    # First, or some seconds of fitting one would come at the end, with nothing beside it.
    evaluations: dict[PrefectFuture[Scored], tuple[str, int | None]] = {
        there.evaluate_baseline(job, context): (job.name, None)
        for job in baseline_jobs(params, parent.ingested, parent.prepared)
    }
    missing: list[Missing] = []
    trained: list[Trained] = []
    for job, run in there.trained([(job, parents[job.row_name]) for job in jobs], context):
        if isinstance(run, Finished):
            texts = new_texts(own[job.row_name])
            evaluation = there.evaluate(run, texts, parent, context)
            evaluations[evaluation] = (job.row_name, job.seed)
            trained.append(run.trained)
        else:
            missing.append(missing_run(job.row_name, job.seed, run))
    scored: list[Scored] = []
    for evaluation, (name, seed) in evaluations.items():
        outcome = there.outcome(evaluation)
        if isinstance(outcome, Scored):
            scored.append(outcome)
        else:
            missing.append(missing_run(name, seed, outcome))
    return Evidence(
        ingested=parent.ingested,
        prepared=parent.prepared,
        trained=tuple(trained),
        scored=tuple(scored),
        missing=tuple(sorted(missing, key=lambda run: (run.name, run.seed or 0))),
    )


def with_answering(params: Experiment, evidence: Evidence, context: Context) -> Evidence:
    """The evidence with how every row answers; without, and with a warning, if that fails."""
    outcome = tasks.measure.submit(params, evidence, context).result(raise_on_failure=False)
    if isinstance(outcome, tuple):
        return evidence.model_copy(update={"answering": outcome})
    reason = outcome.reason if isinstance(outcome, worker.ChildFailed) else outcome
    tasks.logger.warning("size and speed of the rows could not be measured: %s", reason)
    return evidence


def missing_run(name: str, seed: int | None, error: object) -> Missing:
    """Why a run has no result. On a full disk no other would get one: then the error is raised."""
    if isinstance(error, BaseException) and is_disk_full(error):
        raise error
    if isinstance(error, worker.ChildFailed):
        return Missing(name=name, seed=seed, status=error.status, reason=error.reason)
    return Missing(name=name, seed=seed, status="FAILED", reason=f"{type(error).__name__}: {error}")
