"""What has no result in a comparison that did not come to its end, and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mlflow.entities import Run

from components.records import Missing
from components.tracking.comparison import SCORED
from components.tracking.runs import REASON, is_complete
from params.schema import Experiment

Status = Literal["FAILED", "KILLED", "RUNNING"]


def missing_so_far(
    experiment: Experiment, comparison: Run, nested: Sequence[Run], folder: Path
) -> tuple[Missing, ...]:
    """Every run and baseline without a result in MLflow.

    Args:
        experiment: What was asked.
        comparison: The comparison's own run.
        nested: Those of its trainings that began.
        folder: What it left, with the baselines among it.
    """
    status = status_of(comparison)
    open_still = status == "RUNNING"
    begun = {name_of(run): run for run in nested}
    found = []
    for architecture in experiment.architectures:
        for seed in experiment.seeds:
            run = begun.get((architecture, seed))
            if run is None:
                reason = "not begun" if open_still else "the comparison ended before it began"
                found.append(Missing(name=architecture, seed=seed, status=status, reason=reason))
            elif not is_complete(run):
                reason = run.data.tags.get(REASON) or without_reason(run)
                found.append(
                    Missing(name=architecture, seed=seed, status=status_of(run), reason=reason)
                )
    reason = "baselines are kept at the end of a comparison, which this one has not reached"
    found += [
        Missing(name=name, seed=None, status=status, reason=reason)
        for name in experiment.evaluate.baselines
        if not (folder / "baselines" / name / SCORED).is_file()
    ]
    return tuple(sorted(found, key=lambda one: (one.name, one.seed or 0)))


def status_of(run: Run) -> Status:
    """How a run without a result ended, if it did."""
    status = run.info.status
    return status if status in {"FAILED", "RUNNING"} else "KILLED"


def without_reason(run: Run) -> str:
    """What is known of a run that could not say why it ended."""
    if status_of(run) == "RUNNING":
        return "not finished: it is running, or its process ended without a word"
    return "it ended before all of it was kept"


def name_of(run: Run) -> tuple[str, int]:
    """The architecture and the seed of a training."""
    return run.data.tags["unroll.architecture"], int(run.data.tags["unroll.seed"])
