"""One training, as the pipeline asks for it: reused, or done in a child and stored."""

import logging
from collections.abc import Callable
from pathlib import Path

from components.here import here
from components.outputs import Store
from components.records import Trained
from components.train import placing
from components.train.handover import HandOver
from components.train.job import TRAINED, TrainingJob
from components.train.torchrun import elsewhere, fit_on_ranks
from components.train.worker import ChildFailed, Event, run_in_child
from params.errors import plural

logger = logging.getLogger(__name__)


def train(
    job: TrainingJob,
    store: Store,
    on_event: Callable[[Event], None],
    *,
    fresh: bool = False,
    go_on: bool = False,
) -> Trained:
    """The finished run of `job`; its weights and its history lie in `path`.

    Args:
        job: What to train.
        store: Where the result is kept; a run that is there already is not trained again.
        on_event: Called with every step and epoch event as it happens; with the epochs at once
            where the result is reused.
        fresh: Train although the result is in the store.
        go_on: The checkpoint that is kept was made afresh already, so that a `fresh` one goes on.

    Raises:
        ChildFailed: If the training fails or its process is killed. The checkpoint of its last
            finished epoch is kept, from which the same job goes on.
    """

    def tell(event: Event) -> None:
        narrate(job, event)
        on_event(event)

    def make(folder: Path) -> None:
        train_in(folder, job, store, tell)

    try:
        output = store.output(
            "train", job.key, make, fresh=fresh, resumable=True, go_on=go_on, whose=job.name
        )
    except ChildFailed as error:
        logger.error("%s: %s", job.name, error.reason, extra={"run_ended": job.name})
        raise
    text = (output.path / TRAINED).read_text(encoding="utf-8")
    trained = Trained.model_validate_json(text)
    if output.reused:
        for epoch in trained.epochs:
            on_event({"kind": "epoch", **epoch.model_dump()})
    tell_end(job, trained, reused=output.reused)
    return trained.model_copy(update={"path": output.path, "reused": output.reused})


def train_in(folder: Path, job: TrainingJob, store: Store, tell: Callable[[Event], None]) -> None:
    """Train in a folder from the checkpoint that is kept; once more, alone, if memory ran out."""
    checkpoints = HandOver(store, job.key, folder)
    checkpoints.take()

    def follow(event: Event) -> None:
        tell(event)
        checkpoints.give(event)

    local = here(job, store)
    try:
        train_on_devices(local, folder, follow)
    except ChildFailed as error:
        if not error.out_of_memory:
            raise
        said = "%s: %s; it goes on with no other training of this process beside it"
        logger.warning(said, job.name, error.reason)
        train_on_devices(local, folder, follow, alone=True)


def tell_end(job: TrainingJob, trained: Trained, *, reused: bool) -> None:
    """Log what a training came to; the record says by `run_ended` that it is over."""
    done = "reused, trained before" if reused else "trained"
    best = ", ".join(f"{key} {value:.4f}" for key, value in trained.best_metrics.items())
    logger.info(
        "%s: %s in %.1f s, best epoch %d of %d: %s",
        job.name,
        done,
        trained.train_seconds,
        trained.best_epoch,
        len(trained.epochs),
        best,
        extra={"run_ended": job.name},
    )


def train_on_devices(
    job: TrainingJob, folder: Path, tell: Callable[[Event], None], *, alone: bool = False
) -> None:
    """Train in a child as soon as there are devices for it; see `Placing.place`."""
    devices = placing.here()
    work = fit_in_child if job.resources.world_size == 1 else fit_on_ranks
    with devices.place(job, alone=alone) as gpus:

        def take_note(event: Event) -> None:
            if event["kind"] == "memory":
                devices.measured(job, gpus[0], event)
            else:
                tell(event)

        if job.resources.num_nodes > 1:
            command = elsewhere(job, folder)
            others = plural(job.resources.num_nodes - 1, "other machine")
            logger.info("%s: waits for %s; run there: %s", job.name, others, command)
        placed = job.model_copy(update={"gpus": gpus})
        run_in_child(work, placed.model_dump_json(), folder, take_note)


def narrate(job: TrainingJob, event: Event) -> None:
    """Log an event; the record carries it as `event` and `run`, for a progress display."""
    extra = {"run": job.name, "event": event}
    if event["kind"] == "step":
        logger.debug("%s: step %d", job.name, event["step"], extra=extra)
        return
    if "before" in event:
        if event["epoch"] == event["before"]:
            of = event["before"], event["max_epochs"]
            logger.info("%s: goes on after epoch %d/%d", job.name, *of)
        return
    metrics = ", ".join(f"{key} {value:.4f}" for key, value in event["metrics"].items())
    logger.info(
        "%s: epoch %d/%d: %s", job.name, event["epoch"], event["max_epochs"], metrics, extra=extra
    )


def fit_in_child(job: str, folder: Path) -> None:
    """Train inside the child, where torch and Lightning are imported."""
    from components.train.fit import fit

    asked = TrainingJob.model_validate_json(job)
    placing.see_only(asked.gpus)
    fit(asked, folder)
