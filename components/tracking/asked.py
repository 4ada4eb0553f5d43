"""Comparisons and runs that a person asks for by their ids -> what MLflow holds of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from components.records import Recalled
from components.tracking.connection import connected
from components.tracking.recall import recall
from components.tracking.search import (
    called,
    comparison_named,
    comparison_of,
    is_comparison,
    named,
)
from params.errors import InputError


@dataclass
class Wanted:
    """A comparison, and those of its runs that are wanted; none stands for all."""

    comparison: Run
    runs: list[Run] = field(default_factory=list)

    @property
    def called(self) -> str:
        """What a person calls it."""
        if not self.runs:
            return comparison_of(self.comparison)
        return ", ".join(map(called, self.runs))


def recall_comparison(uri: str, id: str, scratch: Path) -> Recalled:
    """What MLflow holds of the comparison that `id` names.

    Args:
        uri: The MLflow server or database; it must be there.
        id: As for `named`.
        scratch: An empty folder for files that lie on another machine.

    Raises:
        InputError: If there is no such comparison, its evidence is gone, or MLflow does not answer.
    """
    with connected(uri) as client:
        run = named(client, id)
        if not is_comparison(run):
            raise InputError(
                f"{id} is no comparison but a run, {run.info.run_name}; give the id of its "
                f"comparison, {comparison_of(run)}, or see it beside others with `unroll compare`"
            )
        return recall(client, run, scratch)


def recall_asked(uri: str, ids: Sequence[str], scratch: Path) -> list[tuple[str, Recalled]]:
    """What MLflow holds of all that `ids` name, by what a person calls it, in their order.

    Runs of one comparison come together, and one that is asked for whole comes whole.

    Args:
        uri: The MLflow server or database; it must be there.
        ids: Each as for `named`, that of a comparison or of a run.
        scratch: An empty folder for files that lie on another machine.

    Raises:
        InputError: If an id names nothing, evidence is gone, or MLflow does not answer.
    """
    with connected(uri) as client:
        return [
            (
                one.called,
                recall(client, one.comparison, scratch, only={run.info.run_id for run in one.runs}),
            )
            for one in wanted(client, ids)
        ]


def wanted(client: MlflowClient, ids: Sequence[str]) -> list[Wanted]:
    """The comparisons that the ids name, each once.

    Raises:
        InputError: If an id names nothing, or what another one names, or the comparison of a run
            was deleted.
    """
    found: dict[str, Wanted] = {}
    named_by: dict[str, str] = {}
    whole: set[str] = set()
    for asked in ids:
        run = named(client, asked)
        if first := named_by.get(run.info.run_id):
            both = (
                f"{asked} is given twice" if first == asked else f"{first} and {asked} are the same"
            )
            raise InputError(f"{both}: {called(run)}; give each comparison and run once")
        named_by[run.info.run_id] = asked
        comparison = comparison_of(run)
        if is_comparison(run):
            whole.add(comparison)
            found.setdefault(comparison, Wanted(run))
            continue
        if comparison not in found:
            own = comparison_named(client, run.info.experiment_id, comparison)
            if own is None:
                raise InputError(f"{called(run)} has no comparison any more; it was deleted")
            found[comparison] = Wanted(own)
        found[comparison].runs.append(run)
    return [
        Wanted(one.comparison) if comparison in whole else one for comparison, one in found.items()
    ]
