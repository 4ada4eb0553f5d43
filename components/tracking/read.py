"""Which finished run answers for an experiment."""

import difflib
import math
import re
from collections.abc import Iterator
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run

from components.metrics import VAL_LOSS
from components.records import Record
from components.tracking.comparison import REGRESSION
from components.tracking.connection import connected
from components.tracking.files import download
from components.tracking.runs import COMPLETE
from components.tracking.search import comparison_of, latest_first
from components.tracking.trainings import POINT
from params.errors import InputError
from params.load import shipped, to_run
from params.names import Architecture

RUN_ID_START = re.compile(r"[0-9a-f]{1,32}")
# What a run is that answers nothing, and what is wanted instead.
OTHER_KINDS = {
    "comparison": ("the comparison", "one of its runs"),
    "tuning": ("the search", "a run of a comparison"),
    "trial": ("a trial of a search,", "a run of a comparison"),
}
FINISHED = f"tags.`unroll.kind` = 'run' and tags.`{COMPLETE}` = 'true'"


class FinishedRun(Record):
    """A run that is complete. `val_loss` is that of its best epoch, whose weights lie in `folder`.

    `point` says which point of a grid it is of, such as `train.learning_rate 0.0003`. `refused` is
    a newer comparison that was passed over, because its alert fired.
    `folder` holds `params.yaml`, `weights.safetensors`, `prepared.json` and, for texts,
    `vocabulary.json`.
    """

    run_id: str
    architecture: Architecture
    seed: int
    comparison: str
    val_loss: float
    folder: Path
    point: str = ""
    refused: str = ""

    @property
    def name(self) -> str:
        """What people call the run, such as `lstm seed 1`."""
        name = f"{self.architecture} seed {self.seed}"
        return f"{name} at {self.point}" if self.point else name


def find_run(
    uri: str,
    experiment: str,
    scratch: Path,
    *,
    run_id: str | None = None,
    architecture: Architecture | None = None,
) -> FinishedRun:
    """The run that `run_id` begins to name, or else the best one of the latest comparison.

    The latest comparison is the one that started last and has a finished run (of `architecture`,
    if that is given); its best run has the least val/loss. One whose alert fired is the latest only
    where there is no other.

    Args:
        uri: The MLflow server or database; it must be there.
        experiment: Name of the MLflow experiment.
        scratch: An empty folder for the run's files, used where MLflow keeps them elsewhere.
        run_id: The id of a run, or its first characters.
        architecture: Consider only runs of it.

    Raises:
        InputError: If there is no such run, it is not finished, or MLflow does not answer.
    """
    with connected(uri) as client:
        found = find_experiment(client, experiment)
        if run_id is not None:
            run, refused = named_run(client, found, run_id), ""
            loss = best_loss(client, run)
        else:
            run, loss, refused = best_of_latest(client, found, architecture)
        folder = download(client, run, scratch)
    return FinishedRun(
        run_id=run.info.run_id,
        architecture=run.data.tags["unroll.architecture"],
        seed=int(run.data.tags["unroll.seed"]),
        comparison=run.data.tags["unroll.comparison"],
        val_loss=loss,
        folder=folder,
        point=run.data.tags.get(POINT, ""),
        refused=refused,
    )


def find_experiment(client: MlflowClient, name: str) -> Experiment:
    """The MLflow experiment called `name`.

    Raises:
        InputError: If there is none.
    """
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "active":
        return found
    known = sorted(one.name for one in client.search_experiments() if one.name != "Default")
    there = f"there are runs of {', '.join(known)}" if known else "there are no runs yet"
    close = difflib.get_close_matches(name, {*known, *shipped()}, n=1)
    hint = f"did you mean {close[0]}? " if close and name not in shipped() else ""
    advice = to_run(name) if name in shipped() else "no params file of that name comes with Unroll"
    raise InputError(f"no experiment called {name!r} was run; {hint}{there}; {advice}")


def named_run(client: MlflowClient, experiment: Experiment, start: str) -> Run:
    """The finished run of `experiment` whose id begins with `start`.

    Raises:
        InputError: If none or several do, or the one that does is not a finished run.
    """
    runs: list[Run] = []
    if RUN_ID_START.fullmatch(start):
        query = f"attributes.run_id LIKE '{start}%'"
        runs = list(client.search_runs([experiment.experiment_id], query, max_results=2))
    if not runs:
        raise InputError(f"--run {start}: no run of {experiment.name} has an id that begins so")
    if len(runs) > 1:
        raise InputError(
            f"--run {start}: several runs of {experiment.name} begin so; give more of the id"
        )
    (run,) = runs
    kind = run.data.tags.get("unroll.kind")
    if kind != "run":
        what, wanted = OTHER_KINDS.get(kind or "", ("no run of Unroll but", "a run of Unroll"))
        raise InputError(
            f"--run {start} is {what} {run.info.run_name}; give the id of {wanted}, "
            "or --architecture"
        )
    if run.data.tags.get(COMPLETE) != "true":
        raise InputError(
            f"--run {start} ({run.info.run_name}) did not finish: its status is {run.info.status}"
        )
    return run


def best_of_latest(
    client: MlflowClient, experiment: Experiment, architecture: Architecture | None
) -> tuple[Run, float, str]:
    """The best run of the latest comparison that has one, its val/loss, and what was passed over.

    Raises:
        InputError: If no comparison has one.
    """
    wanted = FINISHED
    if architecture is not None:
        wanted += f" and tags.`unroll.architecture` = '{architecture}'"
    refused: list[Run] = []
    for comparison in with_refused_last(client, experiment, refused):
        its_own = f"tags.`unroll.comparison` = '{comparison_of(comparison)}'"
        runs = [
            (run, best_loss(client, run))
            for run in latest_first(client, [experiment.experiment_id], f"{wanted} and {its_own}")
        ]
        if runs:
            run, loss = min(runs, key=lambda one: (one[1], one[0].info.run_name))
            over = refused and REGRESSION not in comparison.data.tags
            return run, loss, comparison_of(refused[0]) if over else ""
    of = f" of {architecture}" if architecture is not None else ""
    raise InputError(f"{experiment.name} has no finished run{of}; {to_run(experiment.name)}")


def with_refused_last(
    client: MlflowClient, experiment: Experiment, refused: list[Run]
) -> Iterator[Run]:
    """The comparisons, the latest first; those whose alert fired after the others.

    They are put into `refused` as they are passed over.
    """
    kind = "tags.`unroll.kind` = 'comparison'"
    for comparison in latest_first(client, [experiment.experiment_id], kind):
        if REGRESSION in comparison.data.tags:
            refused.append(comparison)
        else:
            yield comparison
    yield from refused


def best_loss(client: MlflowClient, run: Run) -> float:
    """The val/loss of the epoch whose weights were kept."""
    history = client.get_metric_history(run.info.run_id, VAL_LOSS)
    return min((one.value for one in history if not math.isnan(one.value)), default=math.inf)
