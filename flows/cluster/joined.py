"""A cluster that a flow joins, once it is seen that trainings can run there."""

import logging
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import distributed
from distributed import CancelledError, Client
from prefect.context import FlowRunContext, serialize_context
from prefect_dask.task_runners import DaskTaskRunner

from components.tracking.opening import Tracking
from flows.cluster.look import Question, differing, look, shortly, versions
from flows.cluster.paths import id_of
from flows.cluster.trainings import GPU, Cluster
from flows.cluster.worker import Told, flush, hear
from flows.context import Context
from flows.tasks import logger
from flows.terminal import console
from flows.told import Lost
from params.errors import InputError, plural
from params.resources import LocalCluster
from params.schema import Experiment

ANSWER_SECONDS = 10  # for the scheduler
WORKERS_SECONDS = 30  # for the first worker
Workers = Mapping[str, Mapping[str, Any]]  # Any: what Dask tells of them


@contextmanager
def joined(params: Experiment, tracking: Tracking, context: Context) -> Iterator[Cluster]:
    """The cluster that `params` name, while the block runs; what it does then is ended with it.

    Raises:
        InputError: If it is not there, or one of its workers cannot do what it is wanted for.
        Lost: If its scheduler is gone before the block is left.
    """
    asked = params.resources.cluster
    assert asked is not None
    with runner_for(asked) as runner:
        client = connect(runner, asked)
        require_same(client)
        workers: Workers = client.scheduler_info(n_workers=-1)["workers"]
        slots = gpu_slots(workers, params)
        gpus = any(slots.values())
        question = question_of(params, tracking, context)
        require_fit(client, question, [one for one in workers if slots[one] or not gpus])
        told = Told(
            root=context.root,
            id=question.id,
            topic=f"unroll {context.id}",
            level=logging.DEBUG if console.is_terminal else logging.INFO,
            threads=threads_by_host(workers),
        )
        client.subscribe_topic(told.topic, hear)
        at_a_time = sum(told.threads.values())
        logger.info("cluster: %s, %d at a time", plural(len(workers), "worker"), at_a_time)
        with noticing_loss(client, asked):
            yield Cluster(runner, told, gpus=gpus)
            client.run(flush, on_error="ignore")


@contextmanager
def noticing_loss(client: Client, asked: str | LocalCluster) -> Iterator[None]:
    """Say in one line what is behind whatever is raised in the block once the scheduler is gone.

    Raises:
        Lost: If it is.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, CancelledError) or client.status != "running":
            raise Lost(f"the Dask scheduler at {asked} is gone") from error
        raise


def gpu_slots(workers: Workers, params: Experiment) -> dict[str, float]:
    """How many GPUs each worker says that it has, by its address.

    Raises:
        InputError: If some have, and none as many as a training asks for.
    """
    slots = {address: float(one["resources"].get(GPU, 0)) for address, one in workers.items()}
    most, devices = max(slots.values()), params.resources.devices
    if 0 < most < devices:
        raise InputError(
            f"resources.devices must be at most {most:g}, the GPU slots of a worker, got {devices}"
        )
    return slots


def threads_by_host(workers: Workers) -> dict[str, int]:
    """How many tasks the workers of each host do at a time."""
    threads = Counter[str]()
    for address, one in workers.items():
        threads[urlsplit(address).hostname or ""] += one["nthreads"]
    return dict(threads)


def question_of(params: Experiment, tracking: Tracking, context: Context) -> Question:
    """What workers are asked for this flow."""
    flow_run = FlowRunContext.get()
    assert flow_run is not None
    assert flow_run.flow_run is not None, "in a flow"
    return Question(
        root=context.root,
        id=id_of(context.home),
        shared=context.shared,
        tracking=tracking,
        experiment=params.name,
        flow_run=UUID(str(flow_run.flow_run.id)),
        resources=params.resources,
    )


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
