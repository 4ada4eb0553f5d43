"""One training, inside its child process: a job -> weights, history and result in a folder."""

import logging
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, EMAWeightAveraging
from safetensors.torch import save_file

from components.files import sync, write_whole
from components.metrics import VAL_LOSS
from components.records import Trained
from components.train.checkpoint import Checkpoints, newest_checkpoint, remove_checkpoints
from components.train.data import SequenceData
from components.train.history import History
from components.train.job import TRAINED, WEIGHTS, TrainingJob
from components.train.lightning_module import SequenceModule
from components.train.networks import RecurrentNetwork, num_parameters
from components.train.worker import EVENTS


def fit(job: TrainingJob, folder: Path) -> None:
    """Train, and leave in `folder` the best weights and the result.

    Same job, same thread count: same result, also if a training that was interrupted in `folder`
    is taken up, at the end of its last finished epoch.

    Raises:
        TrainingDiverged: If the loss stops being a number.
    """
    history = History(folder / EVENTS, job.train.max_epochs)
    if (folder / TRAINED).exists():  # it was interrupted after its end
        done = Trained.model_validate_json((folder / TRAINED).read_text(encoding="utf-8"))
        history.taken_up(done.epochs)
        remove_checkpoints(folder)
        return
    prepare_torch(job)
    network = RecurrentNetwork(job.architecture, job.model, job.prepared.spec)
    scale = job.prepared.scaler.scale if job.prepared.scaler else 1.0
    module = SequenceModule(network, job.task, job.train, scale=scale)
    data = SequenceData(job.prepared.path, job.train.batch_size, job.seed)
    checkpoints = Checkpoints(folder, history)
    trainer = trainer_for(job, folder, [history, checkpoints])
    begun = newest_checkpoint(folder)
    remove_checkpoints(folder, but=begun)
    if begun is None or not checkpoints.take_up(begun):
        trainer.fit(module, datamodule=data, ckpt_path=begun, weights_only=True)
    save_file(checkpoints.best, folder / WEIGHTS)
    sync(folder / WEIGHTS)
    trained = Trained(
        path=Path(),
        architecture=job.architecture,
        seed=job.seed,
        num_parameters=num_parameters(network),
        train_seconds=checkpoints.seconds,
        peak_memory_bytes=checkpoints.memory,
        best_epoch=history.best_epoch,
        epochs=tuple(history.epochs),
    )
    write_whole(folder / TRAINED, trained.model_dump_json())
    remove_checkpoints(folder)


def prepare_torch(job: TrainingJob) -> None:
    """Set torch and Lightning up for this training, in a process that does nothing else."""
    torch.set_num_threads(job.num_threads)
    # With deterministic algorithms torch fills whatever it allocates, so that a forgotten write
    # shows; for an LSTM's workspace that is a fifth of the training time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch sets it up at run time
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    # The data are in memory and their batches are made by indexing: no loader process could help.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    pl.seed_everything(job.seed, verbose=False)


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
