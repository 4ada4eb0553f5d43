"""How texts became numbers: the vocabulary's top, one training text, and which words are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import safe_open

from components.preprocess import tokens
from components.preprocess.text import encode_texts, ids_of, read_vocabulary
from components.records import EncodedText, Ingested, Prepared, TextNumbers
from params.sections import TextPreprocess

TOP = 20  # words of the vocabulary that are shown
PLACES = 15  # words of a text and places of its row that are shown
EXCERPT = 240  # characters of a text that are shown


def text_numbers(
    ingested: Ingested, prepared: Prepared, params: TextPreprocess, *, excerpts: bool
) -> TextNumbers:
    """The vocabulary's top and, with `excerpts`, the first training text on its way to a row."""
    words = read_vocabulary(prepared.path)
    example = None
    if excerpts:
        example = encoded(first_training_text(ingested, prepared.path), words, params)
    return TextNumbers(
        vocab_size=len(words),
        num_texts=prepared.train,
        top=tuple(ids_of(words[:TOP]).items()),
        example=example,
        max_length=params.max_length,
        truncation_side=params.truncation_side,
        padding_idx=tokens.PADDING_IDX,
        unknown_idx=tokens.UNKNOWN_IDX,
    )


def first_training_text(ingested: Ingested, prepared: Path) -> str:
    """The first text of the training part as it was ingested."""
    with safe_open(prepared / "train.safetensors", framework="np") as arrays:
        row = int(arrays.get_tensor("rows")[0])
    # Only its beginning is read: the whole split can have hundreds of megabytes.
    with pq.ParquetFile(ingested.path / "train.parquet") as file:
        batches = file.iter_batches(batch_size=row + 1, columns=["text"])
        text: str = next(batches)["text"][row].as_py()
    return text


def encoded(text: str, words: Sequence[str], params: TextPreprocess) -> EncodedText:
    """The beginning of a text, of its words with their ids, and of its padded row."""
    spoken = tokens.tokenise(pa.array([text], pa.large_string()))
    every_id = tokens.encode(spoken, ids_of(words))
    token_ids, (num_tokens,) = encode_texts([text], words, params)
    shown = min(PLACES, params.max_length)
    cut = max(len(spoken.codes) - params.max_length, 0) if params.truncation_side == "start" else 0
    row = np.full(shown, tokens.PADDING_IDX)
    row[: min(shown, num_tokens)] = token_ids[:shown]
    return EncodedText(
        excerpt=text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…",
        words=tuple(spoken.dictionary[code] for code in spoken.codes[:PLACES]),
        ids=tuple(every_id[:PLACES].tolist()),
        row=tuple(row.tolist()),
        row_words=tuple(spoken.dictionary[code] for code in spoken.codes[cut : cut + shown]),
        num_words=len(spoken.codes),
        num_tokens=int(num_tokens),
    )


def count_known(
    texts: Sequence[str], prepared: Prepared, params: TextPreprocess
) -> list[tuple[int, int]]:
    """For each text how many of its words a network reads, and how many of those have an id."""
    token_ids, lengths = encode_texts(texts, read_vocabulary(prepared.path), params)
    known = np.split(token_ids != tokens.UNKNOWN_IDX, lengths.cumsum()[:-1])
    whole = tokens.tokenise(pa.array(texts, pa.large_string()))
    # A text without a word is read as one unknown token, which is no word of it.
    read = np.minimum(lengths, np.diff(whole.offsets))
    return [(int(number), int(ids.sum())) for number, ids in zip(read, known, strict=True)]
