"""Which devices a training gets, and what else may run beside it.

On the processor as many trainings go side by side as are begun. A GPU takes a training, and others
beside it where memory allows: the first of its kind is measured while it has the GPU to itself. A
training that ran out of memory is done once more with nothing of this process beside it.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from components.records import Record
from components.stopping import Interrupted, stopping
from components.train.job import TrainingJob
from components.train.worker import Event, run_in_child

USABLE = 0.9  # share of a GPU's free memory that is given out; the rest is for what fragments
LOOK_SECONDS = 0.5
FOUND = "gpus.json"
VISIBLE = "CUDA_VISIBLE_DEVICES"


class Gpu(Record):
    """A GPU: its place among the visible ones, and the bytes of its memory that nobody used."""

    index: int
    free: int


Gpus = TypeAdapter(tuple[Gpu, ...])


@dataclass(frozen=True)
class Held:
    """A training that runs: its kind, its GPUs, and whether nothing may run beside it."""

    kind: str
    gpus: tuple[int, ...]
    alone: bool


class Placing:
    """Shares the devices of this machine among the trainings of this process."""

    def __init__(self, gpus: Sequence[Gpu] = ()):
        """Nothing runs yet; without GPUs everything runs on the processor."""
        self.gpus = tuple(gpus)
        self.needs: dict[str, int] = {}
        self.running: list[Held] = []
        self.want_to_be_alone = 0
        self.changed = threading.Condition()

    @contextmanager
    def place(self, job: TrainingJob, *, alone: bool = False) -> Iterator[tuple[int, ...]]:
        """The GPUs that the training has while the block runs; none on the processor.

        Args:
            job: What is to be trained.
            alone: Wait until nothing else runs, and let nothing else begin.

        Raises:
            Interrupted: If this process is ended while it waits.
        """
        with self.changed:
            held = self.wait_for(kind_of(job), job.resources.devices, alone=alone)
            self.running.append(held)
        try:
            yield held.gpus
        finally:
            with self.changed:
                self.running.remove(held)
                self.changed.notify_all()

    def wait_for(self, kind: str, wanted: int, *, alone: bool) -> Held:
        """What a training may have, as soon as it may have it; the lock is held."""
        self.want_to_be_alone += alone
        try:
            while True:
                if stopping.is_set():
                    raise Interrupted("interrupted while it waited for a device")
                gpus = self.room_for(kind, wanted, alone=alone)
                if gpus is not None:
                    return Held(kind, gpus, alone)
                self.changed.wait(LOOK_SECONDS)
        finally:
            self.want_to_be_alone -= alone

    def room_for(self, kind: str, wanted: int, *, alone: bool) -> tuple[int, ...] | None:
        """The GPUs, the emptiest first, that a training may begin on; None if it has to wait."""
        blocked = any(held.alone for held in self.running)
        blocked |= bool(self.running) if alone else self.want_to_be_alone > 0
        if blocked:
            return None
        free = {gpu.index: self.room_on(gpu, kind) for gpu in self.gpus}
        enough = [index for index, room in free.items() if room > 0]
        if self.gpus and len(enough) < wanted:
            return None
        return tuple(sorted(enough, key=lambda index: -free[index])[: wanted if self.gpus else 0])

    def room_on(self, gpu: Gpu, kind: str) -> float:
        """Bytes that are left on a GPU beside a training of `kind`; 0 if it does not fit.

        One whose need is not known fits where nothing runs, and nothing fits beside it.
        """
        others = [held for held in self.running if gpu.index in held.gpus]
        if not others:
            return float(gpu.free)
        needs = [self.needs.get(one) for one in (kind, *(held.kind for held in others))]
        if None in needs or any(len(held.gpus) > 1 for held in others):
            return 0
        return max(0, USABLE * gpu.free - sum(need for need in needs if need is not None))

    def measured(self, job: TrainingJob, gpu: int, seen: Event) -> None:
        """Take note of what a training of this kind needs on a GPU; it has it to itself so far.

        Others of its kind, and others beside it, may begin then.

        Args:
            job: What is trained.
            gpu: The GPU's place among the visible ones.
            seen: In bytes, what torch held there at most (`peak`) and holds now (`reserved`), and
                what is `free` now. CUDA and its libraries need some beyond what torch holds.
        """
        with self.changed:
            kind = kind_of(job)
            if kind not in self.needs:
                before = next(one.free for one in self.gpus if one.index == gpu)
                held = before - int(seen["free"])
                self.needs[kind] = max(0, held - int(seen["reserved"])) + int(seen["peak"])
                self.changed.notify_all()


def kind_of(job: TrainingJob) -> str:
    """What trainings that need the same memory have in common: all but the seed."""
    return job.model_copy(update={"seed": 0}).key


_looking = threading.Lock()  # two threads must not find two sets of the same devices


def here() -> Placing:
    """What shares the devices of this machine among the trainings of this process."""
    with _looking:
        return found()


@cache
def found() -> Placing:
    """The same, for who may look: a child finds the devices, once."""
    with TemporaryDirectory(prefix="unroll-") as name:
        run_in_child(look, "", Path(name))
        return Placing(Gpus.validate_json((Path(name) / FOUND).read_bytes()))


def look(_: str, folder: Path) -> None:
    """Write down the GPUs that torch sees, inside a child: no other process needs to know CUDA."""
    import torch

    number = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found = tuple(
        Gpu(index=index, free=torch.cuda.mem_get_info(index)[0]) for index in range(number)
    )
    (folder / FOUND).write_bytes(Gpus.dump_json(found))


def see_only(gpus: Sequence[int]) -> None:
    """Let this process, which has not used a GPU yet, and its children see these alone."""
    if not gpus:
        return
    visible = os.environ.get(VISIBLE)
    names = visible.split(",") if visible else None
    os.environ[VISIBLE] = ",".join(names[gpu] if names else str(gpu) for gpu in gpus)
