"""Who is the champion of an experiment, and where its files lie."""

from datetime import UTC, datetime
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.records import Champion
from components.tracking.opening import Tracking
from params.errors import InputError

ALIAS = "champion"
TRAINING, SOURCE = "unroll.training", "unroll.data"  # tags of a version
FILES = "data/run"  # of a model: the params, the weights, and the vocabulary or the scaler
ABSENT = "RESOURCE_DOES_NOT_EXIST"


def find_champion(tracking: Tracking, name: str) -> Champion | None:
    """The champion of the experiment `name`, if it has one.

    Raises:
        InputError: If MLflow has no registry or does not answer, or the champion is none of ours.
    """
    client = tracking.client()
    try:
        holder = client.get_registered_model(name).aliases.get(ALIAS)
        if holder is None:
            return None
        return champion(client.get_model_version(name, str(holder)))
    except MlflowException as error:
        if error.error_code == ABSENT:
            return None
        raise InputError(f"MLflow did not say who it is: {error.message[:200]}") from None
    except OSError as error:
        raise InputError(f"MLflow did not say who it is: {error}") from None


def champion(version: ModelVersion) -> Champion:
    """What is known of a version of the model.

    Raises:
        InputError: If it was not registered by a comparison.
    """
    tags = version.tags
    try:
        moment = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
        return Champion.model_validate(
            {
                "version": str(version.version),
                "registered": moment.isoformat(timespec="seconds"),
                "comparison": tags["unroll.comparison"],
                "run_id": version.run_id or "",
                "architecture": tags["unroll.architecture"],
                "seed": tags["unroll.seed"],
                "training": tags[TRAINING],
                "source": tags.get(SOURCE, ""),
                "fingerprint": tags["unroll.fingerprint"],
            }
        )
    except (KeyError, ValueError):
        raise InputError(
            f"version {version.version} of {version.name}, which has the alias {ALIAS}, was not "
            "registered by this version of Unroll"
        ) from None


def champion_files(tracking: Tracking, name: str, one: Champion, scratch: Path) -> Path:
    """The folder with the champion's files: MLflow's own if it is on this machine, else a copy.

    Raises:
        InputError: If they are gone, or MLflow does not answer.
    """
    try:
        version = tracking.client().get_model_version(name, one.version)
        source = f"{str(version.source).rstrip('/')}/{FILES}"
        local = source.startswith(("file:", "/"))
        found = download_artifacts(
            source, dst_path=None if local else str(scratch), tracking_uri=tracking.uri
        )
    except (MlflowException, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"the files of version {one.version} cannot be read: {said}") from None
    return Path(found)
