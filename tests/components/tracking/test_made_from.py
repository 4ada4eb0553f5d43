"""What a run or a comparison was made from."""

from pathlib import Path

import pytest

from components.storage import Home
from components.tracking.made_from import made_from
from components.tracking.runs import Parent
from components.tracking.trainings import start_training
from components.train.job import TrainingJob
from params.errors import InputError


def test_a_comparison_is_named_by_its_id_and_a_run_by_that_of_mlflow(
    parent: Parent, job: TrainingJob, home: Home, tmp_path: Path
) -> None:
    run_id = start_training(parent, job).run_id
    whole = made_from(home.tracking_uri, "tiny-1", tmp_path)
    assert (whole.id, whole.run_id, whole.called) == ("tiny-1", parent.run_id, "tiny-1")
    assert (whole.architecture, whole.seed) == (None, None)
    assert whole.params == "name: tiny\n"
    assert (whole.fingerprint, whole.code_revision) == ("abc123", "4be71ce+changes")
    assert whole.versions == {"torch": "2.13.0"}
    assert made_from(home.tracking_uri, "latest", tmp_path) == whole

    one = made_from(home.tracking_uri, run_id[:12], tmp_path)
    assert (one.id, one.run_id, one.comparison) == (run_id, run_id, "tiny-1")
    assert one.called == f"{run_id} (gru-seed7 of tiny-1)"
    assert (one.architecture, one.seed) == ("gru", 7)
    assert one.params == "name: tiny\n"


def test_params_that_are_gone_are_one_clear_line(
    parent: Parent, home: Home, tmp_path: Path
) -> None:
    (path,) = home.artifacts.rglob("params.yaml")
    path.unlink()
    with pytest.raises(InputError, match=r"^tiny-1 has no params any more: .*params.yaml is not"):
        made_from(home.tracking_uri, "tiny-1", tmp_path)
    with pytest.raises(InputError, match="did you mean tiny-1"):
        made_from(home.tracking_uri, "tiny-2", tmp_path)
