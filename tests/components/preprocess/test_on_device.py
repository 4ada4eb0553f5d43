"""Batches on a device, with the processor as the device: the same ones in the same order."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from components.preprocess import on_device
from components.preprocess.batches import Batch, Batches, Share, Split, TokenSplit, WindowSplit
from components.preprocess.on_device import CopiedAhead, Delivery, ResidentBatches, size_bytes

HERE = torch.device("cpu")


def texts(number: int = 701) -> TokenSplit:
    """Texts of 1 to 50 tokens."""
    random = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 51, (number,), generator=random)
    ids = torch.randint(1, 99, (int(lengths.sum()),), generator=random, dtype=torch.int32)
    return TokenSplit(ids, lengths.cumsum(0) - lengths, lengths, torch.arange(number)[:, None] / 2)


def windows(number: int = 101) -> WindowSplit:
    context = torch.arange(number * 6.0).view(number, 6, 1)
    return WindowSplit(context, torch.full((number,), 6), torch.arange(2.0 * number).view(-1, 2))


class Noting:
    """A lane that notes what is sent and received, instead of a GPU's."""

    def __init__(self, device: Any = None):
        self.noted: list[str] = []
        self.sent = 0

    def send(self, batch: Batch) -> Any:
        self.sent += 1
        self.noted.append(f"send {self.sent}")
        return SimpleNamespace(batch=batch, number=self.sent)

    def receive(self, sent: Any) -> Batch:
        self.noted.append(f"receive {sent.number}")
        return sent.batch


def assert_same(found: Iterator[Batch], expected: Iterator[Batch]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.weight == other.weight
        for ours, theirs in zip(one[:4], other[:4], strict=True):
            assert ours.shape == theirs.shape
            assert torch.equal(ours, theirs.to(ours.dtype))


@pytest.mark.parametrize("split", [texts(), windows(), texts(1)])
@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("share", [Share(), Share(0, 2), Share(1, 2), Share(3, 4)])
def test_resident_batches_are_the_usual_ones(
    split: Split, seed: int | None, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_device, "COPIED_AT_ONCE", 64)
    usual = Batches(split, 8, seed, share)
    delivery = Delivery([windows(3), split], HERE, room=10**9)
    found = delivery.of(usual)
    assert isinstance(found, ResidentBatches)
    assert len(found) == len(usual)
    assert_same(iter(found), iter(usual))
    assert_same(iter(found), iter(usual))  # over and over


def test_a_resident_split_takes_what_was_foretold() -> None:
    for split in (texts(), windows()):
        copy = on_device.resident(split, HERE)
        taken = copy.inputs.nbytes + copy.lengths.nbytes + copy.targets.nbytes
        assert size_bytes(split) == taken
    long = TokenSplit(torch.zeros(403), torch.tensor([0, 3]), torch.tensor([3, 400]), torch.ones(2))
    assert size_bytes(long) == 2 * 400 * 4 + 2 * 8 + 2 * 4


def test_what_does_not_fit_is_copied_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    train, val = texts(), texts(99)
    both = size_bytes(train) + size_bytes(val)
    assert Delivery([train, val], HERE, both).copies
    too_small = Delivery([train, val], HERE, both - 1)
    assert too_small.copies == []
    assert too_small.of(Batches(train, 8)) == Batches(train, 8)  # the processor has it already
    monkeypatch.setattr(on_device, "Lane", Noting)
    away = on_device.copied_ahead(Batches(train, 8), torch.device("cuda"))
    assert isinstance(away, CopiedAhead)
    assert len(away) == len(Batches(train, 8))


def test_all_epochs_and_splits_share_one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_device, "Lane", Noting)
    train, val = texts(), texts(99)
    delivery = Delivery([train, val], torch.device("cuda"), room=0)
    found = [delivery.of(Batches(split, 8, seed)) for seed in (1, 2) for split in (train, val)]
    assert [one.batches.split for one in found] == [train, val] * 2
    assert len({id(one.lane) for one in found}) == 1


def test_splits_may_take_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (40 * 10**9, 80 * 10**9))
    assert on_device.room_on(torch.device("cuda")) == 10 * 10**9


def test_a_batch_is_on_its_way_while_the_one_before_is_computed() -> None:
    lane = Noting()
    batches = Batches(texts(30), 8, 3)
    assert len(batches) == 4
    found = []
    for batch in CopiedAhead(batches, lane):
        lane.noted.append("compute")
        found.append(batch)
    said = "send 1, send 2, receive 1, compute, send 3, receive 2, compute, "
    said += "send 4, receive 3, compute, receive 4, compute"
    assert ", ".join(lane.noted) == said
    assert_same(iter(found), iter(batches))
