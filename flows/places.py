"""Where the trainings of a flow run: in children of its own process, or on a cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from prefect.futures import PrefectFuture, as_completed

from components.evaluate import score
from components.records import Scored
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from components.train.job import TrainingJob
from components.train.required import require_devices
from flows import tasks
from flows.cluster.needed import require
from flows.context import Context
from flows.tasks import Finished
from params.schema import Experiment

if TYPE_CHECKING:
    from flows.cluster.trainings import Cluster

Result = TypeVar("Result")


class Here:
    """Trains and scores in children of this process, by the flow's own task runner."""

    def evaluate_baseline(self, job: score.BaselineJob, context: Context) -> PrefectFuture[Scored]:
        """The scores of a baseline."""
        return tasks.evaluate_baseline.submit(job, context)

    def trained(
        self, trainings: Sequence[tuple[TrainingJob, Parent]], context: Context
    ) -> Iterator[tuple[TrainingJob, object]]:
        """Every training with what came of it, in the order in which they end."""
        asked = {tasks.train.submit(job, parent, context): job for job, parent in trainings}
        for training in as_completed(list(asked)):
            yield asked[training], self.outcome(training)

    def evaluate(
        self, run: Finished, new: score.NewTexts | None, parent: Parent, context: Context
    ) -> PrefectFuture[Scored]:
        """The scores of a trained run."""
        return tasks.evaluate.submit(run, new, parent, context)

    def outcome(self, future: PrefectFuture[Result]) -> Result | object:
        """What came of a task: its result, or the error that it ended with."""
        return future.result(raise_on_failure=False)


@contextmanager
def place(params: Experiment, tracking: Tracking, context: Context) -> "Iterator[Here | Cluster]":
    """Where the trainings of `params` run while the block does.

    Raises:
        InputError: If what they ask for is not there.
    """
    if params.resources.cluster is None:
        require_devices(params.resources)
        yield Here()
        return
    require(params.resources, context.home)
    from flows.cluster.joined import joined

    with joined(params, tracking, context) as cluster:
        yield cluster
