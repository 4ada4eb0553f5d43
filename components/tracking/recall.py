"""A comparison as MLflow holds it: its finished runs, with all that a page is made from."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.entities import Run
from pydantic import TypeAdapter, ValidationError

from components.records import (
    Answering,
    ChampionEvidence,
    ComparisonEvidence,
    Missing,
    Prepared,
    Recalled,
    RunEvidence,
    Scored,
)
from components.tracking.comparison import CHAMPION, EVIDENCE, FOLDER, SCORED
from components.tracking.files import download_some
from components.tracking.runs import TAKEN_UP, is_complete
from components.tracking.search import comparison_of, latest_first
from components.tracking.trainings import RUN_EVIDENCE
from components.tracking.unfinished import missing_so_far, name_of
from params.errors import InputError
from params.kept import PARAMS, load_kept

T = TypeVar("T")


def recall(
    client: MlflowClient, comparison: Run, scratch: Path, *, only: Collection[str] = ()
) -> Recalled:
    """What MLflow holds of a comparison.

    Args:
        client: Of the MLflow server or database.
        comparison: The comparison's own run.
        scratch: A folder for files that lie on another machine.
        only: The MLflow ids of the runs that are wanted, by default all of them.

    Raises:
        InputError: If its files are gone, or no version that this one understands left them.
    """
    whose = comparison_of(comparison)
    left = download_some(client, comparison, scratch / whose, is_evidence)
    folder = left / FOLDER
    begun = read(ComparisonEvidence.model_validate_json, folder / EVIDENCE, whose)
    experiment = load_kept(left / PARAMS, whose)
    its_own = f"tags.`unroll.kind` = 'run' and tags.`unroll.comparison` = '{whose}'"
    nested = list(latest_first(client, [comparison.info.experiment_id], its_own))
    chosen = [run for run in nested if not only or run.info.run_id in only]
    missing = final(Missing, folder / "missing.json", whose)
    going_on = TAKEN_UP in comparison.data.tags and not is_complete(comparison)
    if missing is None or going_on:  # it did not come to its end, or not to that of today
        missing = missing_so_far(experiment, comparison, nested, folder)
    if only:
        names = {name_of(run) for run in chosen}
        missing = tuple(one for one in missing if one.seed is None or (one.name, one.seed) in names)
    return Recalled(
        run_id=comparison.info.run_id,
        experiment=experiment,
        evidence=begun.model_copy(
            update={"prepared": prepared_in(begun.prepared, folder / "prepared")}
        ),
        runs=tuple(run_evidence(client, run, scratch) for run in chosen if is_complete(run)),
        baselines=baselines(folder, whose),
        answering=final(Answering, folder / "answering.json", whose) or (),
        missing=missing,
        champion=last_champion(folder, whose),
    )


def prepared_in(prepared: Prepared, folder: Path) -> Prepared:
    """What was prepared, with the folder that holds what is shown of it, at every point too."""
    points = (one.model_copy(update={"path": folder / one.key}) for one in prepared.points)
    return prepared.model_copy(update={"path": folder, "points": tuple(points)})


def last_champion(folder: Path, whose: str) -> ChampionEvidence | None:
    """The champion that a comparison was set against, with the folder of its predictions.

    Raises:
        InputError: If what is kept of it is not as it should be.
    """
    path = folder / f"{CHAMPION}.json"
    if not path.is_file():
        return None
    adapter: TypeAdapter[ChampionEvidence | None] = TypeAdapter(ChampionEvidence | None)
    found = read(adapter.validate_json, path, whose)
    if found is None:
        return None
    own = {"said": found.said.model_copy(update={"path": folder / CHAMPION})}
    return found.model_copy(update=own)


def baselines(folder: Path, whose: str) -> tuple[Scored, ...]:
    """The scores of the baselines that were kept, with the folders of their predictions.

    Raises:
        InputError: If they are not as they should be.
    """
    return tuple(
        read(Scored.model_validate_json, path, whose).model_copy(update={"path": path.parent})
        for path in sorted(folder.glob(f"baselines/*/{SCORED}"))
    )


def run_evidence(client: MlflowClient, run: Run, scratch: Path) -> RunEvidence:
    """What a finished run left, with the folder that holds its predictions.

    Raises:
        InputError: If its files are gone, or no version that this one understands left them.
    """
    run_id: str = run.info.run_id
    folder = download_some(client, run, scratch / run_id, is_evidence_of_run)
    found = read(
        RunEvidence.model_validate_json, folder / RUN_EVIDENCE, f"{run.info.run_name} ({run_id})"
    )
    own = {"path": folder, "run_id": run_id}
    return found.model_copy(update={"scored": found.scored.model_copy(update=own)})


def is_evidence(path: str) -> bool:
    """Whether a comparison is made from this file of its own run."""
    return path == PARAMS or path.startswith(f"{FOLDER}/")


def is_evidence_of_run(path: str) -> bool:
    """Whether a comparison is made from this file of a nested run."""
    return path == RUN_EVIDENCE or path.endswith(".parquet")


def final(kind: type[T], path: Path, whose: str) -> tuple[T, ...] | None:
    """The records that a comparison leaves at its end; None where it did not get there.

    Raises:
        InputError: If they are not as they should be.
    """
    if not path.is_file():
        return None
    parse: Callable[[bytes], tuple[T, ...]] = TypeAdapter(tuple[kind, ...]).validate_json  # type: ignore[valid-type]  # known at run time alone
    return read(parse, path, whose)


def read(parse: Callable[[bytes], T], path: Path, whose: str) -> T:
    """A record, or several, out of a file.

    Raises:
        InputError: If it is not there or not what it should be.
    """
    try:
        return parse(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = "is not there" if isinstance(error, OSError) else "is not as it should be"
        raise InputError(
            f"{whose} cannot be compared again by this version: its {path.name} {reason}; "
            "run the experiment again"
        ) from None
