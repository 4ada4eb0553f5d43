"""Unfinished comparisons that are given up: their runs deleted, as MLflow deletes."""

from mlflow import MlflowClient
from mlflow.entities import Run

from components.storage import Home
from components.tracking.owner import holding
from components.tracking.references import Tracked, is_active
from params.errors import InputError


def delete_comparison(client: MlflowClient, home: Home, known: Tracked) -> None:
    """Delete the runs of an unfinished comparison, its own one last.

    It is held meanwhile, so that nobody takes it up. MLflow keeps what it deletes until `mlflow gc`
    and can restore it, but for the files.

    Args:
        client: Of the MLflow server or database that holds it.
        home: The folder for everything.
        known: The comparison as it was found.

    Raises:
        InputError: If somebody holds it, or did anything with it since it was found.
    """
    own = known.own
    assert own is not None, "an unfinished comparison has a run of its own"
    with holding(home, known.id):
        now = client.get_run(own.info.run_id)
        if standing(now) != standing(own):
            raise InputError(f"{known.id} was taken up or changed meanwhile; it stays")
        for run in known.runs:
            if is_active(run):
                client.delete_run(run.info.run_id)


def standing(run: Run) -> tuple[str, str, dict[str, str]]:
    """What changes with whatever is done with a run."""
    return run.info.status, run.info.lifecycle_stage, dict(run.data.tags)
