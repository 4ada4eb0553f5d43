"""Encoded splits -> batches."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from components.preprocess import batches
from components.preprocess.batches import Batches, Share, TokenSplit, WindowSplit, load_split

TEXTS = [[5, 6, 7], [8], [2, 3], [9, 9, 9, 9], [4]]
LABELS = [1, 0, 0, 1, 1]


@pytest.fixture
def texts(tmp_path: Path) -> TokenSplit:
    """Five texts, by way of the file that preprocess writes."""
    arrays = {
        "token_ids": torch.tensor([token for text in TEXTS for token in text], dtype=torch.int32),
        "lengths": torch.tensor([len(text) for text in TEXTS]),
        "labels": torch.tensor(LABELS, dtype=torch.int8),
        "rows": torch.arange(5),
    }
    save_file(arrays, tmp_path / "val.safetensors")
    split = load_split(tmp_path, "val")
    assert isinstance(split, TokenSplit)
    return split


def many(number: int) -> TokenSplit:
    """Texts of 1 to 50 tokens, each made of its own row number."""
    lengths = torch.randint(1, 51, (number,), generator=torch.Generator().manual_seed(0))
    token_ids = torch.arange(number).repeat_interleave(lengths)
    starts = lengths.cumsum(0) - lengths
    return TokenSplit(token_ids, starts, lengths, torch.arange(number)[:, None].float())


def rows_of(made: Batches) -> list[list[int]]:
    return [batch.rows.tolist() for batch in made]


def test_texts_are_padded_at_the_end_and_sorted_by_length(texts: TokenSplit) -> None:
    first, second, third = Batches(texts, 2)
    assert first.inputs.tolist() == [[8], [4]]
    assert second.inputs.tolist() == [[2, 3, 0], [5, 6, 7]]
    assert third.inputs.tolist() == [[9, 9, 9, 9]]
    assert second.lengths.tolist() == [2, 3]
    assert second.targets.tolist() == [[0.0], [1.0]]
    assert [batch.rows.tolist() for batch in (first, second, third)] == [[1, 4], [2, 0], [3]]
    assert first.inputs.dtype == torch.int64


def test_windows_have_one_length(tmp_path: Path) -> None:
    arrays = {"context": torch.tensor([[1.0, 2], [3, 4]]), "target": torch.tensor([[5.0], [6]])}
    save_file({**arrays, "day": torch.arange(2)}, tmp_path / "test.safetensors")
    split = load_split(tmp_path, "test")
    assert isinstance(split, WindowSplit)
    (batch,) = Batches(split, 8)
    assert batch.inputs.tolist() == [[[1.0], [2.0]], [[3.0], [4.0]]]
    assert batch.lengths.tolist() == [2, 2]
    assert batch.targets.tolist() == [[5.0], [6.0]]


@pytest.mark.parametrize("number", [1, 5, 640, 700])
@pytest.mark.parametrize("seed", [None, 0, 3])
def test_every_example_comes_exactly_once_and_whole(number: int, seed: int | None) -> None:
    split = many(number)
    made = Batches(split, 5, seed)
    parts = list(made)
    assert len(parts) == len(made) == -(-number // 5)
    assert sorted(row for batch in parts for row in batch.rows.tolist()) == list(range(number))
    for batch in parts:
        inside = torch.arange(batch.inputs.shape[1]) < batch.lengths[:, None]
        assert batch.inputs.shape[1] == batch.lengths.max()
        expected: Tensor = torch.where(inside, batch.rows[:, None], 0)
        assert torch.equal(batch.inputs, expected)
        assert torch.equal(batch.targets[:, 0].long(), batch.rows)
        assert torch.equal(batch.lengths, split.lengths[batch.rows])


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(("number", "world_size"), [(700, 2), (701, 3), (10, 4), (1, 2)])
def test_shares_have_every_example_once_and_their_means_are_that_of_the_batch(
    number: int, world_size: int, seed: int | None
) -> None:
    split = many(number)
    whole = Batches(split, 8, seed)
    shares = [Batches(split, 8, seed, Share(rank, world_size)) for rank in range(world_size)]
    for batch, *parts in zip(whole, *shares, strict=True):
        rows = [row for part in parts if part.weight for row in part.rows.tolist()]
        assert sorted(rows) == sorted(batch.rows.tolist())
        means = [part.rows.double().mean() * part.weight for part in parts]
        assert sum(means) / world_size == pytest.approx(float(batch.rows.double().mean()))


def test_without_a_seed_the_order_is_by_length() -> None:
    lengths = torch.cat([batch.lengths for batch in Batches(many(300), 7)])
    assert torch.equal(lengths, lengths.sort().values)


def test_the_order_depends_on_the_seed_and_on_nothing_else() -> None:
    split = many(300)
    one = rows_of(Batches(split, 7, 1))
    torch.manual_seed(99)
    assert rows_of(Batches(split, 7, 1)) == one
    same = Batches(split, 7, 1)
    assert rows_of(same) == rows_of(same) == one
    assert rows_of(Batches(split, 7, 2)) != one
    state = torch.get_rng_state()
    rows_of(Batches(split, 7, 1))
    assert torch.equal(torch.get_rng_state(), state)


def test_random_batches_hold_similar_lengths_in_any_order() -> None:
    parts = list(Batches(many(3_200), 10, 0))
    spans = [int(batch.lengths.max() - batch.lengths.min()) for batch in parts]
    # A pool of 640 texts of 1 to 50 tokens has about 13 of each length.
    assert sorted(spans)[len(spans) // 2] <= 1
    means = torch.tensor([batch.lengths.float().mean() for batch in parts])
    assert not torch.equal(means, means.sort().values)
    assert abs(float(means[:160].mean() - means[160:].mean())) < 4


def test_a_pool_is_drawn_anew_from_all_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "POOL", 2)
    pools = rows_of(Batches(many(100), 5, 0))
    assert sorted(row for batch in pools for row in batch) == list(range(100))
    assert {row < 50 for row in pools[0]} == {True, False}
