"""The cluster as the flow sees it: joined and seen to be fit, then given the trainings."""

import logging
import secrets
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import distributed
from dask.base import annotate
from distributed import CancelledError, Client, KilledWorker
from prefect import Task
from prefect.context import FlowRunContext, serialize_context
from prefect.futures import PrefectFuture
from prefect_dask.task_runners import DaskTaskRunner

from components.evaluate import score
from components.records import Scored
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.worker import ChildFailed
from flows.cluster import tasks
from flows.cluster.look import Question, differing, look, shortly, versions
from flows.cluster.worker import Told, flush, hear
from flows.context import Context
from flows.tasks import Finished, logger
from flows.terminal import console
from params.errors import InputError, plural
from params.resources import LocalCluster
from params.schema import Experiment

ANSWER_SECONDS = 10  # for the scheduler
WORKERS_SECONDS = 30  # for the first worker
GPU = "GPU"  # what Dask calls the slots of a worker that was started with --resources "GPU=1"

Result = TypeVar("Result")
Workers = Mapping[str, Mapping[str, Any]]  # Any: what Dask tells of them


class Cluster:
    """Trains and scores on the workers, the longest trainings first."""

    def __init__(self, runner: DaskTaskRunner, told: Told, *, gpus: bool):
        """A cluster that was seen to be fit; with `gpus`, each training takes slots of them."""
        self.runner, self.told, self.gpus = runner, told, gpus
        self.order = count(1)

    def evaluate_baseline(self, job: score.BaselineJob, context: Context) -> PrefectFuture[Scored]:
        """The scores of a baseline."""
        return self.submit(tasks.evaluate_baseline, {"priority": 1}, job=job, context=context)

    def train(self, job: TrainingJob, parent: Parent, context: Context) -> PrefectFuture[Finished]:
        """A training, after those that were given before."""
        how: dict[str, object] = {"priority": -next(self.order)}
        if self.gpus:
            how["resources"] = {GPU: job.resources.devices}
        return self.submit(tasks.train, how, job=job, parent=parent, context=context)

    def evaluate(
        self, run: Finished, new: score.NewTexts | None, parent: Parent, context: Context
    ) -> PrefectFuture[Scored]:
        """The scores of a trained run, before other trainings: then it is complete."""
        given = {"run": run, "new": new, "parent": parent, "context": context}
        return self.submit(tasks.evaluate, {"priority": 2}, **given)

    def submit(
        self,
        task: Task[..., Result],
        how: Mapping[str, object],
        **given: Any,  # Any: the task's own arguments
    ) -> PrefectFuture[Result]:
        """A task on a worker; `how` are Dask's annotations."""
        with annotate(**how):
            return self.runner.submit(task, {**given, "told": self.told})

    def outcome(self, future: PrefectFuture[Result]) -> Result | object:
        """What came of a task: its result, or the error that it ended with."""
        try:
            return future.result(raise_on_failure=False)
        except KilledWorker as error:
            said = f"{error.allowed_failures + 1} workers died of it, the last on"
            return ChildFailed(f"{said} {urlsplit(error.last_worker.address).hostname}", "KILLED")
        except CancelledError:
            return ChildFailed("the cluster's scheduler is gone", "KILLED")


@contextmanager
def joined(params: Experiment, tracking: Tracking, context: Context) -> Iterator[Cluster]:
    """The cluster that `params` name, while the block runs; what it does then is ended with it.

    Raises:
        InputError: If it is not there, or one of its workers cannot do what it is wanted for.
    """
    flow_run = FlowRunContext.get()
    assert flow_run is not None
    assert flow_run.flow_run is not None, "in a flow"
    token = f".cluster-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        token_file = context.root / token
        token_file.touch()
        stack.callback(token_file.unlink, missing_ok=True)
        asked = params.resources.cluster
        assert asked is not None
        runner = stack.enter_context(runner_for(asked))
        client = connect(runner, asked)
        require_same(client)
        workers: Workers = client.scheduler_info(n_workers=-1)["workers"]
        slots = {address: one["resources"].get(GPU, 0) for address, one in workers.items()}
        devices = params.resources.devices
        if 0 < max(slots.values()) < devices:
            raise InputError(
                f"resources.devices must be at most {max(slots.values()):g}, the GPU slots of a "
                f"worker, got {devices}"
            )
        gpus = any(slots.values())
        question = Question(
            root=context.root,
            token=token,
            tracking=tracking,
            experiment=params.name,
            flow_run=UUID(str(flow_run.flow_run.id)),
            resources=params.resources,
        )
        require_fit(client, question, [one for one in workers if slots[one] or not gpus])
        threads = Counter[str]()
        for address, one in workers.items():
            threads[urlsplit(address).hostname or ""] += one["nthreads"]
        told = Told(
            root=context.root,
            token=token,
            topic=f"unroll {context.id}",
            level=logging.DEBUG if console.is_terminal else logging.INFO,
            threads=dict(threads),
        )
        client.subscribe_topic(told.topic, hear)
        machines, tasks_at_a_time = plural(len(workers), "worker"), threads.total()
        logger.info("cluster: %s, %d at a time", machines, tasks_at_a_time)
        yield Cluster(runner, told, gpus=gpus)
        client.run(flush, on_error="ignore")


def runner_for(asked: str | LocalCluster) -> DaskTaskRunner:
    """What gives tasks to that cluster; a local one is started when it is first wanted."""
    if isinstance(asked, str):
        return DaskTaskRunner(address=asked, client_kwargs={"timeout": ANSWER_SECONDS})
    # A training's memory is that of its child, which Dask does not see.
    own = {"n_workers": asked.local, "threads_per_worker": 1, "memory_limit": 0}
    return DaskTaskRunner(
        cluster_class=distributed.LocalCluster,
        cluster_kwargs={**own, "dashboard_address": None, "silence_logs": logging.CRITICAL},
    )


def connect(runner: DaskTaskRunner, asked: str | LocalCluster) -> Client:
    """A client of the cluster's scheduler, to which a worker has come.

    Raises:
        InputError: If the scheduler does not answer, or has no worker.
    """
    # Workers of this machine inherit the mask: a signal to the whole group is not for them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        client: Client = runner.client
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {asked} ({shortly(error)}); start it with "
            "`dask scheduler`, or mend resources.cluster"
        ) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        raise InputError(
            f"no worker came to the Dask scheduler at {asked} within {WORKERS_SECONDS} s; start "
            f"some with `dask worker {asked}`"
        ) from None
    return client


def require_same(client: Client) -> None:
    """See that the scheduler and all workers run the same code as this process.

    Raises:
        InputError: If one does not.
    """
    answers: dict[str, object] = client.run(versions, on_error="return")
    try:
        answers["scheduler"] = client.run_on_scheduler(versions)
    except Exception as error:  # noqa: BLE001 - such as a module that is not installed there
        answers["scheduler"] = error
    here = versions()
    refuse(
        {
            where: differing(there, here)
            if isinstance(there, dict)
            else f"has no Unroll of this version ({there}); install the same on all machines"
            for where, there in answers.items()
        }
    )


def require_fit(client: Client, question: Question, workers: list[str]) -> None:
    """See that every worker that is to train can.

    Raises:
        InputError: If one cannot.
    """
    given = question, serialize_context()
    answers = client.run(look, *given, workers=workers, on_error="return")
    refuse(
        {
            where: shortly(said) if isinstance(said, Exception) else said
            for where, said in answers.items()
        }
    )


def refuse(problems: Mapping[str, str | None]) -> None:
    """Say what is wrong where.

    Raises:
        InputError: If anything is.
    """
    wrong = {where: problem for where, problem in problems.items() if problem is not None}
    if wrong:
        where, problem = min(wrong.items())
        name = "Dask's scheduler" if where == "scheduler" else f"the worker {where}"
        more = f" (and {plural(len(wrong) - 1, 'more')})" if len(wrong) > 1 else ""
        raise InputError(f"{name} {problem}{more}")
