"""Encoded splits -> padded batches of sequences of similar length.

Shapes: `B` examples of a batch, `T` steps of its longest sequence, `F` features of a step,
`P` predicted values.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor

from components.preprocess.tokens import PADDING_IDX

EVALUATION_BATCH_SIZE = 256  # larger ones are no faster on a CPU, and gradients are not kept
POOL = 64  # batches whose examples are sorted together: random enough, and padded little


class Batch(NamedTuple):
    """`inputs` are token ids `(B, T)` or values `(B, T, F)`, padded at the end; `lengths` `(B,)`,
    `targets` `(B, P)` and `rows` `(B,)`, the place of each example in its split.

    Where it is one of several shares of a batch, `weight` is how much its mean counts in the mean
    over the shares, which then is the mean over the examples; 0 where it has an example only
    because no batch can be empty.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    rows: Tensor
    weight: float = 1.0


@dataclass(frozen=True)
class Share:
    """Which part of every batch a device computes, of `world_size` that share a training."""

    rank: int = 0
    world_size: int = 1


@dataclass(frozen=True)
class TokenSplit:
    """Texts as token ids one after another: text i starts at `starts[i]` and has `lengths[i]`."""

    token_ids: Tensor
    starts: Tensor
    lengths: Tensor
    targets: Tensor

    def batch(self, rows: Tensor) -> Batch:
        """The examples at `rows`, padded to the longest of them."""
        lengths = self.lengths[rows]
        step = torch.arange(int(lengths.max()))
        inside = step < lengths[:, None]
        place = torch.where(inside, self.starts[rows, None] + step, 0)
        inputs = torch.where(inside, self.token_ids[place], PADDING_IDX).long()
        return Batch(inputs, lengths, self.targets[rows], rows)


@dataclass(frozen=True)
class WindowSplit:
    """Windows of a series: `context` `(N, T, F)`, all of one length, and `targets` `(N, P)`."""

    context: Tensor
    lengths: Tensor
    targets: Tensor

    def batch(self, rows: Tensor) -> Batch:
        """The windows at `rows`."""
        return Batch(self.context[rows], self.lengths[rows], self.targets[rows], rows)


Split = TokenSplit | WindowSplit


def load_split(folder: Path, name: str) -> Split:
    """The split `train`, `val` or `test` of a preprocessed data set, in memory."""
    arrays = load_file(folder / f"{name}.safetensors")
    if "token_ids" in arrays:
        lengths = arrays["lengths"]
        targets = arrays["labels"].float()[:, None]
        return TokenSplit(arrays["token_ids"], lengths.cumsum(0) - lengths, lengths, targets)
    context = arrays["context"]
    lengths = torch.full((len(context),), context.shape[1])
    return WindowSplit(context[:, :, None], lengths, arrays["target"])


@dataclass(frozen=True)
class Batches:
    """All examples of a split exactly once, in batches of similar length.

    With a `generator_seed` the order is random and depends on nothing else; without one it is by
    length. Every iteration gives the same batches. With a `share` they are that part of each batch:
    all shares together have every example once.
    """

    split: Split
    batch_size: int
    generator_seed: int | None = None
    share: Share = Share()

    def __len__(self) -> int:
        return math.ceil(len(self.split.lengths) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for rows, weight in self.parts():
            yield self.split.batch(rows)._replace(weight=weight)

    def parts(self) -> Iterator[tuple[Tensor, float]]:
        """The rows of each batch that are this share's, and how much their mean counts."""
        rank, world_size = self.share.rank, self.share.world_size
        for rows in self.order():
            own = rows[rank::world_size]
            yield own if len(own) else rows[:1], len(own) * world_size / len(rows)

    def order(self) -> list[Tensor]:
        """The rows of each batch."""
        lengths = self.split.lengths
        if self.generator_seed is None:
            return list(torch.split(lengths.argsort(stable=True), self.batch_size))
        generator = torch.Generator().manual_seed(self.generator_seed)
        batches: list[Tensor] = []
        shuffled = torch.randperm(len(lengths), generator=generator)
        for pool in torch.split(shuffled, POOL * self.batch_size):
            by_length = pool[lengths[pool].argsort(stable=True)]
            batches.extend(torch.split(by_length, self.batch_size))
        return [batches[i] for i in torch.randperm(len(batches), generator=generator)]
