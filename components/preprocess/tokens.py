"""Texts -> words -> token ids, many texts at a time.

Everything runs inside Arrow's kernels, which work on whole columns and leave the interpreter free,
so that slices of a column are tokenised side by side.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

PADDING_IDX = 0
UNKNOWN_IDX = 1
NUM_SPECIAL = 2  # ids that stand for no word: padding and unknown
SLICE = 4_096  # texts tokenised at a time
MOST_SLICES = 8  # in memory at a time, on however many cores
NO_WORD = r"[^\p{L}\p{N}\p{M}']+"  # what separates words
NO_PLAIN_WORD = "[^a-z0-9']+"  # the same for lower-case ASCII, compiled 2 ms sooner: at every call

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Words:
    """The words of N texts, one after another: text i is `codes[offsets[i]:offsets[i + 1]]`.

    A code is a place in `dictionary`, which holds every different word once.
    """

    codes: Ids
    offsets: NDArray[np.int64]
    dictionary: list[str]


def tokenise(texts: pa.Array) -> Words:
    """The lower-case words of each text.

    A word is a run of letters and digits of any script, with apostrophes inside it (`don't`);
    everything else separates, `<br />` and curly quotes included.
    """
    text = pc.replace_substring(pc.utf8_lower(texts), "<br />", " ")
    text = pc.replace_substring(text, "’", "'")
    plain = pc.all(pc.string_is_ascii(text)).as_py()
    text = pc.replace_substring_regex(text, NO_PLAIN_WORD if plain else NO_WORD, " ")
    lists = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(text))
    encoded = lists.flatten().dictionary_encode()
    # Apostrophes at the ends are quotation marks. Stripping them from the different words, which
    # are few, is far cheaper than from every occurrence; a word that was nothing else goes.
    stripped = [word.strip("'") for word in encoded.dictionary.to_pylist()]
    dictionary = sorted(set(stripped) - {""})
    place = {word: code for code, word in enumerate(dictionary)}
    recode = np.array([place.get(word, -1) for word in stripped], dtype=np.int32)
    codes = recode[encoded.indices.to_numpy()] if len(recode) else np.empty(0, np.int32)
    kept = codes >= 0
    kept_before = np.concatenate([[0], np.cumsum(kept)])
    offsets = lists.offsets.to_numpy() - lists.offsets[0].as_py()
    return Words(codes[kept], kept_before[offsets], dictionary)


def tokenise_slices(texts: pa.Array) -> Iterator[Words]:
    """The same in slices of some thousand texts, side by side on all cores, in order."""
    if len(texts) <= SLICE:  # which a thread could only delay
        return iter([tokenise(texts)] if len(texts) else [])
    return side_by_side(texts.slice(start, SLICE) for start in range(0, len(texts), SLICE))


def side_by_side(slices: Iterable[pa.Array]) -> Iterator[Words]:
    """The words of each of `slices`, in order; few slices are in memory at a time."""
    cores = min(len(os.sched_getaffinity(0)), MOST_SLICES)
    ahead = min(2 * cores, MOST_SLICES)
    waiting: deque[Future[Words]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for texts in slices:
            waiting.append(pool.submit(tokenise, texts))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def count(slices: list[Words]) -> dict[str, int]:
    """How often each word occurs."""
    counts: dict[str, int] = {}
    for words in slices:
        add_counts(counts, words)
    return counts


def add_counts(counts: dict[str, int], words: Words) -> None:
    """Add to `counts` how often each word occurs."""
    occurrences = np.bincount(words.codes, minlength=len(words.dictionary))
    for word, number in zip(words.dictionary, occurrences.tolist(), strict=True):
        counts[word] = counts.get(word, 0) + number


def vocabulary(counts: dict[str, int], vocab_size: int) -> list[str]:
    """The `vocab_size` most frequent words, most frequent first, equals in order of the alphabet.

    The word at place i has the id `i + NUM_SPECIAL`.
    """
    return sorted(counts, key=lambda word: (-counts[word], word))[:vocab_size]


def encode(words: Words, ids: dict[str, int]) -> Ids:
    """The token id of each word, laid out like `words.codes`; unknown where `ids` has none."""
    table = np.array([ids.get(word, UNKNOWN_IDX) for word in words.dictionary], dtype=np.int32)
    return table[words.codes] if len(table) else np.empty(0, np.int32)


def truncate(
    token_ids: Ids, offsets: NDArray[np.int64], max_length: int, side: str
) -> tuple[Ids, NDArray[np.int64]]:
    """At most `max_length` ids of each text, and how many are left of each.

    A text without any word becomes one unknown token, so that every row has a state to read.

    Args:
        token_ids: Ids of all texts, one after another.
        offsets: Where each text starts and the last one ends, `(N + 1,)`.
        max_length: Tokens kept.
        side: `start` cuts off the start of a longer text, `end` its end.
    """
    starts, ends = offsets[:-1], offsets[1:]
    lengths = np.minimum(ends - starts, max_length)
    first = ends - lengths if side == "start" else starts
    filled = np.maximum(lengths, 1)
    placed = np.cumsum(filled) - filled
    within = np.arange(filled.sum()) - np.repeat(placed, filled)
    source = np.repeat(first, filled) + within
    empty = np.repeat(lengths == 0, filled)
    padded = np.append(token_ids, np.int32(UNKNOWN_IDX))
    return padded[np.where(empty, len(token_ids), source)], filled
