"""Who is the champion of an experiment, and where its files lie."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import TypeAdapter

from components.records import Champion, ChampionEvidence
from components.tracking.comparison import CHAMPION, FOLDER
from components.tracking.opening import Tracking
from components.tracking.runs import Parent
from params.errors import InputError

ALIAS = "champion"
TRAINING, SOURCE = "unroll.training", "unroll.data"  # tags of a version
FILES = "data/run"  # of a model: the params, the weights, and the vocabulary or the scaler
ABSENT = "RESOURCE_DOES_NOT_EXIST"


def find_champion(parent: Parent, name: str) -> Champion | None:
    """The champion that the experiment `name` had before the comparison `parent`, if it had one.

    A comparison that ended without some of its runs may be taken up again when its own best network
    is the champion already: then it is the one that it was set against at first.

    Raises:
        InputError: If MLflow has no registry or does not answer, or the champion is none of ours.
    """
    client = parent.tracking.client()
    try:
        holder = client.get_registered_model(name).aliases.get(ALIAS)
        if holder is None:
            return None
        found = champion(client.get_model_version(name, str(holder)))
        return found if found.comparison != parent.id else champion_at_first(client, parent)
    except MlflowException as error:
        if error.error_code == ABSENT:
            return None
        raise InputError(f"MLflow did not say who it is: {error.message[:200]}") from None
    except OSError as error:
        raise InputError(f"MLflow did not say who it is: {error}") from None


def champion_at_first(client: MlflowClient, parent: Parent) -> Champion | None:
    """The champion that the comparison was set against when it ended for the first time."""
    path = f"{FOLDER}/{CHAMPION}.json"
    if path not in {one.path for one in client.list_artifacts(parent.run_id, FOLDER)}:
        return None
    with TemporaryDirectory(prefix="unroll-") as scratch:
        text = Path(client.download_artifacts(parent.run_id, path, scratch)).read_bytes()
    found = TypeAdapter(ChampionEvidence | None).validate_json(text)
    return None if found is None else found.champion


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
