"""A network as Lightning trains it: a thin layer over one step."""

import math

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from components.metrics import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS, VAL_MAE
from components.preprocess.batches import Batch
from components.train.means import Means
from params.names import Task
from params.sections import Train


class TrainingDiverged(Exception):
    """The loss is no longer a number."""


class SequenceModule(pl.LightningModule):
    """Fits a network: binary cross-entropy on logits, or squared error on scaled values."""

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        train: Train,
        *,
        scale: float = 1.0,
    ):
        """A module around a ready-made network.

        Args:
            network: Maps `(inputs, lengths)` to `(B, P)`.
            task: Chooses the loss and the validation metric.
            train: Learning rate and weight decay.
            scale: Degrees C of one scaled unit, for `val/mae`.
        """
        super().__init__()
        self.network = network
        self.task = task
        self.train_params = train
        self.scale = scale
        self.train_means, self.val_means = Means(), Means()

    def training_step(self, batch: Batch) -> Tensor:
        """The loss of one batch, or of this device's share of it, as much as it counts."""
        loss, _ = self.step(batch, TRAIN_LOSS, self.train_means)
        return loss if batch.weight == 1 else loss * batch.weight

    def validation_step(self, batch: Batch) -> None:
        """Takes in the loss and one metric that people can read."""
        _, output = self.step(batch, VAL_LOSS, self.val_means)
        if self.task == "classification":
            right = ((output >= 0) == (batch.targets == 1)).float().mean()
            self.val_means.add(VAL_ACCURACY, right, size_of(batch))
        else:
            error = (output - batch.targets).abs().mean() * self.scale
            self.val_means.add(VAL_MAE, error, size_of(batch))

    def step(self, batch: Batch, key: str, means: Means) -> tuple[Tensor, Tensor]:
        """The loss and the output `(B, P)`; the epoch's loss, under `key`, is their weighted mean.

        Raises:
            TrainingDiverged: If the loss is not finite. On a GPU, which one cannot ask without
                waiting for all that it has to do, the end of the epoch tells.
        """
        output = self.network(batch.inputs, batch.lengths)
        if self.task == "classification":
            loss = nn.functional.binary_cross_entropy_with_logits(output, batch.targets)
        else:
            loss = nn.functional.mse_loss(output, batch.targets)
        if loss.device.type == "cpu" and not torch.isfinite(loss):
            raise self.diverged(key, loss.item())
        means.add(key, loss, size_of(batch))
        return loss, output

    def on_validation_epoch_end(self) -> None:
        """Tells Lightning and the callbacks what the epoch came to.

        Raises:
            TrainingDiverged: If a loss of it was not finite, and so is their mean.
        """
        trained, validated = self.train_means.taken(), self.val_means.taken()
        for key, value in {**trained, **validated}.items():
            if not math.isfinite(value):
                raise self.diverged(key, value)
        for key, value in {**validated, **trained}.items():
            self.log(key, value, sync_dist=True)  # all ranks have the same by now

    def diverged(self, key: str, loss: float) -> TrainingDiverged:
        """What is to be said of a loss that is no number."""
        return TrainingDiverged(
            f"{key} became {loss} in epoch {self.current_epoch + 1}; a smaller "
            "train.learning_rate or train.gradient_clip_val may help"
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam; on a GPU in one kernel, but in lower precision, where Lightning has it not clip."""
        fused = self.device.type == "cuda" and self.trainer.precision == "32-true"
        return torch.optim.Adam(
            self.parameters(),
            lr=self.train_params.learning_rate,
            weight_decay=self.train_params.weight_decay,
            fused=fused or None,
        )


def size_of(batch: Batch) -> int:
    """How many examples a batch counts for."""
    return len(batch.rows) if batch.weight else 0
