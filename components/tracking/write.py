"""What a comparison and its runs leave in MLflow.

A comparison is a parent run, its trainings are nested in it. The process that runs the flow does
all the logging, by explicit run id; children only write files. The tag `unroll.complete` is the
last thing a run gets: readers take only runs that have it.
"""

import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from components.records import (
    Epoch,
    Ingested,
    Prepared,
    Provenance,
    Record,
    Scored,
    Trained,
)
from components.storage import Home
from components.train.job import WEIGHTS, TrainingJob
from components.train.worker import ChildFailed, Event
from params.schema import Experiment

logger = logging.getLogger(__name__)

COMPLETE = "unroll.complete"


class Tracking(Record):
    """Where runs are tracked: an MLflow server or database, and the experiment in it."""

    uri: str
    experiment_id: str

    def client(self) -> MlflowClient:
        """A client of that server or database."""
        return MlflowClient(self.uri)


class Parent(Record):
    """The run of a comparison, with what its nested runs carry too."""

    tracking: Tracking
    run_id: str
    id: str
    provenance: Provenance
    ingested: Ingested
    prepared: Prepared


def open_tracking(home: Home, experiment_name: str) -> Tracking:
    """The tracking of one experiment, with its database and experiment made if they are not there.

    Call it once, before any training starts: two processes that migrate one database collide.
    """
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    uri = home.tracking_uri
    client = MlflowClient(uri)
    known = client.get_experiment_by_name(experiment_name)
    if known is not None:
        return Tracking(uri=uri, experiment_id=known.experiment_id)
    # A server chooses where artifacts go; a local database has to be told.
    location = None if uri.startswith(("http://", "https://")) else home.artifacts.as_uri()
    try:
        created = client.create_experiment(experiment_name, artifact_location=location)
    except MlflowException:  # another process made it in between
        known = client.get_experiment_by_name(experiment_name)
        if known is None:
            raise
        created = known.experiment_id
    return Tracking(uri=uri, experiment_id=created)


def start_comparison(
    tracking: Tracking,
    experiment: Experiment,
    provenance: Provenance,
    ingested: Ingested,
    prepared: Prepared,
    *,
    id: str,
) -> Parent:
    """A new run for the comparison `id`, which carries the params, the data and how it was made."""
    described = f"**{experiment.report.title}**\n\nData: {ingested.source}."
    tags = {"unroll.kind": "comparison", "mlflow.note.content": described}
    parent = Parent(
        tracking=tracking,
        run_id=start(tracking, id, {**tags, **common_tags(id, provenance, ingested)}),
        id=id,
        provenance=provenance,
        ingested=ingested,
        prepared=prepared,
    )
    # Texts would be cut at MLflow's 6,000 characters; the logged params file has them whole.
    resolved = experiment.model_dump(
        mode="json",
        exclude={"architectures": True, "seeds": True, "ingest": {"inline"}, "evaluate": {"texts"}},
    )
    params = flatten(resolved)
    params |= {"architectures": ", ".join(experiment.architectures)}
    params |= {"seeds": ", ".join(map(str, experiment.seeds))}
    describe(parent, parent.run_id, params)
    return parent


def start_training(parent: Parent, job: TrainingJob) -> str:
    """The id of a new run nested in `parent`, for one architecture with one seed."""
    tags = {
        "unroll.kind": "run",
        "unroll.architecture": job.architecture,
        "unroll.seed": str(job.seed),
        "mlflow.parentRunId": parent.run_id,
        **common_tags(parent.id, parent.provenance, parent.ingested),
    }
    run_id = start(parent.tracking, f"{job.architecture}-seed{job.seed}", tags)
    sections = {"model": job.model, "train": job.train}
    params = flatten({name: one.model_dump(mode="json") for name, one in sections.items()})
    params |= {"architecture": job.architecture, "seed": str(job.seed)}
    describe(parent, run_id, params)
    return run_id


def describe(parent: Parent, run_id: str, params: Mapping[str, str]) -> None:
    """Log what a run is made from: its params, the params file, and the data set."""
    client = parent.tracking.client()
    client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()])
    client.log_text(run_id, parent.provenance.params, "params.yaml")
    sizes = {"train", "val", "test"}
    data = Dataset(
        name=parent.ingested.source[:500],
        digest=parent.ingested.fingerprint,
        source_type="local",
        source=parent.ingested.model_dump_json(include={"source", "fingerprint"}),
        profile=parent.prepared.model_dump_json(include=sizes),
    )
    context = InputTag("mlflow.data.context", "train, val, test")
    client.log_inputs(run_id, [DatasetInput(data, [context])])


@contextmanager
def ending(tracking: Tracking, run_id: str) -> Iterator[None]:
    """Mark the run FAILED or KILLED, with the reason, if the block does not get to its end."""
    try:
        yield
    except BaseException as error:  # Ctrl-C too: no run may stay RUNNING
        if isinstance(error, ChildFailed):
            status, reason = error.status, error.reason
        else:
            status = "FAILED" if isinstance(error, Exception) else "KILLED"
            reason = f"{type(error).__name__}: {error}"
        client = tracking.client()
        if isinstance(error, ChildFailed) and error.log:
            client.log_text(run_id, error.log, "child.log")
        client.set_tag(run_id, "unroll.reason", reason[:5000])
        client.set_terminated(run_id, status)
        raise


class EpochLog:
    """Logs the metrics of each epoch as soon as it has ended.

    An MLflow that does not answer costs no training: what could not be sent is sent with the next
    epoch, or at the end.
    """

    def __init__(self, tracking: Tracking, run_id: str):
        """A log of one run."""
        self.tracking = tracking
        self.run_id = run_id
        self.unsent: list[Epoch] = []

    def __call__(self, event: Event) -> None:
        """Log an event if an epoch ended with it; other events are not kept."""
        if event["kind"] != "epoch":
            return
        self.unsent.append(Epoch.model_validate({key: event[key] for key in Epoch.model_fields}))
        try:
            self.send()
        except MlflowException as error:
            logger.warning("MLflow took no metrics, they are kept for later: %s", error)

    def send(self) -> None:
        """Send what is not sent yet."""
        log_epochs(self.tracking, self.run_id, self.unsent)
        self.unsent.clear()


def log_epochs(tracking: Tracking, run_id: str, epochs: Iterable[Epoch]) -> None:
    """Log the metrics of finished epochs, with the epoch as the step."""
    now = int(time.time() * 1000)
    batch = [
        Metric(key, value, now, epoch.epoch)
        for epoch in epochs
        for key, value in {**epoch.metrics, "epoch_seconds": epoch.seconds}.items()
    ]
    client = tracking.client()
    for first in range(0, len(batch), 1000):  # MLflow takes a thousand at a time
        client.log_batch(run_id, metrics=batch[first : first + 1000])


def finish_training(parent: Parent, run_id: str, trained: Trained, scored: Scored) -> None:
    """Log the outcome of a run, then its artifacts, then that it is complete."""
    client = parent.tracking.client()
    values = {
        **{key: value for key, value in scored.metrics.items() if key.startswith("test/")},
        "num_parameters": trained.num_parameters,
        "train_seconds": trained.train_seconds,
        "best_epoch": trained.best_epoch,
    }
    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(key, value, now, 0) for key, value in values.items()])
    client.log_artifact(run_id, str(trained.path / WEIGHTS))
    log_folder_files(client, run_id, scored.path, "*.parquet")
    log_folder_files(client, run_id, parent.prepared.path, "*.json")  # vocabulary, scaler
    finish(client, run_id, "FINISHED", {"unroll.reused": str(trained.reused).lower()})


def finish_comparison(
    parent: Parent, report: Path, best: Mapping[str, float], *, missing: int
) -> None:
    """Log the best network's metrics and the report, then that the comparison is complete."""
    client = parent.tracking.client()
    now = int(time.time() * 1000)
    metrics = [Metric(f"best/{key}", value, now, 0) for key, value in best.items()]
    client.log_batch(parent.run_id, metrics=metrics)
    client.log_artifacts(parent.run_id, str(report), "report")
    status = "FAILED" if missing else "FINISHED"
    finish(client, parent.run_id, status, {"unroll.missing": str(missing)})


def start(tracking: Tracking, name: str, tags: Mapping[str, str]) -> str:
    """The id of a new run, RUNNING."""
    owner = {"unroll.pid": str(os.getpid()), "unroll.host": socket.gethostname()}
    run = tracking.client().create_run(
        tracking.experiment_id, tags={**tags, **owner}, run_name=name
    )
    run_id: str = run.info.run_id
    return run_id


def end_open_runs(home: Home, experiment_name: str, id: str) -> None:
    """Mark every run of the comparison `id` that is still RUNNING as KILLED."""
    client = MlflowClient(home.tracking_uri)
    known = client.get_experiment_by_name(experiment_name)
    if known is None:
        return
    mine = f"tags.`unroll.comparison` = '{id}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([known.experiment_id], mine, max_results=10_000):
        client.set_tag(run.info.run_id, "unroll.reason", "the comparison was interrupted")
        client.set_terminated(run.info.run_id, "KILLED")


def finish(client: MlflowClient, run_id: str, status: str, tags: Mapping[str, str]) -> None:
    """End a run whose everything is logged; the tag that says so comes last."""
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    client.set_terminated(run_id, status)
    client.set_tag(run_id, COMPLETE, "true")


def common_tags(id: str, provenance: Provenance, ingested: Ingested) -> dict[str, str]:
    """What every run of a comparison carries."""
    return {
        "unroll.comparison": id,
        "unroll.params_digest": provenance.params_digest,
        "unroll.fingerprint": ingested.fingerprint,
        "unroll.code_revision": provenance.code_revision,
        "mlflow.source.name": provenance.command,
        **{f"version.{package}": number for package, number in provenance.versions.items()},
    }


def log_folder_files(client: MlflowClient, run_id: str, folder: Path, pattern: str) -> None:
    """Log the files of a stage output, but for the store's own manifest."""
    for path in sorted(folder.glob(pattern)):
        if path.name != "manifest.json":
            client.log_artifact(run_id, str(path))


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`{"train": {"batch_size": 32}}` -> `{"train.batch_size": "32"}`."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
