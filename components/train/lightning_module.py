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

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        train: Train,
        *,
        scale: float = 1.0,
        world_size: int = 1,
    ):
        """A module around a ready-made network.

        Args:
            network: Maps `(inputs, lengths)` to `(B, P)`.
            task: Chooses the loss and the validation metric.
            train: Learning rate and weight decay.
            scale: Degrees C of one scaled unit, for `val/mae`.
            world_size: How many devices share every batch.
        """
        super().__init__()
        self.network = network
        self.task = task
        self.train_params = train
        self.scale = scale
        self.world_size = world_size

    def training_step(self, batch: Batch) -> Tensor:
        """The loss of one batch, or of this device's share of it, as much as it counts."""
        loss, _ = self.step(batch, TRAIN_LOSS)
        return loss if batch.weight == 1 else loss * batch.weight

    def validation_step(self, batch: Batch) -> None:
        """Logs the loss and one metric that people can read."""
        _, output = self.step(batch, VAL_LOSS)
        if self.task == "classification":
            right = ((output >= 0) == (batch.targets == 1)).float().mean()
            self.log_mean(VAL_ACCURACY, right, batch)
        else:
            error = (output - batch.targets).abs().mean() * self.scale
            self.log_mean(VAL_MAE, error, batch)

    def step(self, batch: Batch, key: str) -> tuple[Tensor, Tensor]:
        """The loss and the output `(B, P)`; the epoch's loss, under `key`, is their weighted mean.

        Raises:
            TrainingDiverged: If the loss is not finite; on a GPU, which one cannot ask at each step
                without waiting for it, the epoch's end tells.
        """
        output = self.network(batch.inputs, batch.lengths)
        if self.task == "classification":
            loss = nn.functional.binary_cross_entropy_with_logits(output, batch.targets)
        else:
            loss = nn.functional.mse_loss(output, batch.targets)
        if loss.device.type == "cpu":
            self.require_finite(key, loss)
        self.log_mean(key, loss, batch)
        return loss, output

    def on_train_epoch_end(self) -> None:
        """Sees that the losses of the epoch are numbers: one that is none makes their mean none."""
        losses = self.trainer.callback_metrics
        for key in (TRAIN_LOSS, VAL_LOSS):
            self.require_finite(key, losses[key])

    def require_finite(self, key: str, loss: Tensor) -> None:
        """See that a loss is a number.

        Raises:
            TrainingDiverged: If it is not.
        """
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                f"{key} became {loss.item()} in epoch {self.current_epoch + 1}; a smaller "
                "train.learning_rate or train.gradient_clip_val may help"
            )

    def log_mean(self, key: str, value: Tensor, batch: Batch) -> None:
        """Log the mean of `batch` under `key`; the epoch's value is that over all examples."""
        # Lightning divides the sum of these sizes over all devices by their number, and drops what
        # is left over: so they are multiples of it.
        size = len(batch.rows) * self.world_size if batch.weight else 0
        self.log(key, value, on_step=False, on_epoch=True, batch_size=size, sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam; on a GPU in one kernel, but in lower precision, where Lightning has it not clip."""
        fused = self.device.type == "cuda" and self.trainer.precision == "32-true"
        return torch.optim.Adam(
            self.parameters(),
            lr=self.train_params.learning_rate,
            weight_decay=self.train_params.weight_decay,
            fused=fused or None,
        )
