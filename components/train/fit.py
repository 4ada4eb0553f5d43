"""One training, inside its child process: a job -> weights, history and result in a folder."""

import json
import logging
import time
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    ModelCheckpoint,
)
from safetensors.torch import save_file

from components.metrics import VAL_LOSS
from components.records import Epoch, Trained
from components.train.data import SequenceData
from components.train.job import TRAINED, WEIGHTS, TrainingJob
from components.train.lightning_module import SequenceModule
from components.train.memory import peak_memory_bytes
from components.train.networks import RecurrentNetwork, num_parameters
from components.train.worker import EVENTS

STEP_EVENT_SECONDS = 0.3


def fit(job: TrainingJob, folder: Path) -> None:
    """Train, and leave in `folder` the best weights, the last checkpoint and the result.

    Same job, same thread count: same result.

    Raises:
        TrainingDiverged: If the loss stops being a number.
    """
    torch.set_num_threads(job.num_threads)
    # With deterministic algorithms torch fills whatever it allocates, so that a forgotten write
    # shows; for an LSTM's workspace that is a fifth of the training time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch sets it up at run time
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    # The data are in memory and their batches are made by indexing: no loader process could help.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    pl.seed_everything(job.seed, verbose=False)
    network = RecurrentNetwork(job.architecture, job.model, job.prepared.spec)
    scale = job.prepared.scaler.scale if job.prepared.scaler else 1.0
    module = SequenceModule(network, job.task, job.train, scale=scale)
    data = SequenceData(job.prepared.path, job.train.batch_size, job.seed)
    history = History(folder / EVENTS, job.train.max_epochs)
    best = ModelCheckpoint(
        folder,
        "best",
        monitor=VAL_LOSS,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    trainer = trainer_for(job, folder, [history, best])
    start = time.perf_counter()
    trainer.fit(module, datamodule=data)
    seconds = time.perf_counter() - start
    module.load_state_dict(torch.load(best.best_model_path, weights_only=True)["state_dict"])
    Path(best.best_model_path).unlink()
    save_file(network.state_dict(), folder / WEIGHTS)
    best_epoch = min(history.epochs, key=lambda epoch: epoch.metrics[VAL_LOSS]).epoch
    trained = Trained(
        path=Path(),
        architecture=job.architecture,
        seed=job.seed,
        num_parameters=num_parameters(network),
        train_seconds=seconds,
        peak_memory_bytes=peak_memory_bytes(),
        best_epoch=best_epoch,
        epochs=tuple(history.epochs),
    )
    (folder / TRAINED).write_text(trained.model_dump_json(), encoding="utf-8")


def trainer_for(job: TrainingJob, folder: Path, callbacks: list[Callback]) -> pl.Trainer:
    """Lightning's trainer on one device, silent: the history is its only voice."""
    if job.train.ema_decay is not None:
        # Polyak & Juditsky 1992; validated and saved in place of the weights of the last step.
        callbacks = [EMAWeightAveraging(decay=job.train.ema_decay), *callbacks]
    if job.train.patience is not None:
        stopping = EarlyStopping(
            VAL_LOSS, patience=job.train.patience, check_on_train_epoch_end=True
        )
        callbacks = [stopping, *callbacks]
    return pl.Trainer(
        accelerator="auto",
        devices=1,
        max_epochs=job.train.max_epochs,
        gradient_clip_val=job.train.gradient_clip_val,
        reload_dataloaders_every_n_epochs=1,  # their order depends on the epoch
        num_sanity_val_steps=0,
        deterministic=True,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=callbacks,
    )


class History(Callback):
    """Writes what happens, a JSON line an event: steps now and then, and every epoch's metrics."""

    def __init__(self, path: Path, max_epochs: int):
        """A history that is written to `path`."""
        self.path = path
        self.max_epochs = max_epochs
        self.epochs: list[Epoch] = []
        self.epoch_start = 0.0
        self.last_event = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Starts the epoch's clock."""
        self.epoch_start = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object
    ) -> None:
        """Says how far the training is, a few times a second."""
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
        """Keeps and writes the metrics of the epoch."""
        metrics = {key: float(value) for key, value in trainer.callback_metrics.items()}
        seconds = time.perf_counter() - self.epoch_start
        epoch = Epoch(epoch=trainer.current_epoch + 1, seconds=seconds, metrics=metrics)
        self.epochs.append(epoch)
        self.write({"kind": "epoch", "max_epochs": self.max_epochs, **epoch.model_dump()})

    def write(self, event: dict[str, object]) -> None:
        """Append one event."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
