"""Batches on the device that reads them: gathered there, or copied there one ahead.

A GPU computes while the processor goes on, so what it reads must never make the processor wait. The
encoded splits of a training are small: where they fit they lie on the device as a whole, and a
batch is picked out of them there. Where they do not, each batch goes through pinned memory, by a
stream of its own, while the one before it is computed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from components.preprocess.batches import Batch, Batches, Split, TokenSplit
from components.preprocess.tokens import PADDING_IDX

USABLE = 0.25  # share of a device's free memory that splits may take; the rest is for the network
COPIED_AT_ONCE = 4096  # examples, so that padding them takes little memory beside
TOKEN_ID_TYPE = torch.int32  # half of what a text takes as int64


@dataclass(frozen=True)
class Resident:
    """A split that lies on a device as a whole: `inputs` `(N, T)` or `(N, T, F)`, padded to the
    longest sequence, `lengths` `(N,)` and `targets` `(N, P)`.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor

    def batch(self, rows: Tensor, longest: int) -> Batch:
        """The examples at `rows`, which lie there too; the longest of them has `longest` steps."""
        inputs = self.inputs[:, :longest].index_select(0, rows)
        lengths = self.lengths.index_select(0, rows)
        return Batch(inputs, lengths, self.targets.index_select(0, rows), rows)


def size_bytes(split: Split) -> int:
    """What a split takes on a device."""
    beside = split.lengths.nbytes + split.targets.nbytes
    if isinstance(split, TokenSplit):
        ids = len(split.lengths) * int(split.lengths.max())
        return ids * TOKEN_ID_TYPE.itemsize + beside
    return split.context.nbytes + beside


def resident(split: Split, device: torch.device) -> Resident:
    """A split, copied to a device."""
    lengths, targets = split.lengths.to(device), split.targets.to(device)
    if not isinstance(split, TokenSplit):
        return Resident(split.context.to(device), lengths, targets)
    shape = (len(split.lengths), int(split.lengths.max()))
    inputs = torch.full(shape, PADDING_IDX, dtype=TOKEN_ID_TYPE, device=device)
    for rows in torch.split(torch.arange(len(split.lengths)), COPIED_AT_ONCE):
        texts = split.batch(rows).inputs
        inputs[int(rows[0]) : int(rows[-1]) + 1, : texts.shape[1]] = texts.to(device)
    return Resident(inputs, lengths, targets)


@dataclass(frozen=True)
class ResidentBatches:
    """The same batches, in the same order, picked out of a copy of their split on a device."""

    batches: Batches
    copy: Resident

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        parts = list(self.batches.parts())
        # The one thing that is copied, once for all of them: which rows they have.
        rows = torch.cat([own for own, _ in parts]).to(self.copy.lengths.device)
        lengths = self.batches.split.lengths
        there = torch.split(rows, [len(own) for own, _ in parts])
        for (own, weight), places in zip(parts, there, strict=True):
            # Asking the device how long they are would wait for all that it has to do.
            longest = int(lengths[own].max())
            yield self.copy.batch(places, longest)._replace(weight=weight)


class Sent(NamedTuple):
    """A batch on its way to a device, and when it has arrived."""

    batch: Batch
    arrived: torch.cuda.Event


class Lane:
    """A stream of a GPU on which batches are copied while another one computes."""

    def __init__(self, device: torch.device):
        """A lane to a GPU."""
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # so in torch

    def send(self, batch: Batch) -> Sent:
        """Begin to copy a batch; nobody waits."""
        with torch.cuda.stream(self.stream):
            copy = each(batch, lambda one: one.pin_memory().to(self.device, non_blocking=True))
        return Sent(copy, self.stream.record_event())

    def receive(self, sent: Sent) -> Batch:
        """A batch that what is computed next may read: the GPU waits for it, not the processor."""
        computing = torch.cuda.current_stream(self.device)
        computing.wait_event(sent.arrived)
        for tensor in sent.batch[:4]:
            tensor.record_stream(computing)  # or its memory would be free too early for others
        return sent.batch


def each(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """A batch with each of its tensors changed."""
    inputs, lengths, targets, rows, weight = batch
    return Batch(change(inputs), change(lengths), change(targets), change(rows), weight)


@dataclass(frozen=True)
class CopiedAhead:
    """The same batches on a device; while one is computed, the next one is on its way."""

    batches: Batches
    lane: Lane

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        ahead = None
        for batch in self.batches:
            following = self.lane.send(batch)
            if ahead is not None:
                yield self.lane.receive(ahead)
            ahead = following
        if ahead is not None:
            yield self.lane.receive(ahead)


OnDevice = Batches | ResidentBatches | CopiedAhead


class Delivery:
    """Brings batches of some splits, over and over, to the device that reads them."""

    def __init__(self, splits: Sequence[Split], device: torch.device, room: int):
        """Copies of the `splits` on `device` if they take no more than `room` bytes there."""
        self.device = device
        fits = sum(size_bytes(split) for split in splits) <= room
        self.copies = [(split, resident(split, device)) for split in splits] if fits else []

    def of(self, batches: Batches) -> OnDevice:
        """The same batches on the device."""
        for split, copy in self.copies:
            if split is batches.split:
                return ResidentBatches(batches, copy)
        return batches if self.lane is None else CopiedAhead(batches, self.lane)

    @cached_property
    def lane(self) -> Lane | None:
        """What copies to the device: one for all, as torch keeps memory apart for each stream."""
        return lane_to(self.device)


def room_on(device: torch.device) -> int:
    """How many bytes splits may take on a GPU, by what is free there now."""
    return int(USABLE * torch.cuda.mem_get_info(device)[0])


def copied_ahead(batches: Batches, device: torch.device) -> OnDevice:
    """The batches on a device that reads each of them once; as they are on the processor."""
    lane = lane_to(device)
    return batches if lane is None else CopiedAhead(batches, lane)


def lane_to(device: torch.device) -> Lane | None:
    """A lane to a GPU; None to the processor."""
    return Lane(device) if device.type == "cuda" else None
