"""What of a comparison stands in Prefect: its summary, and the link to its page."""

from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact

from components.records import Comparison
from components.tracking import notes
from components.tracking.opening import Tracking
from flows.reports.folder import PAGE


def dashboard_link(tracking: Tracking, run_id: str, folder: Path) -> str:
    """Where the page is opened: on the MLflow server if there is one, else the file."""
    if not tracking.is_server:
        return (folder / PAGE).as_uri()
    return f"{tracking.uri.rstrip('/')}/{tracking.page(run_id, notes.PAGE)}"


def artifact_key(experiment: str) -> str:
    """What the results of an experiment are called in Prefect's list of artifacts."""
    return f"unroll-{experiment.replace('_', '-')}"


def show_in_prefect(found: Comparison, said: str, link: str) -> None:
    """Leave the result in Prefect's list of artifacts, under keys that the experiment names."""
    key = artifact_key(found.experiment)
    create_markdown_artifact(f"{said}\n\n[Open the dashboard]({link})", key, found.id)
    create_link_artifact(link, "Dashboard", f"{key}-dashboard", found.id)
