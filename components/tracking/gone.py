"""Runs that nobody works at any more, and comparisons that can be taken up."""

from mlflow import MlflowClient
from mlflow.entities import Run

from components.storage import Home
from components.tracking.owner import HOST, PID, is_gone
from components.tracking.runs import COMPLETE, MISSING, REASON, is_complete
from components.tracking.search import (
    COMPARISONS,
    comparison_of,
    every_experiment,
    is_comparison,
    latest_first,
    named,
)
from params.errors import InputError

WHOLE = f"tags.`{COMPLETE}` = 'true' and tags.`{MISSING}` = '0'"  # MLflow's query for `is_whole`


def end_gone_runs(client: MlflowClient, home: Home) -> list[str]:
    """Mark every run as KILLED that says RUNNING and whose process is gone.

    Returns the ids of the comparisons among them.
    """
    query = f"attributes.status = 'RUNNING' and tags.`{PID}` LIKE '%'"
    found = list(latest_first(client, every_experiment(client), query))
    # It may have ended since it was found. Now that its process is gone, it stays as it is.
    gone = [run for run in found if is_gone(run, home) and is_running(client, run)]
    for run in gone:
        reason = f"its process {run.data.tags[PID]} on {run.data.tags[HOST]} is gone"
        client.set_tag(run.info.run_id, REASON, reason)
        client.set_terminated(run.info.run_id, "KILLED")
    return [comparison_of(run) for run in gone if is_comparison(run)]


def is_running(client: MlflowClient, run: Run) -> bool:
    """Whether a run says RUNNING by now."""
    return bool(client.get_run(run.info.run_id).info.status == "RUNNING")


def unfinished(client: MlflowClient, home: Home, *, experiment_id: str, digest: str) -> Run | None:
    """The latest comparison with these params, if it lacks something and nobody works at it.

    Args:
        client: Of the MLflow server or database.
        home: The folder for everything.
        experiment_id: That of the experiment in MLflow.
        digest: That of all params.
    """
    query = f"{COMPARISONS} and tags.`unroll.params_digest` = '{digest}'"
    latest = next(latest_first(client, [experiment_id], query), None)
    return latest if latest is not None and can_be_taken_up(latest, home) else None


def to_take_up(client: MlflowClient, home: Home, id: str | None) -> Run:
    """The comparison that a person wants to be taken up, by default the latest unfinished one.

    Raises:
        InputError: If there is none, it is finished, or a process still works at it.
    """
    if id is None:
        every = latest_first(client, every_experiment(client), COMPARISONS)
        found = next((run for run in every if can_be_taken_up(run, home)), None)
        if found is None:
            raise InputError(
                "nothing to take up: no comparison is unfinished; what was interrupted before it "
                "began, and a search, go on with the command that began them"
            )
        return found
    run = named(client, id)
    if not is_comparison(run):
        raise InputError(
            f"{id} is no comparison but a run, {run.info.run_name}; give the id of its comparison, "
            f"{comparison_of(run)}"
        )
    if is_whole(run):
        raise InputError(f"nothing to take up: {comparison_of(run)} is finished")
    if not can_be_taken_up(run, home):
        where = f"process {run.data.tags[PID]} on {run.data.tags[HOST]}"
        raise InputError(f"{comparison_of(run)} is still being run by {where}; wait for it")
    return run


def is_whole(run: Run) -> bool:
    """Whether a comparison came to its end with a result of every run."""
    return is_complete(run) and run.data.tags.get(MISSING) == "0"


def can_be_taken_up(run: Run, home: Home) -> bool:
    """Whether a comparison lacks something, and its process has ended."""
    return not is_whole(run) and (run.info.status != "RUNNING" or is_gone(run, home))
