"""How texts became numbers: the vocabulary's top, one training text, and which words are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.preprocess import tokens
from components.preprocess.vocabulary import encode_texts, ids_of, read_vocabulary
from components.records import EncodedText, Prepared, TextNumbers
from params.sections import TextPreprocess

NUMBERS = "numbers.json"
TOP = 20  # words of the vocabulary that are shown
PLACES = 15  # words of a text and places of its row that are shown
EXCERPT = 240  # characters of a text that are shown


def text_numbers(
    text: str, words: Sequence[str], params: TextPreprocess, *, num_texts: int
) -> TextNumbers:
    """The vocabulary's top, and a training text on its way to a padded row.

    Args:
        text: The first of the training part.
        words: The vocabulary, most frequent first.
        params: How the data set was preprocessed.
        num_texts: How many texts the vocabulary was made from.
    """
    return TextNumbers(
        vocab_size=len(words),
        num_texts=num_texts,
        top=tuple(ids_of(words[:TOP]).items()),
        example=encoded(text, words, params),
        max_length=params.max_length,
        truncation_side=params.truncation_side,
        padding_idx=tokens.PADDING_IDX,
        unknown_idx=tokens.UNKNOWN_IDX,
    )


def read_numbers(prepared: Path, *, excerpts: bool) -> TextNumbers:
    """What `text_numbers` said of a preprocessed data set, without its text if not `excerpts`."""
    found = TextNumbers.model_validate_json((prepared / NUMBERS).read_text(encoding="utf-8"))
    return found if excerpts else found.model_copy(update={"example": None})


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
