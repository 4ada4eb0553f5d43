"""The run of a training: one architecture with one seed, nested in its comparison."""

from collections.abc import Mapping

from components.records import RunEvidence, RunJob, Scored, Trained
from components.tracking.notes import training_note
from components.tracking.runs import (
    NOTE,
    OUTPUTS,
    Parent,
    common_tags,
    describe,
    finish,
    log_files,
    log_values,
    outputs,
    start,
)
from components.train.job import WEIGHTS, TrainingJob
from params.flat import flat_sections

RUN_EVIDENCE = "run.json"


def start_training(parent: Parent, job: TrainingJob) -> str:
    """The id of a new run nested in `parent`, for one architecture with one seed."""
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
    made = {OUTPUTS: f"train/{job.key}"}  # in this run or before
    run_id = start(parent.tracking, f"{job.architecture}-seed{job.seed}", {**tags, **made})
    params = flat_sections(model=job.model, train=job.train)
    own = {"architecture": job.architecture, "seed": str(job.seed)}
    describe(parent, run_id, {**parent.params, **params, **own})
    return run_id


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
    log_files(client, run_id, parent.prepared.path, "*.json")  # vocabulary, scaler
    tags = {"unroll.reused": str(trained.reused).lower(), **outputs(trained.path, scored.path)}
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
