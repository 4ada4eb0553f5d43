"""Two runs or comparisons as they are set side by side."""

from pathlib import Path

import pytest

from components.records import Scored, Trained
from components.storage import Home
from components.tracking.beside import beside
from components.tracking.runs import Parent
from components.tracking.trainings import finish_training, start_training
from components.train.job import TrainingJob
from params.errors import InputError


def test_a_run_has_its_own_params_and_numbers_and_a_comparison_those_of_its_file(
    parent: Parent, job: TrainingJob, trained: Trained, scored: Scored, home: Home, tmp_path: Path
) -> None:
    run_id = start_training(parent, job).run_id
    finish_training(parent, run_id, job, trained, scored)
    whole, run = beside(home, ("tiny-1", run_id), tmp_path)
    assert (whole.is_comparison, run.is_comparison) == (True, False)
    assert (whole.status, run.status) == ("running", "complete")
    assert whole.params == {"name": "tiny"}
    expected = {"architecture": "gru", "seed": "7", "train.max_epochs": "1", "devices": "1"}
    assert run.params.items() >= {**expected, "ingest.num_days": "120"}.items()
    parent.tracking.client().set_tag(run_id, "unroll.devices", "2")
    shared, _ = beside(home, (run_id, "tiny-1"), tmp_path)
    assert shared.params["devices"] == "2"
    assert run.metrics["test/mae"] == 1.75
    assert run.metrics["best/val/loss"] == 0.5
    for side in (whole, run):
        assert (side.source, side.sizes) == ("a series", {"train": 70, "val": 20, "test": 10})
        assert side.made.fingerprint == "abc123"
        assert side.task == "forecast"


def test_params_that_are_no_yaml_are_one_clear_line(
    parent: Parent, home: Home, tmp_path: Path
) -> None:
    (path,) = home.artifacts.rglob("params.yaml")
    path.write_text("a: [")
    with pytest.raises(InputError, match=r"^params.yaml of tiny-1 is not readable YAML at line 1"):
        beside(home, ("tiny-1", "latest"), tmp_path)
