"""What `resources.deterministic` and `precision` set, seen in a training's own child process."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from components.train.job import TrainingJob
from components.train.worker import run_in_child
from params.resources import Precision, Resources


@pytest.mark.parametrize(("wanted", "precision"), [(True, "32-true"), (False, "bf16-mixed")])
def test_a_child_computes_as_the_params_say(
    wanted: bool, precision: Precision, text_job: TrainingJob, run_folder: Path, children: None
) -> None:
    child_work: ModuleType = __import__("child_work")
    resources = Resources(deterministic=wanted, precision=precision)
    job = text_job.model_copy(update={"resources": resources})
    run_in_child(child_work.fit_and_tell, job.model_dump_json(), run_folder)
    found = json.loads((run_folder / "flags.json").read_text())
    inherited = found.pop("inherited")
    assert found == {
        "algorithms": wanted,
        "only_warned": False,
        "cudnn.deterministic": wanted,
        "cudnn.benchmark": not wanted,
        "cudnn.allow_tf32": precision != "32-true",
        "filled": False,
        "workspace": ":4096:8" if wanted else inherited,
        "set before CUDA": True,
    }
