"""What surrounds a task on a worker of the cluster, and only there.

A worker does what the flow's process would do: it starts a child of its own for each training,
follows it, and logs to MLflow. The comparison, and with it every run, stays the flow's.
"""

import asyncio
import logging
import multiprocessing
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from logging.handlers import QueueHandler
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from distributed import Worker, get_worker
from prefect.context import TaskRunContext
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogHandler, APILogWorker

from components.provenance import num_cores
from components.records import Record
from components.stopping import stopping
from components.storage import Home
from components.tracking.connection import say_less
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.worker import preload
from flows.cluster.paths import home_here, moved
from flows.context import Context
from flows.settings import set_defaults

COMPONENTS = "components"  # the logger of everything that people are told
SENT = ("name", "levelno", "levelname", "msg", "run", "event", "run_ended")  # of a log record
FLUSH_SECONDS = 5.0
_beginning = threading.Lock()  # of two tasks that begin together, one makes what both use
WANTED = {"executing", "long-running"}  # states of a task that somebody waits for

Value = TypeVar("Value")


class Told(Record):
    """What a flow tells its tasks.

    `root` is its folder for everything, and `id` what that is known by. It listens to log records
    from `level` on under `topic`. `threads` has the tasks that Dask may run at a time on each host.
    """

    root: Path
    id: str
    topic: str
    level: int
    threads: dict[str, int]


@dataclass(frozen=True)
class Here:
    """A worker's machine: its folder for everything, and the threads that a task may have."""

    theirs: Path
    home: Home
    num_threads: int

    def own(self, value: Value) -> Value:
        """`value` with the flow's folders as they are called here: the way in for all inputs."""
        return moved(value, self.theirs, self.home.root)

    def back(self, value: Value) -> Value:
        """`value` with folders as the flow's machine calls them: the way out for all results."""
        return moved(value, self.home.root, self.theirs)

    def job(self, job: TrainingJob) -> TrainingJob:
        """A training with the paths and the threads that it has here."""
        threads = max(1, self.num_threads // job.resources.devices)
        return self.own(job).model_copy(update={"num_threads": threads})

    def parent(self, parent: Parent) -> Parent:
        """The comparison, of which a run may be there from a worker that died."""
        return self.own(parent).model_copy(update={"taken_up": True})

    def context(self, context: Context) -> Context:
        """The context, in this machine's folder."""
        return self.own(context)


@contextmanager
def at_work(told: Told, context: Context) -> Iterator[Here]:
    """Do a task of the flow in the block: heard by it, and ended when nobody waits for it.

    Raises:
        InputError: If this machine does not see the flow's folder.
    """
    set_defaults()
    say_less()
    may_have_children()
    preload()
    worker = get_worker()
    key = worker.get_current_task()

    def unwanted() -> bool:
        """Whether the flow is gone, or has given the task up: Dask does not end a running one."""
        task = worker.state.tasks.get(key)
        return task is None or task.state not in WANTED

    own = worker.state.nthreads
    beside = max(own, told.threads.get(urlsplit(worker.address).hostname or "", own))
    home = context.home if context.shared else home_here(told.root, told.id)
    here = Here(theirs=told.root, home=home, num_threads=max(1, num_cores() // beside))
    with stopping.when(unwanted), telling(worker, told):
        yield here


def may_have_children() -> None:
    """Let this process start children.

    Dask's nanny starts workers as daemonic processes, which multiprocessing lets have none, so that
    none is left behind. Ours end by themselves when their parent is gone.
    """
    multiprocessing.current_process().daemon = False


class ToFlow(QueueHandler):
    """Sends what the components say in this thread to the flow, as events of the cluster."""

    def __init__(self, worker: Worker, told: Told) -> None:
        """A handler for the thread that makes it."""
        super().__init__(queue.SimpleQueue())
        self.setLevel(told.level)
        self.worker, self.topic, self.thread = worker, told.topic, threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was said in that thread."""
        return record.thread == self.thread

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send it."""
        said = {name: getattr(record, name) for name in SENT if hasattr(record, name)}
        self.worker.log_event(self.topic, said)


@contextmanager
def telling(worker: Worker, told: Told) -> Iterator[None]:
    """Send what the components say in the block to the flow, and to Prefect's log of the task."""
    logger, handler = logging.getLogger(COMPONENTS), ToFlow(worker, told)
    logger.setLevel(logging.DEBUG)
    tell_prefect()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@cache
def to_prefect() -> APILogHandler:
    """What sends to Prefect what is said in a task."""
    handler = APILogHandler(logging.INFO)
    handler.addFilter(lambda _: TaskRunContext.get() is not None)
    return handler


def tell_prefect() -> None:
    """Let Prefect hear what the components say, once for however many tasks of this process."""
    with _beginning:
        logging.getLogger(COMPONENTS).addHandler(to_prefect())  # which keeps each once


async def flush() -> None:
    """Send what Prefect is still to hear of tasks that this worker did."""
    await asyncio.to_thread(drain)


def drain() -> None:
    """The same; what Prefect is told later on goes to the server of the flow that is served then.

    Its senders are the process's, and keep the server with which they began.
    """
    for sender in (EventsWorker, APILogWorker):
        sender.drain_all(timeout=FLUSH_SECONDS)


def hear(event: tuple[float, dict[str, object]]) -> None:
    """Say in the flow's process what was said on a worker."""
    record = logging.makeLogRecord(event[1])
    logging.getLogger(record.name).handle(record)
