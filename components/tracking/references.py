"""How the comparisons in MLflow stand, and to which stage outputs they refer."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from components.storage import Home
from components.tracking.connection import connected
from components.tracking.gone import is_whole
from components.tracking.outputs import all_outputs, tagged
from components.tracking.owner import STARTED, is_gone
from components.tracking.runs import is_complete
from components.tracking.search import is_comparison, pages

State = Literal["finished", "running", "interrupted", "deleted"]

# Runs of a search for params belong to no comparison. They refer to outputs all the same.
SEARCH = "unroll.tuning"
GROUPS = ("unroll.comparison", SEARCH)


@dataclass(frozen=True)
class Tracked:
    """A comparison and its nested runs, as the MLflow at `uri` holds them.

    `own` is absent where its run was removed for good, and `state` is deleted then, as it is where
    that was deleted. `outputs` are those that its runs refer to, as `stage/key`, and `former` those
    of its deleted runs; `unknown` says why they are not all known, and is empty where they are.
    `dead` has the ids of runs that say RUNNING, but whose process is gone.
    """

    uri: str
    id: str
    experiment: str
    state: State
    own: Run | None
    nested: tuple[Run, ...]
    outputs: frozenset[str]
    former: frozenset[str] = frozenset()
    unknown: str = ""
    dead: frozenset[str] = frozenset()

    @property
    def runs(self) -> tuple[Run, ...]:
        """All of its runs, its own last."""
        return (*self.nested, *([self.own] if self.own else []))

    @property
    def lacks(self) -> bool:
        """Whether it came to its end without a result of every run."""
        return self.state == "finished" and self.own is not None and not is_whole(self.own)

    @property
    def is_idle_search(self) -> bool:
        """Whether it is no comparison but a search for params, at which no process is."""
        searched = [run for run in self.nested if SEARCH in run.data.tags]
        return bool(searched) and not any(
            is_active(run) and run.info.status == "RUNNING" and run.info.run_id not in self.dead
            for run in searched
        )

    @property
    def deleted(self) -> tuple[Run, ...]:
        """Those of its runs that were deleted."""
        return tuple(run for run in self.runs if not is_active(run))

    @property
    def began(self) -> float:
        """When the first of its runs began, in seconds since 1970."""
        return float(min(run.info.start_time for run in self.runs)) / 1000

    @property
    def touched(self) -> float:
        """When one of its runs last began, was taken up or ended, in seconds since 1970."""
        return max(moment for run in self.runs for moment in moments(run))


def tracked(uri: str, home: Home, scratch: Path) -> list[Tracked]:
    """Every comparison that an MLflow holds, deleted ones too, in the order of their ids.

    Args:
        uri: The MLflow server or database; it must be there.
        home: The folder for everything, where running comparisons hold their locks.
        scratch: An empty folder for records that lie on another machine.

    Raises:
        InputError: If it does not answer.
    """
    found = []
    with connected(uri) as client:
        experiments = pages(client.search_experiments, view_type=ViewType.ALL)
        names = {one.experiment_id: one.name for one in experiments}
        for name, runs in grouped(client, list(names)):
            outputs, unknown = all_outputs(client, filter(is_active, runs), scratch)
            own = own_run(runs)
            found.append(
                Tracked(
                    uri=uri,
                    id=name,
                    experiment=names[runs[0].info.experiment_id],
                    state=state_of(own, home),
                    own=own,
                    nested=tuple(run for run in runs if not is_comparison(run)),
                    outputs=outputs,
                    former=tagged(run for run in runs if not is_active(run)),
                    unknown=unknown,
                    dead=frozenset(run.info.run_id for run in runs if is_dead(run, home)),
                )
            )
    return found


def grouped(client: MlflowClient, experiments: list[str]) -> list[tuple[str, list[Run]]]:
    """The ids of all comparisons and searches with their runs, deleted ones too, in order."""
    runs: dict[str, list[Run]] = {}
    for group in GROUPS:
        for run in pages(
            client.search_runs,
            experiment_ids=experiments,
            filter_string=f"tags.`{group}` LIKE '%'",
            run_view_type=ViewType.ALL,
            max_results=1000,
        ):
            runs.setdefault(run.data.tags[group], []).append(run)
    return sorted(runs.items())


def own_run(runs: Iterable[Run]) -> Run | None:
    """The comparison's own run among all of its runs: one that is not deleted, if there is one."""
    found = sorted(filter(is_comparison, runs), key=is_active)
    return found[-1] if found else None


def state_of(own: Run | None, home: Home) -> State:
    """How a comparison stands whose own run is `own`."""
    if own is None or not is_active(own):
        return "deleted"
    if is_complete(own):
        return "finished"
    return "interrupted" if own.info.status != "RUNNING" or is_dead(own, home) else "running"


def moments(run: Run) -> Iterator[float]:
    """When a run began, when it ended, and when its process started, in seconds since 1970.

    A run that is taken up keeps its first two until it ends again, but gets another process.
    """
    yield run.info.start_time / 1000
    if run.info.end_time:
        yield run.info.end_time / 1000
    with suppress(KeyError, ValueError):
        yield float(run.data.tags[STARTED])


def is_dead(run: Run, home: Home) -> bool:
    """Whether a run says that it is running, and its process is gone."""
    return is_active(run) and run.info.status == "RUNNING" and is_gone(run, home)


def is_active(run: Run) -> bool:
    """Whether nobody deleted the run."""
    return bool(run.info.lifecycle_stage == "active")


def runs_of_models(uri: str) -> set[str]:
    """The ids of all runs that a registered model is of.

    Raises:
        InputError: If the MLflow at `uri` does not answer.
    """
    with connected(uri) as client:
        return {one.run_id for one in pages(client.search_model_versions) if one.run_id}
