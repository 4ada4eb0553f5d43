"""A training that was interrupted on one machine goes on upon another one."""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components import patience
from components.outputs import Store
from components.remote import Remote
from components.train.handover import HandOver
from components.train.job import WEIGHTS, TrainingJob
from components.train.run import train
from components.train.worker import ChildFailed, Event
from params.errors import InputError

KEY = "0123456789abcdef"


def machine(tmp_path: Path, name: str) -> Store:
    """The store of a machine of that name, shared with all others."""
    return Store(tmp_path / name / "store", Remote((tmp_path / "shared").as_uri()))


def checkpoint(folder: Path, epoch: int, text: str) -> Path:
    import hashlib

    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = folder / f"epoch-{epoch}-{digest}.ckpt"
    path.write_text(text)
    return path


@pytest.fixture
def hand_over(tmp_path: Path) -> Callable[[str], HandOver]:
    """What hands over the checkpoints of a training, by the name of a machine."""

    def made(name: str) -> HandOver:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return HandOver(machine(tmp_path, name), KEY, folder)

    return made


def ended(epoch: int) -> Event:
    return {"kind": "epoch", "epoch": epoch, "max_epochs": 9}


def there(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "shared/train" / f"{KEY}.partial").iterdir())


def here(one: HandOver) -> list[str]:
    return sorted(path.name for path in one.folder.iterdir() if path.is_file())


def test_the_newest_checkpoint_takes_the_place_of_older_ones(
    hand_over: Callable[[str], HandOver], tmp_path: Path
) -> None:
    first, second = hand_over("first"), hand_over("second")
    first.take()  # nothing is there
    one = checkpoint(first.folder, 1, "one")
    first.give({"kind": "step", "epoch": 1, "step": 5, "num_steps": 9})
    assert not (tmp_path / "shared").exists()
    first.give(ended(1))
    assert there(tmp_path) == [one.name]
    two = checkpoint(first.folder, 2, "two")
    one.unlink()
    first.give(ended(2))
    assert there(tmp_path) == [two.name]
    second.take()
    assert here(second) == [two.name]
    assert (second.folder / two.name).read_text() == "two"
    three = checkpoint(second.folder, 3, "three")
    second.give(ended(3))
    first.give(ended(2))  # known to be there: nothing is put
    checkpoint(first.folder, 2, "other")
    assert there(tmp_path) == [three.name]
    first.take()
    assert three.name in here(first)


def test_the_checkpoint_of_the_last_epoch_is_not_put(
    hand_over: Callable[[str], HandOver], tmp_path: Path
) -> None:
    first = hand_over("first")
    checkpoint(first.folder, 9, "nine")
    first.give(ended(9))
    first.give({**ended(8), "before": 9})
    assert not (tmp_path / "shared").exists()


def test_a_later_epoch_of_another_machine_stays(
    hand_over: Callable[[str], HandOver], tmp_path: Path
) -> None:
    first, second = hand_over("first"), hand_over("second")
    five = checkpoint(second.folder, 5, "five")
    second.give(ended(5))
    two = checkpoint(first.folder, 2, "two")
    first.give(ended(2))
    assert there(tmp_path) == sorted([two.name, five.name])


@pytest.mark.parametrize("tear", [b"", b"ne", b"another"])
def test_a_torn_checkpoint_is_never_here_and_an_older_one_is(
    tear: bytes,
    hand_over: Callable[[str], HandOver],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = hand_over("first"), hand_over("second")
    four = checkpoint(first.folder, 4, "four")
    shared = tmp_path / "shared" / "train" / f"{KEY}.partial"
    first.give(ended(4))
    torn = checkpoint(shared, 5, "five")
    torn.write_bytes(tear)
    second.take()
    assert here(second) == [four.name]
    (said,) = caplog.messages
    assert said.endswith(f"{torn.name} is damaged; it is not used")


def test_a_checkpoint_that_cannot_be_put_is_a_warning(
    hand_over: Callable[[str], HandOver],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InputError("file:///shared could not be written: no answer")

    first = hand_over("first")
    checkpoint(first.folder, 1, "one")
    monkeypatch.setattr(Remote, "put_files", refuse)
    first.give(ended(1))
    assert caplog.messages == [
        "file:///shared could not be written: no answer; from epoch 1 on, another machine could "
        "not take the training up"
    ]


def test_a_checkpoint_that_a_later_one_replaces_meanwhile_is_not_missed(
    hand_over: Callable[[str], HandOver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, put = hand_over("first"), Remote.put_files
    one, later = checkpoint(first.folder, 1, "one"), []

    def overtaken(remote: Remote, files: dict[str, Path], *, tries: bool) -> None:
        if not later:
            later.append(checkpoint(first.folder, 2, "two"))
            one.unlink()
        put(remote, files, tries=tries)

    monkeypatch.setattr(Remote, "put_files", overtaken)
    first.give(ended(1))
    assert there(tmp_path) == [path.name for path in later]


def test_a_place_that_goes_away_holds_no_training_up(
    hand_over: Callable[[str], HandOver],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def ls(*_: object, **__: object) -> None:
        raise ConnectionError("no answer")

    first = hand_over("first")
    checkpoint(first.folder, 1, "one")
    monkeypatch.setattr(LocalFileSystem, "ls", ls)
    monkeypatch.setattr(patience, "PAUSES", (60,))
    began = time.monotonic()
    first.give(ended(1))
    assert time.monotonic() - began < 30
    (said,) = caplog.messages
    assert "could not be read: no answer; from epoch 1 on, another machine" in said


def pid_of_child() -> int:
    import multiprocessing

    (child,) = multiprocessing.active_children()
    assert child.pid is not None
    return child.pid


@pytest.mark.usefixtures("children")
def test_a_training_killed_on_one_machine_ends_on_another_with_the_same_bits(
    text_job: TrainingJob, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    many = {"patience": None, "max_epochs": 100}
    job = text_job.model_copy(update={"train": text_job.train.model_copy(update=many)})
    first, second = machine(tmp_path, "first"), machine(tmp_path, "second")
    # Its data lie in the first machine's store, from where the second cannot read them.
    stage, key = job.prepared.path.parts[-2:]
    made = first.output(stage, key, lambda folder: copy(job.prepared.path, folder))
    asked = job.model_copy(update={"prepared": job.prepared.model_copy(update={"path": made.path})})

    def kill(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 3:
            os.kill(pid_of_child(), signal.SIGKILL)

    with pytest.raises(ChildFailed, match="SIGKILL"):
        train(asked, first, kill)
    assert any((tmp_path / "shared/train" / f"{job.key}.partial").glob("epoch-*.ckpt"))
    (tmp_path / "first").rename(tmp_path / "gone")
    told: list[Event] = []
    torn = train(asked, second, told.append)
    assert [event["epoch"] for event in told if event.get("before")][:3] == [1, 2, 3]
    assert torn.path == second.root / "train" / job.key
    whole = train(job, store, lambda _: None)
    assert (torn.path / WEIGHTS).read_bytes() == (whole.path / WEIGHTS).read_bytes()
    metrics = [[epoch.metrics for epoch in run.epochs] for run in (torn, whole)]
    assert metrics[0] == metrics[1]
    assert not (tmp_path / "shared/train" / f"{job.key}.partial").exists()
    third = train(asked, machine(tmp_path, "third"), lambda _: None)
    assert third.reused
    assert (third.path / WEIGHTS).read_bytes() == (whole.path / WEIGHTS).read_bytes()


def copy(source: Path, folder: Path) -> None:
    for path in source.iterdir():
        if path.name != "manifest.json":
            (folder / path.name).write_bytes(path.read_bytes())
