"""The best network of an experiment as a registered model, with the alias `champion`."""

import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from components.compare.against import by_validation, finished
from components.disk import is_disk_full
from components.metrics import VAL_LOSS
from components.preprocess.validation import validation_key
from components.records import Evidence, Record, RunEvidence, Scored, Trained
from components.tracking.holder import ALIAS, SOURCE, TRAINING
from components.tracking.notes import training_note
from components.tracking.packaging import package
from components.tracking.patience import patiently
from components.tracking.runs import Parent, shortened
from components.tracking.trainings import run_job
from components.train.job import TrainingJob
from params.schema import ClassificationExperiment, Experiment

logger = logging.getLogger(__name__)

LOSS, VALIDATION = "unroll.val_loss", "unroll.validation"
EXISTS = "RESOURCE_ALREADY_EXISTS"


class Candidate(Record):
    """The run of a comparison with the least val/loss at its best epoch."""

    run_id: str
    job: TrainingJob
    trained: Trained
    scored: Scored

    @property
    def val_loss(self) -> float:
        """That of the epoch whose weights were kept."""
        return self.trained.best_metrics[VAL_LOSS]


def best_run(evidence: Evidence, jobs: list[TrainingJob]) -> Candidate | None:
    """The finished run that `unroll predict` chooses too; none if no network finished."""
    asked = {(job.row_name, job.seed): job for job in jobs}
    found = min(finished(evidence), key=by_validation, default=None)
    if found is None:
        return None
    trained, scored = found
    assert scored.run_id is not None, "a network is scored within its run"
    job = asked[trained.name, trained.seed]
    return Candidate(run_id=scored.run_id, job=job, trained=trained, scored=scored)


def register(
    experiment: Experiment, parent: Parent, best: Candidate, *, refused: bool = False
) -> None:
    """Register the best run as a version of the model that is called like the experiment.

    The alias goes to it if there is none yet. On the validation examples of the champion it goes to
    it if it is better by val/loss; on others, whose losses say nothing of each other, it does in
    any case. A training is registered once, however often this is done. Without a registry there
    is a warning, and nothing else; an MLflow that is away is waited for.

    Args:
        experiment: What was asked.
        parent: The comparison.
        best: Its best run.
        refused: The alert found it worse than the champion, which then stays.
    """
    client = parent.tracking.client()

    def registered() -> str:
        version = known_version(client, experiment.name, best.job)
        if version is None:
            version = new_version(client, experiment, parent, best)
        return crown(client, version, best, refused=refused)

    try:
        logger.info("champion: %s", once_more_if_away(client, registered))
    except (MlflowException, OSError) as error:
        if is_disk_full(error):  # it is done when the comparison is taken up
            raise
        logger.warning("the best network was not registered as a model: %s", error)


def once_more_if_away(client: MlflowClient, call: Callable[[], str]) -> str:
    """What `call` says; if it fails, once more as soon as MLflow answers at all.

    Whatever fails at an MLflow that is there would fail for all the minutes of `patiently`.
    """
    try:
        return call()
    except MlflowException as error:
        if is_disk_full(error):
            raise
    patiently("the champion", lambda: client.search_experiments(max_results=1))
    return call()


def known_version(client: MlflowClient, name: str, job: TrainingJob) -> ModelVersion | None:
    """The version of the model that the same training gave before."""
    query = f"name = '{name}' and tags.`{TRAINING}` = '{job.key}'"
    found = client.search_model_versions(query, max_results=1)
    return found[0] if found else None


def new_version(
    client: MlflowClient, experiment: Experiment, parent: Parent, best: Candidate
) -> ModelVersion:
    """A new version of the experiment's model, which is made if it is not there."""
    job = best.job
    tags = {
        "unroll.comparison": parent.id,
        "unroll.architecture": job.architecture,
        "unroll.seed": str(job.seed),
        "unroll.fingerprint": parent.ingested.fingerprint,
        SOURCE: shortened(parent.ingested.source),
        "unroll.code_revision": parent.provenance.code_revision,
        VALIDATION: validation_key(experiment, parent.ingested.fingerprint),
        TRAINING: job.key,
        LOSS: repr(best.val_loss),
    }
    try:
        client.create_registered_model(experiment.name, description=usage(experiment))
    except MlflowException as error:
        if error.error_code != EXISTS:
            raise
    model = logged_model(client, experiment, parent, best, tags)
    evidence = RunEvidence(job=run_job(job), trained=best.trained, scored=best.scored)
    run = f"[The run]({parent.tracking.page(best.run_id)}) that it is of:"
    # Not `models:/`: MLflow would look for it where its own global setting points.
    return client.create_model_version(
        experiment.name,
        model.artifact_location,
        run_id=best.run_id,
        tags=tags,
        description=f"{run} {training_note(parent, evidence.job, evidence)}",
        model_id=model.model_id,
    )


def logged_model(
    client: MlflowClient,
    experiment: Experiment,
    parent: Parent,
    best: Candidate,
    tags: dict[str, str],
) -> LoggedModel:
    """The model of the best run as MLflow keeps it, with its files."""
    job = best.job
    model = client.create_logged_model(
        parent.tracking.experiment_id,
        name=f"{job.architecture}-seed{job.seed}",
        source_run_id=best.run_id,
        tags=tags,
        model_type=experiment.task,
    )
    client.log_outputs(best.run_id, [LoggedModelOutput(model.model_id, best.trained.best_epoch)])
    about = Model(
        artifact_path=model.artifact_location,
        run_id=best.run_id,
        model_uuid=model.model_id,
        model_id=model.model_id,
    )
    with TemporaryDirectory(prefix="unroll-") as scratch:
        folder = Path(scratch) / "model"
        package(folder, experiment, job, best.trained, parent.ingested, about)
        client.log_model_artifacts(model.model_id, str(folder))
    return client.finalize_logged_model(model.model_id, "READY")


def crown(client: MlflowClient, version: ModelVersion, best: Candidate, *, refused: bool) -> str:
    """Let the alias point to `version` if it is to; says where it points then, and why."""
    name, number = version.name, str(version.version)
    who = f"{best.job.name}, version {number} of {name}, val/loss {best.val_loss:.4f}"
    aliases = client.get_registered_model(name).aliases
    why = ""
    if ALIAS in aliases:
        holder = str(aliases[ALIAS])
        stays = f"still version {holder} of {name}"
        if holder == number:
            return f"still {who}"
        if refused:
            return f"{stays}: {who}, was refused by compare.alert"
        tags = client.get_model_version(name, holder).tags
        if TRAINING not in tags:
            return f"{stays}: it was not registered by a comparison"
        if tags.get(VALIDATION) != version.tags[VALIDATION]:
            why = f"; version {holder} was validated on other data"
        elif float(tags[LOSS]) <= best.val_loss:
            return f"{stays}, val/loss {float(tags[LOSS]):.4f}: {who}, is no better"
    client.set_registered_model_alias(name, ALIAS, number)
    return f"now {who}{why}"


def usage(experiment: Experiment) -> str:
    """How the model is loaded and asked, in Markdown."""
    if isinstance(experiment, ClassificationExperiment):
        asked = 'pd.DataFrame({"text": ["A great and moving film."]})'
        gives = "a row for each text: its `label`, and the `probability` of label 1"
    else:
        asked = f"recent  # (N, {experiment.preprocess.context_length}), degrees C, latest last"
        gives = "a row for each window: the forecasts that follow it, in degrees C"
    return (
        f"The best network by validation of each comparison of `{experiment.name}`; "
        f"`{ALIAS}` is the best of those on the latest data.\n\n"
        f'```python\nmodel = mlflow.pyfunc.load_model("models:/{experiment.name}@{ALIAS}")\n'
        f"model.predict({asked})\n```\n\nIt gives {gives}."
    )
