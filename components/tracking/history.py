"""The past comparisons of an experiment, as MLflow has them."""

from typing import Literal

from mlflow.entities import Run

from components.records import Record
from components.tracking.comparison import BEST
from components.tracking.connection import connected
from components.tracking.looking import LOOKED, LOOKS, began
from components.tracking.read import find_experiment
from components.tracking.search import COMPARISONS, comparison_of, latest_first
from components.tracking.unfinished import is_complete
from params.names import Task

Status = Literal["complete", "incomplete", "running", "interrupted", "failed"]


class Past(Record):
    """A comparison that was made, or begun.

    `created` is when it began, ISO 8601. `best` is what people call its best network, whose mean by
    the `metric` is the `score`; there is none before its end. `missing` counts what has no result
    at the end. `params` are by dotted key, without texts. `looks` counts the runs that found it
    as they would have made it, the last of which was at `looked`.
    """

    id: str
    run_id: str
    created: str
    task: Task
    status: Status
    missing: int
    metric: str
    best: str | None
    score: float | None
    params: dict[str, str]
    params_digest: str
    fingerprint: str
    rerun_of: str | None
    looks: int
    looked: str | None


def past(uri: str, experiment: str) -> list[Past]:
    """Every comparison of an experiment that is not deleted, the newest first.

    Args:
        uri: The MLflow server or database; it must be there.
        experiment: Its name.

    Raises:
        InputError: If none of that name was run, or MLflow does not answer.
    """
    with connected(uri) as client:
        found = find_experiment(client, experiment)
        return [past_of(run) for run in latest_first(client, [found.experiment_id], COMPARISONS)]


def past_of(run: Run) -> Past:
    """A comparison's own run in a few words."""
    tags, params = run.data.tags, run.data.params
    metric = params.get("compare.metric", "")
    return Past(
        id=comparison_of(run),
        run_id=run.info.run_id,
        created=began(run),
        task=tags["unroll.task"],
        status=status_of(run),
        missing=int(tags.get("unroll.missing", "0")),
        metric=metric,
        best=tags.get(BEST),
        score=run.data.metrics.get(f"best/{metric}"),
        params=params,
        params_digest=tags.get("unroll.params_digest", ""),
        fingerprint=tags.get("unroll.fingerprint", ""),
        rerun_of=tags.get("unroll.rerun_of"),
        looks=int(tags.get(LOOKS, "0")),
        looked=tags.get(LOOKED),
    )


def status_of(run: Run) -> Status:
    """How far a comparison came."""
    if is_complete(run):
        return "complete" if run.data.tags.get("unroll.missing", "0") == "0" else "incomplete"
    known: dict[str, Status] = {"RUNNING": "running", "FAILED": "failed"}
    return known.get(run.info.status, "interrupted")
