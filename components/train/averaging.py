"""A moving average of the weights, validated and kept in place of those of the last step.

Polyak & Juditsky 1992. Lightning's own callback keeps its average on the processor, since it makes
it before the network is on its device, and asks how many steps were averaged at each of them: on a
GPU both wait for all that it has to do.
"""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

CURRENT = "current_model_state"  # the key in a checkpoint of the weights that go on being trained


class Averaging(Callback):
    """Averages the weights exponentially after each step; the first step's are where it begins."""

    def __init__(self, decay: float):
        """`decay` is what an average keeps of itself at a step."""
        self.decay = decay
        self.average: dict[str, Tensor] = {}

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Brings an average that was loaded to where the weights are by now."""
        self.average = {name: one.to(pl_module.device) for name, one in self.average.items()}

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object
    ) -> None:
        """Takes the step's weights in."""
        weights = weights_of(pl_module)
        if self.average:
            take_in(list(self.average.values()), list(weights.values()), self.decay)
        else:
            self.average = {name: weight.clone() for name, weight in weights.items()}

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Puts the average where the weights are."""
        self.swap(pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Puts the weights back."""
        self.swap(pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leaves the average as the network's weights."""
        for name, weight in weights_of(pl_module).items():
            weight.copy_(self.average[name])

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Makes `state_dict` the average, with the weights of the last step beside it."""
        checkpoint[CURRENT] = checkpoint["state_dict"]
        checkpoint["state_dict"] = {**checkpoint["state_dict"], **self.average}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Takes up both."""
        names = weights_of(pl_module)
        self.average = {name: checkpoint["state_dict"][name].clone() for name in names}
        pl_module.load_state_dict(checkpoint[CURRENT])

    def swap(self, pl_module: pl.LightningModule) -> None:
        """Exchange the average and the weights, each staying in its place in memory."""
        for name, weight in weights_of(pl_module).items():
            before = weight.clone()
            weight.copy_(self.average[name])
            self.average[name].copy_(before)


def weights_of(module: pl.LightningModule) -> dict[str, Tensor]:
    """The weights of a module by name, as what may be written to without gradients."""
    return {name: weight.detach() for name, weight in module.named_parameters()}


def take_in(average: list[Tensor], weights: list[Tensor], decay: float) -> None:
    """Move the `average` to `decay * average + (1 - decay) * weights`, three kernels in all."""
    # Each product is rounded before they are added up, as torch's `get_ema_avg_fn` does it: fused
    # they would differ in the last bit.
    new = torch._foreach_mul(weights, 1 - decay)
    torch._foreach_mul_(average, decay)
    torch._foreach_add_(average, new)
