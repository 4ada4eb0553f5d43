"""What happens in a training, as it happens: a line of JSON an event, for whoever follows it."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from components.metrics import VAL_LOSS
from components.records import Epoch

STEP_EVENT_SECONDS = 1.0


class History(Callback):
    """Writes steps now and then; keeps the metrics of every epoch, which it writes when told to."""

    def __init__(self, path: Path, max_epochs: int, *, speaks: bool = True):
        """A history that is written to `path`, or that is only kept."""
        self.speaks = speaks
        self.path = path
        self.max_epochs = max_epochs
        self.epochs: list[Epoch] = []
        self.epoch_start = 0.0
        self.last_event = 0.0
        self.told_memory = False

    @property
    def best_epoch(self) -> int:
        """The epoch with the least val/loss, the first of equals."""
        return min(self.epochs, key=lambda epoch: epoch.metrics[VAL_LOSS]).epoch

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the epoch's clock."""
        self.epoch_start = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object
    ) -> None:
        """Says how far the training is, once a second."""
        now = time.perf_counter()
        if now - self.last_event >= STEP_EVENT_SECONDS:
            self.last_event = now
            per_epoch = int(trainer.num_training_batches)
            self.write(
                {
                    "kind": "step",
                    "epoch": trainer.current_epoch + 1,
                    "step": trainer.global_step,
                    "num_steps": per_epoch * self.max_epochs,
                }
            )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keeps the metrics of the epoch."""
        metrics = {key: float(value) for key, value in trainer.callback_metrics.items()}
        seconds = time.perf_counter() - self.epoch_start
        epoch = Epoch(epoch=trainer.current_epoch + 1, seconds=seconds, metrics=metrics)
        self.epochs.append(epoch)
        if pl_module.device.type == "cuda" and not self.told_memory:
            self.told_memory = True
            self.write({"kind": "memory", **gpu_memory(pl_module.device)})

    def taken_up(self, epochs: Sequence[Epoch]) -> None:
        """Begins with the epochs of an interrupted training, and writes them again.

        Whoever follows may have missed the last of them.
        """
        self.epochs = list(epochs)
        for epoch in epochs:
            self.tell(epoch, before=len(epochs))

    def tell(self, epoch: Epoch, *, before: int | None = None) -> None:
        """Write that an epoch has ended: one of so many that did `before` an interruption."""
        event = {"kind": "epoch", "max_epochs": self.max_epochs, **epoch.model_dump()}
        self.write({**event, "before": before} if before else event)

    def write(self, event: dict[str, object]) -> None:
        """Append one event."""
        if not self.speaks:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")


def gpu_memory(device: torch.device) -> dict[str, int]:
    """What torch holds of a GPU's memory now and held at most, and what is free, in bytes.

    Splits that lie there count as all else does: they are there before the first step.
    """
    return {
        "peak": torch.cuda.max_memory_reserved(device),
        "reserved": torch.cuda.memory_reserved(device),
        "free": torch.cuda.mem_get_info(device)[0],
    }
