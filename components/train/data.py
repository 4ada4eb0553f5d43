"""The training and validation batches as Lightning asks for them."""

from pathlib import Path

import pytorch_lightning as pl

from components.preprocess.batches import EVALUATION_BATCH_SIZE, Batches, Share, load_split


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

    @property
    def share(self) -> Share:
        """The part of every batch that is this process's."""
        assert self.trainer is not None, "Lightning attaches its trainer first"
        return Share(self.trainer.global_rank, self.trainer.world_size)

    def train_dataloader(self) -> Batches:
        """The batches of the current epoch; Lightning asks for them anew in every epoch."""
        assert self.trainer is not None, "Lightning attaches its trainer first"
        order = (self.seed * 1_000_003 + self.trainer.current_epoch) % 2**63
        return Batches(self.train_split, self.batch_size, order, self.share)

    def val_dataloader(self) -> Batches:
        """The validation batches."""
        return Batches(self.val_split, EVALUATION_BATCH_SIZE, share=self.share)
