"""Test texts in a few bins by their length, along which accuracy can be followed."""

import numpy as np
from numpy.typing import NDArray

from components.compare.evidence.bootstrap import LEAST_EXAMPLES

NUM_BINS = 8

Words = NDArray[np.int64]


def length_bins(num_words: Words, max_length: int) -> list[tuple[int, int]]:
    """The fewest and the most words of each bin, both included; together they hold every text.

    The bins have about as many texts each. One ends at `max_length`, so that texts that networks
    read whole stand apart from those that were cut for them, unless one of the two is too few to
    say anything; so is no bin, unless all texts together are.

    Args:
        num_words: Those of each whole text, `(N,)`, at least one text.
        max_length: Words that networks read of a text.
    """
    cut = num_words > max_length
    parts = [num_words]
    if min(cut.sum(), (~cut).sum()) >= LEAST_EXAMPLES:
        parts = [num_words[~cut], num_words[cut]]
    highs = []
    for part in parts:
        share = round(NUM_BINS * len(part) / len(num_words))
        highs += borders(part, min(max(share, 1), max(len(part) // LEAST_EXAMPLES, 1)))
    if len(parts) == 2:
        highs[highs.index(int(parts[0].max()))] = max_length
    lows = [int(num_words.min()), *(high + 1 for high in highs[:-1])]
    return list(zip(lows, highs, strict=True))


def borders(num_words: Words, num_bins: int) -> list[int]:
    """The most words of each of about `num_bins` bins with at least their share of the texts.

    Texts of one length stay together. What is left after the last of them is a bin of its own if it
    is half a share and enough to say something; else it goes to the bin before it.
    """
    lengths, counts = np.unique(num_words, return_counts=True)
    share = len(num_words) / num_bins
    highs: list[int] = []
    held = 0
    for length, count in zip(lengths.tolist(), counts.tolist(), strict=True):
        held += count
        if held >= share:
            highs.append(length)
            held = 0
    if held:
        if highs and held < max(share / 2, LEAST_EXAMPLES):
            highs.pop()
        highs.append(int(lengths[-1]))
    return highs
