"""Checkpoints: what an interrupted training needs in order to go on as if nothing had been.

There is one a training, of its last finished epoch, called `epoch-3-<digest>.ckpt`. It gets its
name when it is complete, and the name has the digest of what is in it: a file that was cut off or
changed is seen to be so. It is read with `weights_only=True`: nothing in it is ever executed.
"""

import logging
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from torch import Tensor

from components.files import file_digest, sync
from components.records import Epoch
from components.train.history import History
from components.train.job import CHECKPOINT
from components.train.memory import peak_memory_bytes
from components.train.ranks import of_all_ranks, rank, ranks

logger = logging.getLogger(__name__)

OURS = "unroll"  # the key in the checkpoint under which everything stands that Lightning lacks
TEMPORARY = "epoch.ckpt."  # how a file that is being written begins
CHANGED = "the training was begun on %s and goes on on %s: it ends otherwise than if it had not"

RandomState = dict[str, Any]


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of `folder` that is as it was written; None if there is none.

    One that is not is named in a warning and removed.
    """
    found = [(int(match[1]), match[2], path) for match, path in named(folder)]
    for _, digest, path in sorted(found, reverse=True):
        with suppress(FileNotFoundError):  # another rank found it damaged, too
            if file_digest(path)[:16] == digest:
                return path
        logger.warning("%s is damaged; the training does not go on from it", path)
        path.unlink(missing_ok=True)
    return None


def remove_checkpoints(folder: Path, *, but: Path | None = None) -> None:
    """Remove the checkpoints of `folder`, half-written ones too."""
    for path in folder.glob("*.ckpt*"):
        if path != but:
            path.unlink()


def named(folder: Path) -> list[tuple[re.Match[str], Path]]:
    """The files that are called like a checkpoint."""
    found = ((CHECKPOINT.fullmatch(path.name), path) for path in folder.iterdir())
    return [(match, path) for match, path in found if match]


class Checkpoints(Checkpoint):
    """Saves each epoch's end, and keeps the weights of the best epoch.

    Beside what Lightning saves (weights, optimizer, schedulers, early stopping, loops) a checkpoint
    has the history, the best weights and the state of every generator of random numbers. It must
    stand behind the callbacks whose state counts.
    """

    def __init__(self, folder: Path, history: History):
        """Checkpoints in `folder`."""
        self.folder = folder
        self.history = history
        self.best: dict[str, Tensor] = {}
        self.seconds_before = 0.0
        self.memory_before = 0
        self.start = time.perf_counter()
        self.random: RandomState | None = None

    @property
    def seconds(self) -> float:
        """Seconds spent training, those before an interruption too."""
        return self.seconds_before + time.perf_counter() - self.start

    @property
    def memory(self) -> int:
        """The most memory held by all ranks, in bytes, that before an interruption too.

        All ranks must ask for it together.
        """
        return max(self.memory_before, sum(of_all_ranks(peak_memory_bytes())))

    def take_up(self, path: Path) -> bool:
        """Begin with what the checkpoint `path` holds; returns whether the training had ended."""
        ours = torch.load(path, weights_only=True, map_location="cpu")[OURS]
        self.best = ours["best"]
        states = ours["random"]
        if rank() < len(states):
            self.random = states[rank()]
        if len(states) != ranks():
            logger.warning(CHANGED, f"{len(states)} processes", f"{ranks()}")
        self.seconds_before = ours["seconds"]
        self.memory_before = ours["memory"]
        self.history.taken_up([Epoch.model_validate(epoch) for epoch in ours["epochs"]])
        return bool(ours["ended"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Goes on with the random numbers where the interrupted training was."""
        if self.random is not None:
            restore_random(self.random, pl_module.device)
            self.random = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves the epoch's end, then tells of it: what was told is never trained again."""
        epoch = self.history.epochs[-1]
        partial = self.folder / "epoch.ckpt.partial"
        with temporary_files_in(self.folder):
            trainer.save_checkpoint(partial)  # which all ranks do together, and rank 0 writes
        if rank() > 0:
            return
        sync(partial)
        path = self.folder / f"epoch-{epoch.epoch}-{file_digest(partial)[:16]}.ckpt"
        partial.rename(path)
        sync(self.folder)
        remove_checkpoints(self.folder, but=path)
        self.history.tell(epoch)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds what Lightning does not save. `state_dict` are the weights that were validated."""
        epochs = self.history.epochs
        if self.history.best_epoch == epochs[-1].epoch:
            prefix = "network."
            self.best = {
                name.removeprefix(prefix): value.detach().cpu().clone()
                for name, value in checkpoint["state_dict"].items()
                if name.startswith(prefix)
            }
        checkpoint[OURS] = {
            "epochs": [epoch.model_dump() for epoch in epochs],
            "best": self.best,
            "random": of_all_ranks(random_state(pl_module.device)),
            "seconds": self.seconds,
            "memory": self.memory,
            "ended": trainer.should_stop or len(epochs) == self.history.max_epochs,
        }


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let temporary files be made in `folder` while the block runs.

    Lightning moves a checkpoint to its place from where they are made: by default a disk that may
    be another one, and smaller. Under this name it is cleared away if this process is killed.
    """
    before = tempfile.tempdir, tempfile.template
    tempfile.tempdir, tempfile.template = str(folder), TEMPORARY
    try:
        yield
    finally:
        tempfile.tempdir, tempfile.template = before


def random_state(device: torch.device) -> RandomState:
    """The state of every generator that a training on `device` draws from.

    It is made of lists, numbers and tensors, as torch and numpy give it.
    """
    kind, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": [kind, np.asarray(keys).tolist(), *rest],
        "torch": torch.get_rng_state(),
        "device": None if device.type == "cpu" else generator_of(device).get_state(),
        "kind": device.type,
    }


def restore_random(state: RandomState, device: torch.device) -> None:
    """Set every generator of random numbers to such a state."""
    random.setstate(state["python"])
    np.random.set_state(tuple(state["numpy"]))
    torch.set_rng_state(state["torch"])
    if state["kind"] != device.type:
        logger.warning(CHANGED, state["kind"], device.type)
    elif state["device"] is not None:
        generator_of(device).set_state(state["device"])


def generator_of(device: torch.device) -> torch.Generator:
    """The generator of random numbers that layers on a `device` other than the processor use."""
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    return torch.cuda.default_generators[device.index or 0]
