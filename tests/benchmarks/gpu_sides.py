"""One cell of gpu.py: the project's own training and a bare loop, on the same made-up texts."""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gpu_child
import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from components.records import Prepared, SequenceSpec
from components.train.job import TrainingJob
from components.train.worker import run_in_child
from params.load import load
from params.names import Architecture
from params.resources import Resources

WORDS = 5002  # as `imdb` has them, with padding and unknown
EMBEDDING_SIZE = 32
CLIP = 5.0
WARM_STEPS = 5
LEAST_BATCHES = gpu_child.PROFILED  # of an epoch
CELLS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "bilstm": nn.LSTM,
}


@dataclass(frozen=True)
class Cell:
    """What is trained, and for how long each side is measured."""

    architecture: Architecture
    units: int
    steps: int  # of a sequence
    batch_size: int
    seconds: float  # of an epoch, about
    most_batches: int

    @property
    def tokens(self) -> int:
        """What a batch has."""
        return self.batch_size * self.steps


@dataclass(frozen=True)
class Measured:
    """Seconds of a training step on both sides, and what else was seen of ours."""

    bare: float
    ours: float
    looked: dict[str, Any]

    @property
    def ratio(self) -> float:
        """Our speed as a share of the bare loop's."""
        return self.bare / self.ours

    @property
    def busy(self) -> float | None:
        """The share of our time in which the card computes."""
        kernels = self.looked["busy"]
        return None if kernels is None else kernels / self.ours


class Bare(nn.Module):
    """The same network in plain torch, for texts of one length."""

    def __init__(self, cell: Cell):
        super().__init__()
        both = cell.architecture == "bilstm"
        self.units = cell.units
        self.embedding = nn.Embedding(WORDS, EMBEDDING_SIZE, padding_idx=0)
        kind = CELLS[cell.architecture]
        self.cell = kind(EMBEDDING_SIZE, cell.units, batch_first=True, bidirectional=both)
        self.head = nn.Linear(cell.units * (2 if both else 1), 1)

    def forward(self, ids: Tensor) -> Tensor:
        states = self.cell(self.embedding(ids))[0]
        last = [states[:, -1, : self.units], states[:, 0, self.units :]]
        output: Tensor = self.head(torch.cat(last, dim=1))
        return output


def bare_loop(cell: Cell, device: torch.device) -> Callable[[int], None]:
    """A loop of so many training steps, that ends when the device has done them."""
    network = Bare(cell).to(device)
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=on_gpu or None)
    shape = (8, cell.batch_size, cell.steps)
    batches = torch.randint(1, WORDS, shape, device=device).unbind()
    targets = torch.randint(2, (cell.batch_size, 1), device=device).float()

    def loop(number: int) -> None:
        for step in range(number):
            output = network(batches[step % len(batches)])
            loss = nn.functional.binary_cross_entropy_with_logits(output, targets)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
        if on_gpu:
            torch.cuda.synchronize(device)

    return loop


def seconds_of(loop: Callable[[int], None], number: int) -> float:
    """What a step takes, of so many."""
    start = time.perf_counter()
    loop(number)
    return (time.perf_counter() - start) / number


def measure(cell: Cell, device: torch.device, repeats: int, resources: Resources) -> Measured:
    """Both sides in turn, each `repeats` times and once more: the bare loop, ours, the bare loop.

    Ours is the project's child process; its first epoch, in which everything is loaded, and its
    last, which is profiled, do not count. An epoch has the validation of a batch in it, and what
    lies between it and the next one: a checkpoint, and the next epoch's order.
    """
    loop = bare_loop(cell, device)
    loop(WARM_STEPS)
    wanted = int(cell.seconds / seconds_of(loop, WARM_STEPS))
    number = min(cell.most_batches, max(LEAST_BATCHES, wanted))
    before = [seconds_of(loop, number) for _ in range(repeats)]
    if device.type == "cuda":
        torch.cuda.empty_cache()  # the child is to find the card as free as it is
    with tempfile.TemporaryDirectory() as name:
        job = job_of(cell, made_up(Path(name), cell, number), repeats + 2, resources)
        ours, looked = our_side(job, Path(name), number)
    after = [seconds_of(loop, number) for _ in range(repeats)]
    return Measured(statistics.median([*before, *after]), ours, looked)


def our_side(job: TrainingJob, folder: Path, number: int) -> tuple[float, dict[str, Any]]:
    """Median seconds of a step of the project's training, and what was seen of it."""
    gpus = (0,) if torch.cuda.is_available() else ()
    placed = job.model_copy(update={"gpus": gpus})
    trained = folder / "trained"
    trained.mkdir()
    run_in_child(gpu_child.fit_and_look, placed.model_dump_json(), trained)
    looked = json.loads((trained / gpu_child.LOOKED).read_text(encoding="utf-8"))
    return statistics.median(looked["epochs"][1:]) / number, looked


def job_of(cell: Cell, prepared: Prepared, epochs: int, resources: Resources) -> TrainingJob:
    """The training of a cell, with all else as in `imdb`."""
    params = load("imdb")
    sizes = {"hidden_sizes": (cell.units,), "embedding_size": EMBEDDING_SIZE}
    train = {"batch_size": cell.batch_size, "max_epochs": epochs, "gradient_clip_val": CLIP}
    return TrainingJob(
        task="classification",
        architecture=cell.architecture,
        seed=1,
        model=params.model.model_copy(update=sizes),
        train=params.train.model_copy(update=train),
        prepared=prepared,
        num_threads=1,
        resources=resources,
    )


def made_up(folder: Path, cell: Cell, batches: int) -> Prepared:
    """A prepared data set of texts of one length: so many batches to train on, 1 to validate."""
    random = np.random.default_rng(0)
    sizes = {"train": batches * cell.batch_size, "val": cell.batch_size}
    for name, number in sizes.items():
        arrays = {
            "token_ids": random.integers(1, WORDS, number * cell.steps, dtype=np.int32),
            "lengths": np.full(number, cell.steps),
            "labels": random.integers(0, 2, number, dtype=np.int8),
            "rows": np.arange(number),
        }
        save_file(arrays, folder / f"{name}.safetensors")
    spec = SequenceSpec(num_embeddings=WORDS, input_size=1, output_size=1)
    key = f"{cell.architecture}-{cell.units}-{cell.steps}-{batches}"
    return Prepared(path=folder, key=key, fingerprint=key, **sizes, test=0, spec=spec)
