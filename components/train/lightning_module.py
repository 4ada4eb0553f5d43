"""A network as Lightning trains it: a thin layer over one step."""

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from components.metrics import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS, VAL_MAE
from components.preprocess.batches import Batch
from params.names import Task
from params.sections import Train


class TrainingDiverged(Exception):
    """The loss is no longer a number."""


class SequenceModule(pl.LightningModule):
    """Fits a network: binary cross-entropy on logits, or squared error on scaled values."""

    def __init__(self, network: nn.Module, task: Task, train: Train, *, scale: float = 1.0):
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

    def training_step(self, batch: Batch) -> Tensor:
        """The loss of one batch."""
        return self.step(batch, TRAIN_LOSS)[0]

    def validation_step(self, batch: Batch) -> None:
        """Logs the loss and one metric that people can read."""
        _, output = self.step(batch, VAL_LOSS)
        if self.task == "classification":
            right = ((output >= 0) == (batch.targets == 1)).float().mean()
            self.log(VAL_ACCURACY, right, batch_size=len(batch.rows))
        else:
            error = (output - batch.targets).abs().mean() * self.scale
            self.log(VAL_MAE, error, batch_size=len(batch.rows))

    def step(self, batch: Batch, key: str) -> tuple[Tensor, Tensor]:
        """The loss and the output `(B, P)`; the epoch's loss, under `key`, is their weighted mean.

        Raises:
            TrainingDiverged: If the loss is not finite.
        """
        output = self.network(batch.inputs, batch.lengths)
        if self.task == "classification":
            loss = nn.functional.binary_cross_entropy_with_logits(output, batch.targets)
        else:
            loss = nn.functional.mse_loss(output, batch.targets)
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                f"{key} became {loss.item()} in epoch {self.current_epoch + 1}; a smaller "
                "train.learning_rate or train.gradient_clip_val may help"
            )
        self.log(key, loss, on_step=False, on_epoch=True, batch_size=len(batch.rows))
        return loss, output

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(
            self.parameters(),
            lr=self.train_params.learning_rate,
            weight_decay=self.train_params.weight_decay,
        )
