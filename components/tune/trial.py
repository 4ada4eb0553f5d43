"""One trial: trainings with one set of values, judged epoch by epoch."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import fmean

from filelock import FileLock, Timeout
from pydantic import Field

from components.outputs import Store
from components.records import Claimed, Prepared, TrialOutcome, TrialState
from components.train.job import TrainingJob
from components.train.run import train
from components.train.worker import Event
from components.tune.study import ArchitectureStudy
from params.schema import Experiment

logger = logging.getLogger(__name__)


class Pruned(Exception):
    """A trial was worse than the others at the same epoch, and its training was ended."""


class TrialJob(TrainingJob):
    """A training of a trial, which people know by its place in the search."""

    called: str = Field(exclude=True)

    @property
    def name(self) -> str:
        """What people call the run, such as `lstm trial 7`."""
        return self.called


@dataclass(frozen=True)
class Result:
    """How a trial ended, and the value of each seed that came to its end."""

    outcome: TrialOutcome
    seeds: dict[int, float]


def trial_jobs(
    experiment: Experiment,
    claimed: Claimed,
    prepared: Prepared,
    num_threads: int,
) -> list[TrialJob]:
    """The trainings of a trial, one a seed of `experiment`, which has the values that it tries."""
    seeds = experiment.seeds
    return [
        TrialJob(
            task=experiment.task,
            architecture=claimed.architecture,
            seed=seed,
            model=experiment.model,
            train=experiment.train,
            prepared=prepared,
            num_threads=num_threads,
            resources=experiment.resources,
            called=claimed.name if len(seeds) == 1 else f"{claimed.name} seed {seed}",
        )
        for seed in seeds
    ]


def try_out(
    study: ArchitectureStudy,
    claimed: Claimed,
    jobs: Sequence[TrialJob],
    store: Store,
    on_event: Callable[[Event], None],
) -> Result:
    """Train and judge; the study does not know yet how it ended.

    The value is the metric at the epoch whose weights a run keeps, the mean over the seeds. Of
    several seeds the first one is judged by its epochs, against the first ones of other trials.

    Args:
        study: Of the architecture.
        claimed: The trial.
        jobs: Its trainings, in the order of the seeds.
        store: Where they are kept; one that is there already is not done again.
        on_event: Called with every event of the first one.

    Raises:
        ChildFailed: If a training fails or is killed.
    """
    metric = study.search.metric
    first, *others = jobs
    judge = Judge(study, claimed, first.train.max_epochs, on_event)
    try:
        trained = [train(first, store, judge), *(train(job, store, ignore) for job in others)]
    except Pruned:
        discard(store, first)
        return Result(judge.pruned(first.name), {})
    values = {one.seed: one.best_metrics[metric] for one in trained}
    complete = ended(
        claimed,
        "complete",
        epochs=len(trained[0].epochs),
        value=fmean(values.values()),
        seconds=sum(one.train_seconds for one in trained),
    )
    return Result(complete, values)


def ended(
    claimed: Claimed,
    state: TrialState,
    *,
    epochs: int = 0,
    value: float | None = None,
    seconds: float | None = None,
    reason: str | None = None,
) -> TrialOutcome:
    """How a trial ended."""
    return TrialOutcome(
        architecture=claimed.architecture,
        place=claimed.place,
        state=state,
        values=claimed.values,
        value=value,
        epochs=epochs,
        seconds=seconds,
        reason=reason,
    )


class Judge:
    """Reports every epoch to the study, and ends a training that is not worth going on with."""

    def __init__(
        self,
        study: ArchitectureStudy,
        claimed: Claimed,
        max_epochs: int,
        on_event: Callable[[Event], None],
    ):
        """A judge of one trial, who hands events on before judging."""
        self.study = study
        self.claimed = claimed
        self.max_epochs = max_epochs
        self.on_event = on_event
        self.epoch = 0
        self.value = float("nan")

    def __call__(self, event: Event) -> None:
        """Judge the epoch that ended with the event, if one did.

        Raises:
            Pruned: If the study says so, and it is not the last epoch: nothing is spared then.
        """
        self.on_event(event)
        if event["kind"] != "epoch":
            return
        self.epoch, self.value = event["epoch"], event["metrics"][self.study.search.metric]
        poor = self.study.report(self.claimed, self.epoch, self.value)
        if poor and self.epoch < self.max_epochs:
            raise Pruned

    def pruned(self, name: str) -> TrialOutcome:
        """How the trial ended whose training, called `name`, it ended; that is said, too."""
        said = f"pruned after epoch {self.epoch}, {self.study.search.metric} {self.value:.4f}"
        logger.info("%s: %s", self.claimed.name, said, extra={"run_ended": name})
        return ended(self.claimed, "pruned", epochs=self.epoch, value=self.value)


def ignore(_: Event) -> None:
    """What is done with the epochs of other seeds than the first: they are in the store."""


def discard(store: Store, job: TrainingJob) -> None:
    """Remove what a training left that nobody will go on with, unless somebody is at it."""
    path = store.root / "train" / job.key
    with suppress(Timeout), FileLock(path.with_suffix(".lock"), timeout=0):
        store.discard("train", job.key)
