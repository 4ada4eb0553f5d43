"""The past comparisons of an experiment, as MLflow has them."""

from typing import Literal

from mlflow.entities import Run

from components.records import Record
from components.storage import Home
from components.tracking.comparison import BEST, REGRESSION
from components.tracking.connection import connected
from components.tracking.gone import is_whole
from components.tracking.looking import LOOKED, LOOKS, began
from components.tracking.owner import is_gone
from components.tracking.read import find_experiment
from components.tracking.runs import MISSING, RERUN_OF, is_complete
from components.tracking.search import COMPARISONS, comparison_of, is_comparison, latest_first
from params.names import Task

Status = Literal["complete", "incomplete", "running", "interrupted", "failed"]


class Past(Record):
    """A comparison that was made, or begun.

    `created` is when it began, ISO 8601. `best` is what people call its best network, whose mean by
    the `metric` is the `score`; there is none before its end. `missing` counts what has no result
    at the end. `params` are by dotted key, without texts. `looks` counts the runs that found it
    as they would have made it, the last of which was at `looked`. `alert` is what the alert said,
    if it fired.
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
    alert: str | None


def past(home: Home, experiment: str) -> list[Past]:
    """Every comparison of an experiment that is not deleted, the newest first.

    Args:
        home: The folder for everything, whose MLflow must be there.
        experiment: Its name.

    Raises:
        InputError: If none of that name was run, or MLflow does not answer.
    """
    with connected(home.tracking_uri) as client:
        found = find_experiment(client, experiment)
        every = latest_first(client, [found.experiment_id], COMPARISONS)
        return [past_of(run, home) for run in every]


def past_of(run: Run, home: Home) -> Past:
    """A comparison's own run in a few words."""
    tags, params = run.data.tags, run.data.params
    metric = params.get("compare.metric", "")
    return Past(
        id=comparison_of(run),
        run_id=run.info.run_id,
        created=began(run),
        task=tags["unroll.task"],
        status=status_of(run, home),
        missing=int(tags.get(MISSING, "0")),
        metric=metric,
        best=tags.get(BEST),
        score=run.data.metrics.get(f"best/{metric}"),
        params=params,
        params_digest=tags.get("unroll.params_digest", ""),
        fingerprint=tags.get("unroll.fingerprint", ""),
        rerun_of=tags.get(RERUN_OF),
        looks=int(tags.get(LOOKS, "0")),
        looked=tags.get(LOOKED),
        alert=tags.get(REGRESSION),
    )


def status_of(run: Run, home: Home) -> Status:
    """How far a run came; one whose process is gone is not running."""
    if is_complete(run):
        return "complete" if is_whole(run) or not is_comparison(run) else "incomplete"
    if run.info.status == "RUNNING" and not is_gone(run, home):
        return "running"
    return "failed" if run.info.status == "FAILED" else "interrupted"
