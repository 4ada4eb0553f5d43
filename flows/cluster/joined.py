"""A cluster that a flow joins, once it is seen that trainings can run there."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import distributed
from distributed import CancelledError, Client
from prefect.context import FlowRunContext
from prefect_dask.task_runners import DaskTaskRunner

from components.tracking.opening import Tracking
from flows.cluster.look import Question, shortly
from flows.cluster.paths import id_of
from flows.cluster.reach import ANSWER_SECONDS, require_scheduler, unanswered
from flows.cluster.trainings import Cluster
from flows.cluster.worker import Told, flush, hear
from flows.cluster.workers import WORKERS_SECONDS, Workers
from flows.context import Context
from flows.tasks import logger
from flows.terminal import console
from flows.told import Lost
from params.errors import InputError, plural
from params.resources import LocalCluster
from params.schema import Experiment

ANY_PORT = "127.0.0.1:0"
FLUSH_SECONDS = 10  # for all workers together


@contextmanager
def joined(params: Experiment, tracking: Tracking, context: Context) -> Iterator[Cluster]:
    """The cluster that `params` name, while the block runs; what it does then is ended with it.

    Raises:
        InputError: If it is not there, or one of its workers cannot do what it is wanted for.
        Lost: If its scheduler is gone before the block is left, or all workers.
    """
    asked = params.resources.cluster
    assert asked is not None
    with runner_for(asked) as runner:
        client = connect(runner, asked)
        question = question_of(params, tracking, context)
        topic = f"unroll {context.id}"
        workers = Workers(client, question, topic)
        told = Told(
            root=context.root,
            id=question.id,
            topic=topic,
            level=logging.DEBUG if console.is_terminal else logging.INFO,
            threads=workers.threads(),
        )
        client.subscribe_topic(told.topic, hear)
        number = plural(len(workers.fit), "worker")
        logger.info("cluster: %s, %s at a time", number, plural(workers.room(), "training"))
        with noticing_loss(client, asked):
            yield Cluster(runner, told, workers)
        with suppress(Exception):  # all is done: what is lost now is lines in Prefect's log
            client.run(flush, on_error="ignore", callback_timeout=FLUSH_SECONDS)


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
    # Without a dashboard its scheduler still listens where that would be: at any port that is free.
    any_port = {"dashboard_address": None, "scheduler_kwargs": {"dashboard_address": ANY_PORT}}
    return DaskTaskRunner(
        cluster_class=distributed.LocalCluster,
        cluster_kwargs={**own, **any_port, "silence_logs": logging.CRITICAL},
    )


def connect(runner: DaskTaskRunner, asked: str | LocalCluster) -> Client:
    """A client of the cluster's scheduler, to which a worker has come.

    Raises:
        InputError: If the scheduler does not answer, or has no worker.
    """
    if isinstance(asked, str):
        require_scheduler(asked)
    # Workers of this machine inherit the mask: a signal to the whole group is not for them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        client: Client = runner.client
    except (OSError, TimeoutError, ValueError) as error:  # it went since it was asked
        raise InputError(unanswered(str(asked), shortly(error))) from None
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
