"""Runs that were interrupted and go on: the same runs in MLflow, with nothing logged twice."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from components.records import ComparisonEvidence, Ingested, Prepared
from components.tracking.comparison import EVIDENCE, FOLDER, REGRESSION, shared_params
from components.tracking.opening import Tracking
from components.tracking.owner import owner
from components.tracking.runs import COMPLETE, REASON, TAKEN_UP, Parent
from components.tracking.search import latest_first
from params.errors import InputError
from params.kept import PARAMS, load_kept
from params.schema import Experiment


def reopen(client: MlflowClient, run: Run, holder: Mapping[str, str] | None = None) -> None:
    """Let a run that ended without a result go on; `holder` as in `runs.start`."""
    run_id, tags = run.info.run_id, run.data.tags
    for name in (COMPLETE, REASON, REGRESSION):
        if name in tags:
            client.delete_tag(run_id, name)
    often = int(tags.get(TAKEN_UP, "0")) + 1
    for name, value in {**(holder or owner()), TAKEN_UP: str(often)}.items():
        client.set_tag(run_id, name, value)
    client.update_run(run_id, status="RUNNING")


def take_up_comparison(
    tracking: Tracking,
    run: Run,
    *,
    experiment: Experiment,
    begun: ComparisonEvidence,
    ingested: Ingested,
    prepared: Prepared,
) -> Parent:
    """The interrupted comparison `run`, which goes on as what it was when it began.

    Args:
        tracking: That of its experiment.
        run: Its own run.
        experiment: Its params.
        begun: What it left of its beginning.
        ingested: The same data as it found.
        prepared: The same splits as it made.
    """
    reopen(tracking.client(), run)
    return Parent(
        tracking=tracking,
        run_id=run.info.run_id,
        id=begun.id,
        created=begun.created,
        title=experiment.report.title,
        params=shared_params(experiment),
        provenance=begun.provenance,
        ingested=ingested,
        prepared=prepared,
        taken_up=True,
    )


def nested_run(tracking: Tracking, comparison: str, training: str) -> Run | None:
    """The run of a training in a comparison, by the key of the training; None if it has none."""
    query = (
        f"tags.`unroll.comparison` = '{comparison}' and tags.`unroll.kind` = 'run' and "
        f"tags.`unroll.training` = '{training}'"
    )
    return next(latest_first(tracking.client(), [tracking.experiment_id], query), None)


def begun(client: MlflowClient, run: Run) -> ComparisonEvidence | None:
    """What a comparison left of its beginning; None if it was interrupted before."""
    with TemporaryDirectory(prefix="unroll-") as scratch:
        try:
            path = client.download_artifacts(run.info.run_id, f"{FOLDER}/{EVIDENCE}", scratch)
            return ComparisonEvidence.model_validate_json(Path(path).read_bytes())
        except (OSError, MlflowException, ValidationError):
            return None


def params_of(client: MlflowClient, run: Run) -> Experiment:
    """The params of a comparison that is to be taken up.

    Raises:
        InputError: If it was interrupted before they were kept, or this version cannot read them.
    """
    name, tags = run.info.run_name, run.data.tags
    with TemporaryDirectory(prefix="unroll-") as scratch:
        try:
            path = client.download_artifacts(run.info.run_id, PARAMS, scratch)
        except (OSError, MlflowException):
            command = tags.get("mlflow.source.name", "the command")
            raise InputError(
                f"{name} was interrupted before its params were kept; run `{command}` again"
            ) from None
        return load_kept(Path(path), name)
