"""The training and validation batches as Lightning asks for them."""

from pathlib import Path

import pytorch_lightning as pl
import torch

from components.preprocess.batches import EVALUATION_BATCH_SIZE, Batch, Batches, Share, load_split
from components.preprocess.on_device import Delivery, OnDevice, room_on

DELIVERED_TO = ("cuda",)  # on other devices than GPUs, Lightning moves each batch where it is read


class SequenceData(pl.LightningDataModule):
    """Batches of one preprocessed data set, whatever its task."""

    def __init__(self, folder: Path, batch_size: int, seed: int):
        """Batches of `batch_size`; their order depends on `seed` and the epoch alone.

        Of several devices that share a training each gets its part of every batch.
        """
        super().__init__()
        self.train_split = load_split(folder, "train")
        self.val_split = load_split(folder, "val")
        self.batch_size = batch_size
        self.seed = seed
        self.delivery: Delivery | None = None

    @property
    def share(self) -> Share:
        """The part of every batch that is this process's."""
        assert self.trainer is not None, "Lightning attaches its trainer first"
        return Share(self.trainer.global_rank, self.trainer.world_size)

    def train_dataloader(self) -> OnDevice:
        """The batches of the current epoch; Lightning asks for them anew in every epoch."""
        assert self.trainer is not None, "Lightning attaches its trainer first"
        order = (self.seed * 1_000_003 + self.trainer.current_epoch) % 2**63
        return self.delivered(Batches(self.train_split, self.batch_size, order, self.share))

    def val_dataloader(self) -> OnDevice:
        """The validation batches."""
        return self.delivered(Batches(self.val_split, EVALUATION_BATCH_SIZE, share=self.share))

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        """The batch on the device: as it is where it is there already, without a look inside."""
        if batch.inputs.device == device:
            return batch
        moved: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def delivered(self, batches: Batches) -> OnDevice:
        """The batches where this process computes; what is free there is looked up once."""
        assert self.trainer is not None, "Lightning attaches its trainer first"
        device = self.trainer.strategy.root_device
        if device.type not in DELIVERED_TO:
            return batches
        if self.delivery is None:
            splits = (self.train_split, self.val_split)
            self.delivery = Delivery(splits, device, room_on(device))
        return self.delivery.of(batches)
