"""What the children of gpu.py do: the project's own `fit`, looked at while it trains.

What is looked at is left in `looked.json`: where the batches came from, what type the recurrence
computes in, how long each epoch but the last took with all that lies before the next one, and in
the last epoch for how long the card computed in a few steps.
"""

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from components.train import fit as fit_module
from components.train.job import TrainingJob
from components.train.placing import see_only

LOOKED = "looked.json"
PROFILED = 5  # steps
NO_KERNELS = ("Memcpy", "Memset")

Interval = tuple[float, float]


class Look(Callback):
    """Notes what a training does, and changes nothing but its last epoch's time."""

    def __init__(self, path: Path, max_epochs: int):
        self.path = path
        self.last = max_epochs - 1
        self.seen: dict[str, Any] = {"recurrence": None, "busy": None}
        self.profiler: profile | None = None
        self.starts: list[float] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen["device"] = pl_module.device.type
        self.seen["batches"] = type(trainer.train_dataloader).__name__
        pl_module.network.layers[0].register_forward_hook(self.note_type)

    def note_type(self, layer: torch.nn.Module, inputs: object, states: torch.Tensor) -> None:
        if layer.training:
            self.seen["recurrence"] = str(states.dtype).removeprefix("torch.")

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.starts.append(time.perf_counter())

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: object, batch_idx: int
    ) -> None:
        on_gpu = pl_module.device.type == "cuda"
        if on_gpu and trainer.current_epoch == self.last and batch_idx == 0:
            torch.cuda.synchronize()
            self.profiler = profile(activities=[ProfilerActivity.CUDA])
            self.profiler.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: object
    ) -> None:
        if self.profiler is not None and rest[-1] == PROFILED - 1:
            torch.cuda.synchronize()
            self.profiler.stop()
            self.seen["busy"] = covered(kernels(self.profiler)) / PROFILED
            self.profiler = None

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen["epochs"] = [end - start for start, end in pairwise(self.starts)]
        self.path.write_text(json.dumps(self.seen), encoding="utf-8")


def kernels(profiler: profile) -> list[Interval]:
    """When kernels ran, in seconds: what was computed, neither copied nor annotated."""
    return [
        (event.time_range.start / 1e6, event.time_range.end / 1e6)
        for event in profiler.events()
        if event.device_type == DeviceType.CUDA
        and not event.is_user_annotation
        and not event.name.startswith(NO_KERNELS)
    ]


def covered(intervals: list[Interval]) -> float:
    """How long at least one of the intervals lasts; several may run side by side."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def fit_and_look(job: str, folder: Path) -> None:
    """Train inside the child as `fit_in_child` does, with a callback more."""
    asked = TrainingJob.model_validate_json(job)
    see_only(asked.gpus)
    make = fit_module.trainer_for

    def trainer_for(job: TrainingJob, folder: Path, callbacks: list[Callback]) -> pl.Trainer:
        look = Look(folder / LOOKED, job.train.max_epochs)
        return make(job, folder, [*callbacks, look])

    fit_module.trainer_for = trainer_for
    fit_module.fit(asked, folder)
