"""What has no result in the middle of a grid."""

import json
from pathlib import Path

from components.compare.across.points import grid_rows
from components.tracking.comparison import at_point
from components.tracking.opening import Tracking
from components.tracking.recall import recall
from components.tracking.runs import Parent
from components.tracking.search import latest_first
from components.tracking.trainings import start_training
from components.tracking.unfinished import missing_so_far
from components.train.job import TrainingJob
from params.load import load, to_yaml
from params.schema import ForecastExperiment


def test_what_a_grid_lacks_is_named_by_its_row(
    opened: Tracking,
    parent: Parent,
    job: TrainingJob,
    tiny_temperature: ForecastExperiment,
    tmp_path: Path,
) -> None:
    """Two points of two rows: of the four one has ended in failure, one is under way."""
    changes = {
        "grid": {"train.batch_size": (8, 16)},
        "architectures": ("gru", "rnn"),
        "seeds": (7,),
    }
    experiment = tiny_temperature.model_copy(update=changes)
    rows = grid_rows(experiment)
    client = opened.client()

    def begin(name: str) -> str:
        row = rows[name]
        own = {"row": row.named, "architecture": row.architecture, "train": row.params.train}
        return start_training(at_point(parent, row.params), job.model_copy(update=own)).run_id

    failed = begin("gru-2")
    client.set_tag(failed, "unroll.reason", "no memory")
    client.set_terminated(failed, "FAILED")
    begin("rnn")
    baselines = tmp_path / "baselines"
    for name in experiment.evaluate.baselines:
        (baselines / name).mkdir(parents=True)
        (baselines / name / "scored.json").write_text("{}")
    query = "tags.`unroll.kind` = 'run'"
    nested = list(latest_first(client, [opened.experiment_id], query))
    comparison = client.get_run(parent.run_id)
    found = missing_so_far(experiment, comparison, nested, tmp_path)
    running = "not finished: it is running, or its process ended without a word"
    assert [(one.name, one.seed, one.status, one.reason) for one in found] == [
        ("gru", 7, "RUNNING", "not begun"),
        ("gru-2", 7, "FAILED", "no memory"),
        ("rnn", 7, "RUNNING", running),
        ("rnn-2", 7, "RUNNING", "not begun"),
    ]
    # Whoever asks for one of the runs is told of that alone.
    client.log_text(parent.run_id, to_yaml(experiment), "params.yaml")
    (tmp_path / "again").mkdir()
    recalled = recall(client, comparison, tmp_path / "again", only={failed})
    assert [one.name for one in recalled.missing if one.seed is not None] == ["gru-2"]


def test_a_run_of_a_grid_carries_its_point(
    opened: Tracking, parent: Parent, job: TrainingJob, tiny_temperature: ForecastExperiment
) -> None:
    grid = {"grid": {"model.pooling": ("last",), "train.batch_size": (8, 16)}}
    row = grid_rows(tiny_temperature.model_copy(update=grid))["gru-2"]
    own = {"row": row.named, "train": row.params.train}
    run_id = start_training(at_point(parent, row.params), job.model_copy(update=own)).run_id
    client = opened.client()
    run = client.get_run(run_id)
    assert run.info.run_name == "gru-seed7, train.batch_size 16"
    assert run.data.params["train.batch_size"] == "16"
    assert run.data.params["preprocess.context_length"] == "5"
    assert run.data.tags["unroll.row"] == "gru-2"
    assert run.data.tags["unroll.point"] == "train.batch_size 16"
    assert run.data.tags["unroll.params_digest"] == row.params.digest()
    file = client.download_artifacts(run_id, "params.yaml")
    assert load(file) == row.params
    # It is of the comparison like any other run, and without a grid nothing of this is there.
    assert run.data.tags["unroll.comparison"] == parent.id
    plain = client.get_run(start_training(parent, job).run_id)
    assert not {"unroll.row", "unroll.point"} & plain.data.tags.keys()
    assert json.loads(plain.inputs.dataset_inputs[0].dataset.profile)["train"] == 70
