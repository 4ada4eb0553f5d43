"""One training, inside its child process: a job -> weights, history and result in a folder."""

import logging
import warnings
from datetime import timedelta
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping
from pytorch_lightning.strategies import DDPStrategy, Strategy
from safetensors.torch import save_file

from components.files import sync, write_whole
from components.metrics import VAL_LOSS
from components.records import Trained
from components.train.averaging import Averaging
from components.train.checkpoint import Checkpoints, newest_checkpoint, remove_checkpoints
from components.train.child import EVENTS
from components.train.data import SequenceData
from components.train.determinism import same_bits
from components.train.history import History
from components.train.job import TRAINED, WEIGHTS, TrainingJob
from components.train.lightning_module import SequenceModule
from components.train.networks import RecurrentNetwork, num_parameters
from components.train.precision import forbid_tf32
from components.train.ranks import AWAY_SECONDS, rank


def fit(job: TrainingJob, folder: Path) -> None:
    """Train, and leave in `folder` the best weights and the result.

    Same job, same thread count: same result, also if a training that was interrupted in `folder`
    is taken up, at the end of its last finished epoch. Where several processes share it, each of
    them calls this.

    Raises:
        TrainingDiverged: If the loss stops being a number.
    """
    history = History(folder / EVENTS, job.train.max_epochs, speaks=rank() == 0)
    if (folder / TRAINED).exists():  # it was interrupted after its end
        done = Trained.model_validate_json((folder / TRAINED).read_text(encoding="utf-8"))
        history.taken_up(done.epochs)
        remove_checkpoints(folder)
        return
    prepare_torch(job)
    network = RecurrentNetwork(job.architecture, job.model, job.prepared.spec)
    if rank() > 0:  # from equal weights on, it drops other units than the others do
        pl.seed_everything((job.seed + rank() * 1_000_003) % 2**32, verbose=False)
    scale = job.prepared.scaler.scale if job.prepared.scaler else 1.0
    module = SequenceModule(network, job.task, job.train, scale=scale)
    data = SequenceData(job.prepared.path, job.train.batch_size, job.seed)
    checkpoints = Checkpoints(folder, history)
    trainer = trainer_for(job, folder, [history, checkpoints])
    begun = newest_checkpoint(folder)
    if begun is None or not checkpoints.take_up(begun):
        trainer.fit(module, datamodule=data, ckpt_path=begun, weights_only=True)
    memory = checkpoints.memory
    if rank() > 0:
        return
    save_file(checkpoints.best, folder / WEIGHTS)
    sync(folder / WEIGHTS)
    trained = Trained(
        path=Path(),
        architecture=job.architecture,
        seed=job.seed,
        num_parameters=num_parameters(network),
        train_seconds=checkpoints.seconds,
        peak_memory_bytes=memory,
        best_epoch=history.best_epoch,
        epochs=tuple(history.epochs),
    )
    write_whole(folder / TRAINED, trained.model_dump_json())
    remove_checkpoints(folder)


def prepare_torch(job: TrainingJob) -> None:
    """Set torch and Lightning up for this training, in a process that does nothing else."""
    torch.set_num_threads(job.num_threads)
    same_bits(job.resources.deterministic)
    forbid_tf32(job.resources.precision == "32-true")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    # The data are in memory and their batches are made by indexing: no loader process could help.
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    pl.seed_everything(job.seed, verbose=False)


def trainer_for(job: TrainingJob, folder: Path, callbacks: list[Callback]) -> pl.Trainer:
    """Lightning's trainer, silent: the history is its only voice."""
    if job.train.ema_decay is not None:
        callbacks = [Averaging(job.train.ema_decay), *callbacks]
    if job.train.patience is not None:
        stopping = EarlyStopping(
            VAL_LOSS, patience=job.train.patience, check_on_train_epoch_end=True
        )
        callbacks = [stopping, *callbacks]
    return pl.Trainer(
        accelerator="auto",
        devices=job.resources.devices,
        num_nodes=job.resources.num_nodes,
        strategy=strategy_for(job),
        use_distributed_sampler=False,  # each rank makes its own share of every batch
        precision=job.resources.precision,
        max_epochs=job.train.max_epochs,
        gradient_clip_val=job.train.gradient_clip_val,
        reload_dataloaders_every_n_epochs=1,  # their order depends on the epoch
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=callbacks,
    )


def strategy_for(job: TrainingJob) -> Strategy | str:
    """How Lightning shares the training among devices, if it does."""
    if job.resources.world_size == 1:
        return "auto"
    # The network has no buffers; and a rank that waits in vain is not to wait for half an hour.
    return DDPStrategy(broadcast_buffers=False, timeout=timedelta(seconds=AWAY_SECONDS))
