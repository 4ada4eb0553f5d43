"""Which stage outputs the runs in MLflow were made from, and how the comparisons stand.

Every run of ours names its outputs in a tag, as `train/1824dede80391737 evaluate/…`: a comparison
its data and its baselines, a nested run its training and its scores. Runs of older versions lack
the tag; what they were made from stands in the records that they left.
"""

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import psutil
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.store.entities import PagedList

from components.tracking.comparison import FOLDER
from components.tracking.files import download_some
from components.tracking.recall import is_evidence, is_evidence_of_run
from components.tracking.runs import OUTPUTS, output_name
from components.tracking.search import is_comparison
from components.tracking.trainings import RUN_EVIDENCE
from components.tracking.unfinished import is_complete
from params.errors import InputError

T = TypeVar("T")
State = Literal["finished", "running", "interrupted", "gone"]

OURS = "tags.`unroll.comparison` LIKE '%'"


@dataclass(frozen=True)
class Tracked:
    """A comparison and its nested runs, as MLflow holds them.

    `own` is absent where its run was removed for good, and `state` is gone then, as it is where
    that was deleted. `outputs` are those that its runs refer to, as `stage/key`; `unknown` says
    why they are not all known, and is empty where they are.
    """

    id: str
    experiment: str
    state: State
    own: Run | None
    nested: tuple[Run, ...]
    outputs: frozenset[str]
    unknown: str = ""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All of its runs, its own last."""
        return (*self.nested, *([self.own] if self.own else []))

    @property
    def began(self) -> float:
        """When the first of its runs began, in seconds since 1970."""
        return min(run.info.start_time for run in self.runs) / 1000


def tracked(client: MlflowClient, scratch: Path) -> list[Tracked]:
    """Every comparison that MLflow holds, deleted ones too, in the order of their ids.

    Args:
        client: Of the MLflow server or database.
        scratch: An empty folder for records that lie on another machine.
    """
    names = {
        one.experiment_id: one.name
        for one in pages(client.search_experiments, view_type=ViewType.ALL)
    }
    runs: dict[str, list[Run]] = {}
    for run in pages(
        client.search_runs,
        experiment_ids=list(names),
        filter_string=OURS,
        run_view_type=ViewType.ALL,
        max_results=1000,
    ):
        runs.setdefault(run.data.tags["unroll.comparison"], []).append(run)
    return [
        one_comparison(client, id, names[its[0].info.experiment_id], its, scratch)
        for id, its in sorted(runs.items())
    ]


def one_comparison(
    client: MlflowClient, id: str, experiment: str, runs: Iterable[Run], scratch: Path
) -> Tracked:
    """The comparison that these runs are of."""
    own, nested = None, []
    for run in runs:
        if not is_comparison(run):
            nested.append(run)
        elif own is None or is_active(run):
            own = run
    outputs: set[str] = set()
    unknown = ""
    for run in (*nested, *([own] if own else [])):
        if is_active(run):
            try:
                outputs |= outputs_of(client, run, scratch)
            except (InputError, ValueError, KeyError, TypeError) as error:
                unknown = f"what {run.info.run_name} of {id} was made from is not known ({error})"
    state = state_of(own)
    return Tracked(id, experiment, state, own, tuple(nested), frozenset(outputs), unknown)


def state_of(own: Run | None) -> State:
    """How a comparison stands whose own run is `own`."""
    if own is None or not is_active(own):
        return "gone"
    if is_complete(own):
        return "finished"
    return "running" if own.info.status == "RUNNING" and not is_gone(own) else "interrupted"


def is_gone(run: Run) -> bool:
    """Whether the process that made the run, on this machine, is no more."""
    tags = run.data.tags
    if tags.get("unroll.host") != socket.gethostname():
        return False
    return not psutil.pid_exists(int(tags["unroll.pid"]))


def is_active(run: Run) -> bool:
    """Whether nobody deleted the run."""
    return bool(run.info.lifecycle_stage == "active")


def outputs_of(client: MlflowClient, run: Run, scratch: Path) -> set[str]:
    """The outputs that an active run refers to, out of its tag or else its records.

    Raises:
        InputError: If it left no tag, and its records are gone.
        ValueError, KeyError, TypeError: If they are not as any version wrote them.
    """
    tags = run.data.tags
    if OUTPUTS in tags:
        return set(tags[OUTPUTS].split())
    folder = download_some(client, run, scratch / run.info.run_id, is_record)
    if is_comparison(run):
        begun = parsed(folder / FOLDER / "evidence.json")
        paths = [begun["ingested"]["path"], begun["prepared"]["path"]]
        scored = sorted((folder / FOLDER).glob("baselines/*/scored.json"))
        paths += [parsed(one)["path"] for one in scored]
        return {output_name(Path(path)) for path in paths}
    found = {f"train/{tags['unroll.training']}"} if "unroll.training" in tags else set()
    if is_complete(run):
        left = parsed(folder / RUN_EVIDENCE)
        found |= {output_name(Path(left[stage]["path"])) for stage in ("trained", "scored")}
    return found


def is_record(path: str) -> bool:
    """Whether this file of a run says what it was made from."""
    return path.endswith(".json") and (is_evidence(path) or is_evidence_of_run(path))


def parsed(path: Path) -> Any:  # JSON of whatever version
    """What a JSON file holds.

    Raises:
        InputError: If it is not there.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path.name}: {error.strerror}") from None


def pages(search: Callable[..., PagedList[T]], **asked: object) -> Iterator[T]:
    """All that a search of MLflow's finds, page after page."""
    token = None
    while True:
        page = search(**asked, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def models_runs(client: MlflowClient) -> set[str]:
    """The ids of all runs that a registered model is of."""
    return {version.run_id for version in pages(client.search_model_versions) if version.run_id}
