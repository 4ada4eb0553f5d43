"""A run or a comparison as it is set beside another: what it is, what it is made from, its data."""

import json
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from components.records import Record
from components.storage import Home
from components.tracking.connection import connected
from components.tracking.files import download_some
from components.tracking.history import Status, status_of
from components.tracking.made_from import MadeFrom, record_of, text_of
from components.tracking.search import is_comparison, named
from components.tracking.trainings import DEVICES
from params.flat import flatten
from params.kept import PARAMS
from params.load import parse
from params.names import Task

SIZES = ("train", "val", "test")


class Beside(Record):
    """A run or a comparison. `params` are by dotted key; those of a run tell on how many devices.

    `source` is where the data came from, `sizes` counts the examples of each part. `metrics` are
    the numbers that a single run has, by key; a comparison has its own in its report.
    """

    made: MadeFrom
    task: Task
    status: Status
    params: dict[str, str]
    source: str
    sizes: dict[str, int]
    metrics: dict[str, float]

    @property
    def is_comparison(self) -> bool:
        """Whether it is no single run."""
        return self.made.seed is None


def beside(home: Home, ids: tuple[str, str], scratch: Path) -> tuple[Beside, Beside]:
    """The runs or comparisons that two ids name.

    Args:
        home: The folder for everything, whose MLflow must be there.
        ids: Each as for `named`.
        scratch: An empty folder for files that lie on another machine.

    Raises:
        InputError: If an id names nothing, a params file is gone, or MLflow does not answer.
    """
    with connected(home.tracking_uri) as client:
        first, second = (one_beside(client, one, home, scratch) for one in ids)
        return first, second


def one_beside(client: MlflowClient, id: str, home: Home, scratch: Path) -> Beside:
    """The same of one id."""
    found = named(client, id)
    run = client.get_run(found.info.run_id)  # with its data set, which a search leaves out
    folder = download_some(client, run, scratch / run.info.run_id, lambda path: path == PARAMS)
    text = text_of(folder / PARAMS, run)
    made = record_of(run, text)
    # Those of a run are its own; its params file is that of the comparison.
    params = flatten(parse(text, f"params.yaml of {made.called}"))
    return Beside(
        made=made,
        task=run.data.tags["unroll.task"],
        status=status_of(run, home),
        params=params if is_comparison(run) else {**run.data.params, "devices": devices_of(run)},
        source=run.data.tags.get("unroll.data", ""),
        sizes=sizes_of(run),
        metrics=dict(run.data.metrics),
    )


def devices_of(run: Run) -> str:
    """How many devices shared a training; one, where that could not be asked for yet."""
    return run.data.tags.get(DEVICES, "1")


def sizes_of(run: Run) -> dict[str, int]:
    """How many examples each part of the run's data has."""
    for one in run.inputs.dataset_inputs if run.inputs else ():
        profile = json.loads(one.dataset.profile or "{}")
        if profile.keys() >= set(SIZES):
            return {name: int(profile[name]) for name in SIZES}
    return {}
