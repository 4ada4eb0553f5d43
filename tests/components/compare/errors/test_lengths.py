"""Bins of texts by their words."""

import numpy as np
import pytest

from components.compare.errors.lengths import length_bins

EVERY = list(range(1, 801))  # one text of each length

Bins = list[tuple[int, int]]


@pytest.mark.parametrize(
    ("lengths", "max_length", "bins"),
    [
        # Nothing is cut: eight bins of a hundred.
        (EVERY, 800, [(start, start + 99) for start in range(1, 801, 100)]),
        # 250 of 800 fit: two bins of 125, and 550 in six of 92 or what is left.
        (
            EVERY,
            250,
            [
                *((1, 125), (126, 250), (251, 342), (343, 434), (435, 526), (527, 618)),
                *((619, 710), (711, 800)),
            ],
        ),
        # 29 fit, or 29 are cut: too few to stand apart.
        (EVERY, 29, [(start, start + 99) for start in range(1, 801, 100)]),
        (EVERY, 771, [(start, start + 99) for start in range(1, 801, 100)]),
        (EVERY[:60], 30, [(1, 30), (31, 60)]),
        # The border is the length itself, although no text has it.
        ([50] * 40 + [300] * 40, 200, [(50, 200), (201, 300)]),
        # Texts of one length stay together.
        ([5] * 500 + [6] * 10 + [7] * 490, 10, [(5, 5), (6, 7)]),
        # What is left is a bin of its own if it says something.
        (EVERY[:95], 1_000, [(1, 32), (33, 64), (65, 95)]),
        (EVERY[:91], 1_000, [(1, 31), (32, 91)]),
        ([1] * 50 + [2] * 50 + [3] * 20, 10, [(1, 1), (2, 3)]),
        # Too few for two bins.
        ([3, 10, 4, 30], 10, [(3, 30)]),
        ([0], 10, [(0, 0)]),
    ],
)
def test_bins_to_the_word(lengths: list[int], max_length: int, bins: Bins) -> None:
    assert length_bins(np.array(lengths), max_length) == bins


def test_every_text_is_in_one_bin_and_none_has_few() -> None:
    random = np.random.default_rng(0)
    for number, spread, max_length in [(25_000, 0.6, 100), (500, 1.5, 50), (70, 0.2, 180)]:
        lengths = np.exp(random.normal(5, spread, number)).astype(int)
        bins = length_bins(lengths, max_length)
        counts = [int(((low <= lengths) & (lengths <= high)).sum()) for low, high in bins]
        assert sum(counts) == number
        assert min(counts) >= 30
        assert [high + 1 for _, high in bins[:-1]] == [low for low, _ in bins[1:]]
        assert (bins[0][0], bins[-1][1]) == (lengths.min(), lengths.max())
        if number > 70:
            assert max_length in {high for _, high in bins}
