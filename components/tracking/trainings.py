"""The run of a training: one architecture with one seed, nested in its comparison."""

from collections.abc import Mapping

from components.metrics import TRAIN_LOSS
from components.records import Record, RunEvidence, RunJob, Scored, Trained
from components.tracking.notes import training_note
from components.tracking.opening import Tracking
from components.tracking.patience import patiently
from components.tracking.resuming import nested_run, reopen
from components.tracking.runs import (
    NOTE,
    OUTPUTS,
    Parent,
    common_tags,
    describe,
    finish,
    is_complete,
    log_files,
    log_values,
    outputs,
    shortened,
    start,
)
from components.train.job import WEIGHTS, TrainingJob
from params.flat import flat_sections
from params.grid import described

RUN_EVIDENCE = "run.json"
ROW, POINT = "unroll.row", "unroll.point"  # tags of a run of a grid
LONGEST_NAME = 200  # characters; MLflow takes 250


DEVICES = "unroll.devices"  # how many shared the training
MADE = "unroll.made"  # afresh, in this run


class TrainingRun(Record):
    """The run of a training in MLflow: its id, whether it went on, whether it has all it needs.

    In this comparison an epoch of it has ended if it has `begun`, and all if it is `made`; the
    latter is noted only where nothing from before would do.
    """

    run_id: str
    taken_up: bool = False
    complete: bool = False
    begun: bool = False
    made: bool = False


def start_training(parent: Parent, job: TrainingJob) -> TrainingRun:
    """The run nested in `parent` for one architecture with one seed.

    It is a new one, unless the comparison was taken up and has one for the same training.
    """
    if parent.taken_up:
        known = nested_run(parent.tracking, parent.id, job.key)
        if known is not None:
            if not is_complete(known):
                reopen(parent.tracking.client(), known, parent.owner)
                describe_training(parent, known.info.run_id, job)
            return TrainingRun(
                run_id=known.info.run_id,
                taken_up=True,
                complete=is_complete(known),
                begun=TRAIN_LOSS in known.data.metrics,
                made=known.data.tags.get(MADE) == "true",
            )
    tags = {
        "unroll.kind": "run",
        "unroll.task": job.task,
        "unroll.architecture": job.architecture,
        "unroll.seed": str(job.seed),
        "unroll.training": job.key,
        "mlflow.parentRunId": parent.run_id,
        NOTE: training_note(parent, run_job(job)),
        **common_tags(parent.id, parent.provenance, parent.ingested),
    }
    tags[OUTPUTS] = f"preprocess/{job.prepared.key} train/{job.key}"  # made in this run or before
    name = f"{job.architecture}-seed{job.seed}"
    if job.row is not None:
        point = described(job.row.changed)
        tags |= {ROW: job.row.name, POINT: shortened(point)}
        name = ", ".join(filter(None, (name, point)))[:LONGEST_NAME]
    run_id = start(parent.tracking, name, tags, parent.owner)
    describe_training(parent, run_id, job)
    return TrainingRun(run_id=run_id)


def note_made(tracking: Tracking, run_id: str) -> None:
    """Let whoever takes the run up know that its training is in the store, made afresh."""
    said = "that a training is done"
    patiently(said, lambda: tracking.client().set_tag(run_id, MADE, "true"))


def describe_training(parent: Parent, run_id: str, job: TrainingJob) -> None:
    """Log what a training is made from; doing so again changes nothing."""
    params = flat_sections(model=job.model, train=job.train)
    own = {"architecture": job.architecture, "seed": str(job.seed)}
    own["resources.precision"] = job.resources.precision
    describe(parent, run_id, {**parent.params, **params, **own})
    # Not a param: what is taken up may go on with others.
    parent.tracking.client().set_tag(run_id, DEVICES, str(job.resources.world_size))


def finish_training(
    parent: Parent, run_id: str, job: TrainingJob, trained: Trained, scored: Scored
) -> None:
    """Log the outcome of a run, then its artifacts, then that it is complete."""
    client = parent.tracking.client()
    evidence = RunEvidence(job=run_job(job), trained=trained, scored=scored)
    log_values(client, run_id, final_values(trained, scored))
    client.log_text(run_id, evidence.model_dump_json(indent=2), RUN_EVIDENCE)
    client.log_artifact(run_id, str(trained.path / WEIGHTS))
    log_files(client, run_id, scored.path, "*.parquet")
    log_files(client, run_id, job.prepared.path, "*.json")  # vocabulary, scaler
    made = outputs(job.prepared.path, trained.path, scored.path)
    tags = {"unroll.reused": str(trained.reused).lower(), **made}
    tags[NOTE] = training_note(parent, evidence.job, evidence)
    finish(client, run_id, "FINISHED", tags)


def run_job(job: TrainingJob) -> RunJob:
    """What is kept of a job."""
    return RunJob(
        task=job.task,
        architecture=job.architecture,
        seed=job.seed,
        model=job.model,
        train=job.train,
        key=job.key,
    )


def final_values(trained: Trained, scored: Scored) -> Mapping[str, float]:
    """One number for each thing by which runs are compared.

    `best/val/*` are of the epoch whose weights were kept; the last of `val/*` need not be.
    """
    best = trained.best_metrics.items()
    return {
        **{key: value for key, value in scored.metrics.items() if key.startswith("test/")},
        **{f"best/{key}": value for key, value in best if key.startswith("val/")},
        "best_epoch": trained.best_epoch,
        "num_parameters": trained.num_parameters,
        "train_seconds": trained.train_seconds,
        "seconds_per_epoch": trained.seconds_per_epoch,
        "peak_memory_bytes": trained.peak_memory_bytes,
    }
