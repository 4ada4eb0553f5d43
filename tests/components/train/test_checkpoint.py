"""A training that is interrupted and taken up is, to the bit, one that never was."""

import json
import os
import random
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from components.outputs import Store
from components.preprocess.batches import Batch
from components.train.checkpoint import (
    newest_checkpoint,
    random_state,
    restore_random,
)
from components.train.fit import fit
from components.train.job import TrainingJob
from components.train.lightning_module import SequenceModule
from components.train.run import train
from components.train.worker import ChildFailed, Event
from params.names import Architecture


class PulledPlug(Exception):
    pass


@contextmanager
def plug_pulled_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training breaks off in its step `steps + 1`."""
    real, count = SequenceModule.training_step, 0

    def step(self: SequenceModule, batch: Batch) -> Any:
        nonlocal count
        count += 1
        if count > steps:
            raise PulledPlug
        return real(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(SequenceModule, "training_step", step)
        yield


def changed(job: TrainingJob, model: dict[str, Any], **train: Any) -> TrainingJob:
    update = {
        "model": job.model.model_copy(update=model),
        "train": job.train.model_copy(update=train),
    }
    return job.model_copy(update=update)


def demanding(job: TrainingJob, architecture: Architecture = "gru") -> TrainingJob:
    """The job with everything that has a state: dropout, averaged weights, early stopping."""
    job = job.model_copy(update={"architecture": architecture})
    return changed(
        job, {"dropout": 0.5}, max_epochs=6, ema_decay=0.9, patience=2, learning_rate=0.03
    )


def result(folder: Path) -> dict[str, Any]:
    """What a training found, times apart."""
    found = json.loads((folder / "trained.json").read_text())
    for timed in ("train_seconds", "peak_memory_bytes", "path"):
        del found[timed]
    for epoch in found["epochs"]:
        del epoch["seconds"]
    return dict(found)


def assert_equal(one: Path, other: Path) -> None:
    assert result(one) == result(other)
    ours, theirs = (load_file(folder / "weights.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def folder(tmp_path: Path, name: str) -> Path:
    made = tmp_path / name
    made.mkdir()
    return made


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru", "bilstm"])
@pytest.mark.parametrize("task", ["text_job", "series_job"])
def test_interruptions_change_no_bit(
    architecture: Architecture,
    task: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = demanding(request.getfixturevalue(task), architecture)
    whole, torn = folder(tmp_path, "whole"), folder(tmp_path, "torn")
    fit(job, whole)
    interruptions = 0
    while not (torn / "trained.json").exists():
        with plug_pulled_after(7, monkeypatch):  # in the middle of the second epoch it gets to
            try:
                fit(job, torn)
            except PulledPlug:
                interruptions += 1
        assert interruptions <= job.train.max_epochs
    assert interruptions >= 2
    assert_equal(torn, whole)
    assert sorted(path.name for path in torn.iterdir()) == sorted(
        path.name for path in whole.iterdir()
    )


def test_what_was_finished_is_told_again_and_not_trained_again(
    text_job: TrainingJob, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = changed(text_job, {}, max_epochs=3)
    with plug_pulled_after(12, monkeypatch), pytest.raises(PulledPlug):  # five steps an epoch
        fit(job, run_folder)
    before = epochs_told(run_folder)
    assert [event["epoch"] for event in before] == [1, 2]
    (run_folder / "events.jsonl").unlink()
    with plug_pulled_after(5, monkeypatch):  # as many as the third epoch needs
        fit(job, run_folder)
    told = epochs_told(run_folder)
    assert [(event["epoch"], event.get("before")) for event in told] == [
        (1, 2),
        (2, 2),
        (3, None),
    ]
    assert [event["metrics"] for event in told[:2]] == [event["metrics"] for event in before]


def epochs_told(folder: Path) -> list[Event]:
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return [event for event in events if event["kind"] == "epoch"]


@pytest.mark.parametrize("max_epochs", [1, 3])
def test_one_that_ended_before_its_result_was_written_is_not_trained_again(
    max_epochs: int, text_job: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = changed(text_job, {}, max_epochs=max_epochs)
    whole, torn = folder(tmp_path, "whole"), folder(tmp_path, "torn")
    fit(job, whole)

    def pulled(*_: object) -> None:
        raise PulledPlug

    with monkeypatch.context() as patch:
        patch.setattr("components.train.fit.save_file", pulled)
        with pytest.raises(PulledPlug):
            fit(job, torn)
    with plug_pulled_after(0, monkeypatch):
        fit(job, torn)
    assert_equal(torn, whole)


def test_one_that_ended_before_it_was_stored_tells_its_epochs_again(
    text_job: TrainingJob, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(text_job, run_folder)
    told = epochs_told(run_folder)
    (run_folder / "events.jsonl").unlink()  # as the next child's parent does
    with plug_pulled_after(0, monkeypatch):
        fit(text_job, run_folder)
    assert [{**event, "before": len(told)} for event in told] == epochs_told(run_folder)


def test_nothing_is_written_elsewhere_not_even_for_a_moment(
    text_job: TrainingJob, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    real = tempfile.mkstemp

    def watched(*args: Any, **options: Any) -> tuple[int, str]:
        descriptor, name = real(*args, **options)
        made.append(Path(name))
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", watched)
    fit(text_job, run_folder)
    assert made
    assert all(path.match(f"{run_folder}/epoch.ckpt.*") for path in made)


@pytest.mark.parametrize("damage", ["cut off", "changed", "emptied"])
def test_a_damaged_checkpoint_is_named_and_the_training_begins_again(
    damage: str,
    text_job: TrainingJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = changed(text_job, {}, max_epochs=3)
    whole, torn = folder(tmp_path, "whole"), folder(tmp_path, "torn")
    fit(job, whole)
    with plug_pulled_after(12, monkeypatch), pytest.raises(PulledPlug):
        fit(job, torn)
    found = newest_checkpoint(torn)
    assert found is not None
    content = bytearray(found.read_bytes())
    content[len(content) // 2] ^= 1
    found.write_bytes({"cut off": content[:-1], "changed": content, "emptied": b""}[damage])
    fit(job, torn)
    assert f"{found} is damaged" in caplog.text
    assert_equal(torn, whole)


def test_a_half_written_checkpoint_is_no_checkpoint(run_folder: Path) -> None:
    (run_folder / "epoch.ckpt.partial").write_bytes(b"PK")
    (run_folder / "last.ckpt").write_bytes(b"PK")
    assert newest_checkpoint(run_folder) is None


def test_random_numbers_go_on_where_they_were() -> None:
    def drawn() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(1))]

    processor = torch.device("cpu")
    before = random_state(processor)
    first = drawn()
    drawn()
    restore_random(before, processor)
    assert drawn() == first


@pytest.mark.usefixtures("children")
def test_a_killed_child_is_taken_up_at_its_last_epoch(
    text_job: TrainingJob, tmp_path: Path
) -> None:
    job = demanding(text_job)
    many = {"patience": None, "max_epochs": 60}  # so that it is still there to be killed
    job = job.model_copy(update={"train": job.train.model_copy(update=many)})
    store = Store(tmp_path / "torn")
    told: list[Event] = []

    def kill(event: Event) -> None:
        told.append(event)
        if event["kind"] == "epoch" and event["epoch"] == 3:
            os.kill(pid_of_child(), signal.SIGKILL)

    with pytest.raises(ChildFailed, match="SIGKILL"):
        train(job, store, kill)
    told.clear()
    torn = train(job, store, told.append)
    epochs = [event for event in told if event["kind"] == "epoch"]
    assert [event["epoch"] for event in epochs if event.get("before")][:3] == [1, 2, 3]
    assert [event["epoch"] for event in epochs] == list(range(1, 61))
    whole = train(job, Store(tmp_path / "whole"), told.append)
    assert_equal(torn.path, whole.path)
    kept = {path.name for path in torn.path.iterdir()}
    assert not {name for name in kept if "ckpt" in name or "partial" in name}


def pid_of_child() -> int:
    import multiprocessing

    (child,) = multiprocessing.active_children()
    assert child.pid is not None
    return child.pid


@pytest.mark.usefixtures("children")
def test_fresh_does_not_go_on_from_a_checkpoint(text_job: TrainingJob, store: Store) -> None:
    job = changed(text_job, {}, max_epochs=60)

    def kill(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 1:
            os.kill(pid_of_child(), signal.SIGKILL)

    with pytest.raises(ChildFailed):
        train(job, store, kill)
    told: list[Event] = []
    train(job, store, told.append, fresh=True)
    assert not [event for event in told if event.get("before")]
