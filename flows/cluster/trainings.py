"""What gives a flow's trainings to the workers of a cluster."""

from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from queue import Empty, Queue
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dask.base import annotate
from distributed import KilledWorker
from prefect import Task
from prefect.futures import PrefectFuture
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from components.evaluate import score
from components.records import Scored
from components.stopping import stopping
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.worker import ChildFailed
from flows.cluster import tasks
from flows.cluster.worker import Told
from flows.cluster.workers import Workers
from flows.context import Context
from flows.tasks import Finished, logger

LOOK_SECONDS = 2.0  # between looks for new workers, of which Dask hears as often

Result = TypeVar("Result")


class Cluster:
    """Trains and scores on the workers, the longest trainings first."""

    def __init__(self, runner: DaskTaskRunner, told: Told, workers: Workers):
        """A cluster whose tasks are `told` something, and go to `workers` that are fit."""
        self.runner, self.told, self.workers = runner, told, workers
        self.names: dict[str, str] = {}  # of trainings that are under way, by Dask's keys
        self.heard: set[str] = set()
        self.listen()

    def evaluate_baseline(self, job: score.BaselineJob, context: Context) -> PrefectFuture[Scored]:
        """The scores of a baseline."""
        return self.submit(tasks.evaluate_baseline, priority=1, job=job, context=context)

    def trained(
        self, trainings: Sequence[tuple[TrainingJob, Parent]], context: Context
    ) -> Iterator[tuple[TrainingJob, object]]:
        """Every training with what came of it, in the order in which they end.

        They are given one for each task that the workers can do, so that the longest begin first;
        Dask would share them out at once, each worker having an order of its own.
        """
        waiting, ended = deque(trainings), Queue[PrefectFuture[Finished]]()
        running: dict[PrefectFuture[Finished], TrainingJob] = {}
        while waiting or running:
            self.look()
            while waiting and len(running) < self.workers.room():
                job, parent = waiting.popleft()
                gpus = job.resources.devices
                training = self.submit(
                    tasks.train, gpus=gpus, job=job, parent=parent, context=context
                )
                running[training] = job
                self.names[key_of(training)] = job.name
                training.add_done_callback(ended.put)
            try:
                training = ended.get(timeout=LOOK_SECONDS)
            except Empty:
                continue  # with another look: a worker may have come
            self.names.pop(key_of(training))
            yield running.pop(training), self.outcome(training)

    def look(self) -> None:
        """See who is there now.

        Raises:
            CancelledError: If the scheduler is gone.
            Lost: If no worker that can train has been there for a while.
        """
        self.workers.look()
        self.listen()

    def listen(self) -> None:
        """Hear of those workers that are not listened to yet when they go."""
        for address in sorted(self.workers.fit - self.heard):
            self.workers.client.subscribe_topic(address, partial(self.hear, address))
            self.heard.add(address)

    def hear(self, worker: str, event: tuple[float, dict[str, Any]]) -> None:
        """Tell of a worker that is gone, and what it was to train; in a thread of Dask's.

        What comes of that is not known yet: another worker may take it up, or none is left.

        Args:
            worker: Its address.
            event: Its time, and what Dask tells of it.
        """
        told = event[1]
        if told.get("action") != "remove-worker" or stopping.is_set():
            return
        names = (self.names.get(key) for key in told["processing-tasks"])
        given = ", ".join(sorted(filter(None, names)))  # one of which may only have waited there
        which = f", which had been given {given}" if given else ""
        logger.warning("cluster: the worker %s is gone%s", worker, which)

    def evaluate(
        self, run: Finished, new: score.NewTexts | None, parent: Parent, context: Context
    ) -> PrefectFuture[Scored]:
        """The scores of a trained run, before trainings that wait: then it is complete."""
        given: dict[str, Any] = {"run": run, "new": new, "parent": parent, "context": context}
        return self.submit(tasks.evaluate, priority=2, gpus=1, **given)

    def submit(
        self,
        task: Task[..., Result],
        *,
        priority: int = 0,
        gpus: int = 0,
        **given: Any,  # Any: the task's own arguments
    ) -> PrefectFuture[Result]:
        """A task on a fit worker: the higher its priority, the earlier."""
        told = self.told.model_copy(update={"threads": self.workers.threads()})
        with annotate(priority=priority, **self.workers.annotations(gpus)):
            return self.runner.submit(task, {**given, "told": told})

    def outcome(self, future: PrefectFuture[Result]) -> Result | object:
        """What came of a task: its result, or the error that it ended with.

        Raises:
            CancelledError: If the scheduler is gone, which alone knows.
            Lost: If no worker is left that could do it.
        """
        while not is_done(future):
            self.look()
        try:
            return future.result(raise_on_failure=False)
        except KilledWorker as error:
            said = f"{error.allowed_failures + 1} workers died of it, the last on"
            return ChildFailed(f"{said} {urlsplit(error.last_worker.address).hostname}", "KILLED")


def key_of(future: PrefectFuture[Any]) -> str:
    """What Dask calls a task."""
    assert isinstance(future, PrefectDaskFuture)
    return str(future.wrapped_future.key)


def is_done(future: PrefectFuture[Result]) -> bool:
    """Whether a task has ended, which is waited for a while."""
    assert isinstance(future, PrefectDaskFuture)
    future.wait(LOOK_SECONDS)
    return bool(future.wrapped_future.done())
