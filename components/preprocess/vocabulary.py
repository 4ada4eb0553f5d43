"""The words that have an id, and texts encoded by them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.preprocess import tokens
from params.sections import TextPreprocess

VOCABULARY = "vocabulary.json"


def ids_of(words: Sequence[str]) -> dict[str, int]:
    """The token id of each word of a vocabulary."""
    return {word: place + tokens.NUM_SPECIAL for place, word in enumerate(words)}


def read_vocabulary(prepared: Path) -> list[str]:
    """The words of a preprocessed data set, most frequent first.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no list of words.
    """
    words = json.loads((prepared / VOCABULARY).read_text(encoding="utf-8"))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{VOCABULARY} must be a list of words")
    return words


def encode_texts(
    texts: Sequence[str], words: Sequence[str], params: TextPreprocess
) -> tuple[tokens.Ids, NDArray[np.int64]]:
    """New texts as the networks of a preprocessed data set read them: what `encode_split` gives.

    Args:
        texts: At least one.
        words: The vocabulary, most frequent first.
        params: How the data set was preprocessed.
    """
    column = pa.array(texts, pa.large_string())
    return encode_split(list(tokens.tokenise_slices(column)), ids_of(words), params)


def encode_split(
    slices: list[tokens.Words], ids: dict[str, int], params: TextPreprocess
) -> tuple[tokens.Ids, NDArray[np.int64]]:
    """The truncated token ids of all texts one after another, and their lengths `(N,)`."""
    encoded = [
        tokens.truncate(
            tokens.encode(words, ids), words.offsets, params.max_length, params.truncation_side
        )
        for words in slices
    ]
    token_ids, lengths = zip(*encoded, strict=True)
    return np.concatenate(token_ids), np.concatenate(lengths)
