"""Which GPU a training gets, when it has to wait, and what is done when memory runs out."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from components.records import Prepared, SequenceSpec
from components.stopping import Interrupted, stopping
from components.train import placing
from components.train.job import TrainingJob
from components.train.placing import Gpu, Placing, see_only
from params.load import load
from params.names import Architecture
from params.resources import Resources

GB = 10**9
SECONDS = 5


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    stopping.clear()
    yield
    stopping.clear()


def job(architecture: Architecture = "lstm", seed: int = 1, devices: int = 1) -> TrainingJob:
    params = load("temperature", [])
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    made = {"path": Path("p"), "key": "k", "fingerprint": "f", "train": 1, "val": 1, "test": 1}
    return TrainingJob(
        task="forecast",
        architecture=architecture,
        seed=seed,
        model=params.model,
        train=params.train,
        prepared=Prepared(**made, spec=spec),
        num_threads=1,
        resources=Resources(devices=devices),
    )


def gpus(number: int) -> list[Gpu]:
    return [Gpu(index=index, free=10 * GB) for index in range(number)]


def takes(gigabytes: float) -> dict[str, Any]:
    """What a training says that holds so much, one of it beyond what torch knows."""
    held = int(gigabytes * GB)
    return {"peak": held - GB, "reserved": GB, "free": 10 * GB - 2 * GB}


class Waiting:
    """A training in a thread of its own that waits for a device."""

    def __init__(self, shared: Placing, wanted: TrainingJob, *, alone: bool = False):
        self.got = threading.Event()
        self.end = threading.Event()
        self.gpus: tuple[int, ...] | None = None
        self.error: BaseException | None = None

        def run() -> None:
            try:
                with shared.place(wanted, alone=alone) as self.gpus:
                    self.got.set()
                    self.end.wait(SECONDS)
            except Interrupted as error:
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def leave(self) -> None:
        self.end.set()
        self.thread.join(SECONDS)


def waits(shared: Placing, wanted: TrainingJob, *, alone: bool = False) -> bool:
    """Whether a training could not begin now."""
    return shared.room_for(placing.kind_of(wanted), wanted.resources.devices, alone=alone) is None


def test_on_the_processor_nothing_waits() -> None:
    shared = Placing()
    with ExitStack() as running:
        for seed in range(9):
            assert running.enter_context(shared.place(job(seed=seed))) == ()


def test_a_gpu_takes_one_training_until_its_kind_is_measured() -> None:
    shared = Placing(gpus(2))
    with shared.place(job(seed=1)) as first, shared.place(job(seed=2)) as second:
        assert {*first, *second} == {0, 1}
        assert waits(shared, job(seed=3))
        shared.measured(job(seed=1), first[0], takes(4))
        assert not waits(shared, job(seed=3))
        assert waits(shared, job("gru"))  # of which nobody knows what it needs
        with shared.place(job(seed=3)), shared.place(job(seed=4)):
            # Two of 4 GB are on each GPU; nine tenths of 10 GB are given out.
            assert waits(shared, job(seed=5))
    assert shared.running == []


def test_the_most_is_what_a_training_and_its_libraries_held() -> None:
    shared = Placing(gpus(1))
    shared.measured(job(), 0, {"peak": 3 * GB, "reserved": GB, "free": 8 * GB})
    assert list(shared.needs.values()) == [4 * GB]  # 2 GB are gone, 1 of them is torch's
    shared.measured(job(seed=2), 0, {"peak": 9 * GB, "reserved": GB, "free": GB})
    assert list(shared.needs.values()) == [4 * GB]  # by then others were beside it


def test_the_emptiest_gpu_is_taken_first() -> None:
    shared = Placing(gpus(2))
    for architecture in ("lstm", "gru"):
        shared.measured(job(architecture), 0, takes(3))
    with shared.place(job()) as one, shared.place(job()) as two, shared.place(job("gru")) as three:
        assert (one, two) == ((0,), (1,))
        assert three in ((0,), (1,))
        with shared.place(job("gru")) as four:
            assert {three, four} == {(0,), (1,)}


def test_one_training_on_several_gpus_has_them_to_itself() -> None:
    shared = Placing(gpus(3))
    shared.measured(job(), 0, takes(1))
    with shared.place(job(devices=2)) as both:
        assert both == (0, 1)
        with shared.place(job()) as other:
            assert other == (2,)
        assert waits(shared, job(devices=2))


def test_who_wants_to_be_alone_waits_for_all_and_lets_nobody_in() -> None:
    shared = Placing()
    running = Waiting(shared, job(seed=1))
    assert running.got.wait(SECONDS)
    alone = Waiting(shared, job(seed=2), alone=True)
    assert not alone.got.wait(0.2)
    assert waits(shared, job(seed=3))  # or the one that waits might wait for ever
    running.leave()
    assert alone.got.wait(SECONDS)
    late = Waiting(shared, job(seed=3))
    assert not late.got.wait(0.2)
    alone.leave()
    assert late.got.wait(SECONDS)
    late.leave()


def test_who_waits_ends_with_the_process() -> None:
    shared = Placing(gpus(1))
    with shared.place(job(seed=1)):
        waiting = Waiting(shared, job(seed=2))
        stopping.set()
        waiting.thread.join(SECONDS)
    assert isinstance(waiting.error, Interrupted)


@pytest.mark.parametrize(
    ("before", "own", "after"),
    [(None, (1,), "1"), ("4,6,7", (0, 2), "4,7"), ("4,6,7", (), "4,6,7"), (None, (), None)],
)
def test_a_process_sees_its_own_gpus_alone(
    before: str | None, own: tuple[int, ...], after: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "CUDA_VISIBLE_DEVICES"
    monkeypatch.setenv(name, before or "")
    if before is None:
        monkeypatch.delenv(name)
    see_only(own)
    assert os.environ.get(name) == after
