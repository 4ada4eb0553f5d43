"""What gives a flow's trainings to the workers of a cluster."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, Queue
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dask.base import annotate
from distributed import CancelledError, KilledWorker
from prefect import Task
from prefect.futures import PrefectFuture
from prefect_dask.task_runners import DaskTaskRunner

from components.evaluate import score
from components.records import Scored
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.worker import ChildFailed
from flows.cluster import tasks
from flows.cluster.worker import Told
from flows.context import Context
from flows.tasks import Finished

LOOK_SECONDS = 2.0  # between looks for new workers, of which Dask hears as often
GPU = "GPU"  # what Dask calls the slots of a worker that was started with --resources "GPU=1"

Result = TypeVar("Result")


class Cluster:
    """Trains and scores on the workers, the longest trainings first."""

    def __init__(self, runner: DaskTaskRunner, told: Told, *, gpus: bool):
        """A cluster that was seen to be fit; with `gpus`, each training takes slots of them."""
        self.runner, self.told, self.gpus = runner, told, gpus

    def evaluate_baseline(self, job: score.BaselineJob, context: Context) -> PrefectFuture[Scored]:
        """The scores of a baseline."""
        return self.submit(tasks.evaluate_baseline, {"priority": 1}, job=job, context=context)

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
            while waiting and len(running) < self.room(waiting[0][0]):
                job, parent = waiting.popleft()
                how = {"resources": {GPU: job.resources.devices}} if self.gpus else {}
                given = {"job": job, "parent": parent, "context": context}
                training = self.submit(tasks.train, how, **given)
                running[training] = job
                training.add_done_callback(ended.put)
            try:
                training = ended.get(timeout=LOOK_SECONDS)
            except Empty:
                continue  # with another look: a worker may have come
            yield running.pop(training), self.outcome(training)

    def room(self, job: TrainingJob) -> int:
        """How many trainings such as `job` the workers that are there now can do at a time."""
        info = self.runner.client.scheduler_info(n_workers=-1)
        if "workers" not in info:
            raise CancelledError("the scheduler is gone")
        workers = info["workers"].values()
        if self.gpus:
            fit = (one["resources"].get(GPU, 0) // job.resources.devices for one in workers)
            return max(1, int(sum(fit)))
        return max(1, sum(int(one["nthreads"]) for one in workers))

    def evaluate(
        self, run: Finished, new: score.NewTexts | None, parent: Parent, context: Context
    ) -> PrefectFuture[Scored]:
        """The scores of a trained run, before trainings that wait: then it is complete."""
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
        """What came of a task: its result, or the error that it ended with.

        Raises:
            CancelledError: If the scheduler is gone, which alone knows.
        """
        try:
            return future.result(raise_on_failure=False)
        except KilledWorker as error:
            said = f"{error.allowed_failures + 1} workers died of it, the last on"
            return ChildFailed(f"{said} {urlsplit(error.last_worker.address).hostname}", "KILLED")
