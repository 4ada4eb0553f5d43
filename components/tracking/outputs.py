"""Which stage outputs a run was made from: out of its tag, or the records of an older version.

Every run of ours names its outputs in a tag, as `train/1824dede80391737 evaluate/…`: a comparison
its data and its baselines, a nested run its training and its scores. Runs of older versions lack
the tag; what they were made from stands in the records that they left.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from components.tracking.comparison import EVIDENCE, FOLDER, SCORED
from components.tracking.files import download_some
from components.tracking.recall import is_evidence, is_evidence_of_run
from components.tracking.runs import OUTPUTS, is_complete, output_name
from components.tracking.search import is_comparison
from components.tracking.trainings import RUN_EVIDENCE
from params.errors import InputError


def all_outputs(
    client: MlflowClient, runs: Iterable[Run], scratch: Path
) -> tuple[frozenset[str], str]:
    """The outputs that active runs refer to, and why they are not all known if they are not."""
    outputs: set[str] = set()
    unknown = ""
    for run in runs:
        try:
            outputs |= outputs_of(client, run, scratch)
        except (InputError, ValueError, KeyError, TypeError) as error:
            unknown = f"what {run.info.run_name} was made from is not known ({error})"
    return frozenset(outputs), unknown


def tagged(runs: Iterable[Run]) -> frozenset[str]:
    """The outputs that runs name in their tags."""
    return frozenset(name for run in runs for name in run.data.tags.get(OUTPUTS, "").split())


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
        begun = parsed(folder / FOLDER / EVIDENCE)
        paths = [begun["ingested"]["path"], begun["prepared"]["path"]]
        scored = sorted((folder / FOLDER).glob(f"baselines/*/{SCORED}"))
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
