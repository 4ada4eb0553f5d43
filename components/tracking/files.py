"""The files that a run left: where they lie if that is on this machine, else copies of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlparse

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import local_file_uri_to_path

from components.storage import Home
from params.errors import InputError


def download(client: MlflowClient, run: Run, scratch: Path) -> Path:
    """The folder with the run's files: MLflow's own if it is on this machine, else a copy.

    Raises:
        InputError: If they are gone.
    """
    try:
        found = client.download_artifacts(
            run.info.run_id, "", None if is_local(run) else str(scratch)
        )
    except (OSError, MlflowException) as error:
        raise gone(run, error) from None
    return Path(found)


def download_some(
    client: MlflowClient, run: Run, scratch: Path, wanted: Callable[[str], bool]
) -> Path:
    """The same, but of what lies elsewhere only those files are copied whose path is `wanted`.

    Raises:
        InputError: If they are gone.
    """
    if is_local(run):  # MLflow's own way would ask the database about each of a thousand runs
        folder = Path(local_file_uri_to_path(run.info.artifact_uri))
        if not folder.is_dir():
            raise gone(run, FileNotFoundError("no such folder"))
        return folder
    try:
        for path in filter(wanted, paths(client, run.info.run_id)):
            copy(client, run.info.run_id, path, scratch / path)
    except (OSError, MlflowException) as error:
        raise gone(run, error) from None
    return scratch


def copy(client: MlflowClient, run_id: str, path: str, target: Path) -> None:
    """Bring one file of a run to `target`; MLflow's stores differ in where they would put it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as folder:
        Path(client.download_artifacts(run_id, path, folder)).rename(target)


def paths(client: MlflowClient, run_id: str, folder: str | None = None) -> Iterator[str]:
    """The paths of all files of a run."""
    for one in client.list_artifacts(run_id, folder):
        if one.is_dir:
            yield from paths(client, run_id, one.path)
        else:
            yield one.path


def local_folder(run: Run) -> Path | None:
    """Where the run's files are to lie on this machine; None if they lie elsewhere."""
    return Path(local_file_uri_to_path(run.info.artifact_uri)) if is_local(run) else None


def run_folder(run: Run, home: Home) -> Path | None:
    """The folder of a run among this home's artifacts; None if it is not there, or elsewhere."""
    files = local_folder(run)
    if files is None or files.name != "artifacts":
        return None
    folder = files.parent
    ours = folder.name == run.info.run_id and folder.parent.resolve() == home.artifacts.resolve()
    return folder if ours and folder.is_dir() else None


def is_local(run: Run) -> bool:
    """Whether the run's files lie on this machine."""
    return urlparse(run.info.artifact_uri).scheme in {"", "file"}


def gone(run: Run, error: Exception) -> InputError:
    """That the run's files are not where they should be."""
    return InputError(
        f"the files of run {run.info.run_id} are not at {run.info.artifact_uri}: {error}"
    )
