"""The encoded texts of a part, from texts to a file, some thousand at a time."""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.columns import Column
from components.preprocess import tokens
from components.preprocess.vocabulary import ids_of
from params.sections import TextPreprocess

NAMES = {"int64": "I64", "int32": "I32", "int8": "I8"}  # of types, in a safetensors file


@dataclass(frozen=True)
class Encoded:
    """`token_ids` of all texts one after another; of each text its `lengths`, the tokens kept, and
    `num_words`, those that it has.
    """

    token_ids: Column
    lengths: Column
    num_words: Column

    def append(self, words: tokens.Words, ids: dict[str, int], params: TextPreprocess) -> None:
        """Encode some more texts."""
        token_ids, lengths = tokens.truncate(
            tokens.encode(words, ids), words.offsets, params.max_length, params.truncation_side
        )
        self.token_ids.append(token_ids)
        self.lengths.append(lengths)
        self.num_words.append(np.diff(words.offsets))

    def note(self, name: str) -> str:
        """How many texts there are, how long they are and how much of them is known."""
        number, total = self.lengths.length, self.token_ids.length
        unknown = sum(
            np.count_nonzero(piece == tokens.UNKNOWN_IDX) for piece in self.token_ids.pieces()
        )
        return (
            f"{name}: {number:,} texts, {total / number:.0f} tokens on average after "
            f"truncation, {unknown / total:.1%} of them unknown"
        )

    def save(self, path: Path, labels: NDArray[np.int8], rows: NDArray[np.int64]) -> None:
        """Write everything to one file, with the `labels` `(N,)` and the `rows` `(N,)`."""
        own = {name: getattr(self, name) for name in ("token_ids", "lengths", "num_words")}
        save_columns({**own, "labels": labels, "rows": rows}, path)


def begin(folder: Path, name: str) -> Encoded:
    """A part without texts, whose columns grow in `folder`."""
    return Encoded(
        token_ids=Column(folder / f"{name}.token_ids", np.int32),
        lengths=Column(folder / f"{name}.lengths", np.int64),
        num_words=Column(folder / f"{name}.num_words", np.int64),
    )


@dataclass(frozen=True)
class Counted:
    """The words of the texts that were seen: how often each occurred, in order of appearance, and
    the id that it has until the vocabulary is known.
    """

    counts: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def add(self, words: tokens.Words) -> None:
        """Count some more texts."""
        tokens.add_counts(self.counts, words)
        for word in words.dictionary:
            self.ids.setdefault(word, len(self.ids) + tokens.NUM_SPECIAL)

    def final(self, ids: Mapping[str, int]) -> tokens.Ids:
        """The id in `ids` of every id that was given meanwhile; padding and unknown stay."""
        known = [ids.get(word, tokens.UNKNOWN_IDX) for word in self.ids]
        return np.array([tokens.PADDING_IDX, tokens.UNKNOWN_IDX, *known], np.int32)


def encode_training(part: Encoded, texts: Iterable[pa.Array], params: TextPreprocess) -> list[str]:
    """The vocabulary of the training texts, most frequent word first, after encoding them.

    They are tokenised once: until all words are counted, each has an id of its own.
    """
    counted = Counted()
    for words in tokens.side_by_side(texts):
        counted.add(words)
        part.append(words, counted.ids, params)
    vocabulary = tokens.vocabulary(counted.counts, params.vocab_size)
    part.token_ids.recode(counted.final(ids_of(vocabulary)))
    return vocabulary


def encode_by(
    vocabulary: Sequence[str], part: Encoded, texts: Iterable[pa.Array], params: TextPreprocess
) -> None:
    """Encode `texts` by a vocabulary, most frequent word first."""
    ids = ids_of(vocabulary)
    for words in tokens.side_by_side(texts):
        part.append(words, ids, params)


def save_columns(columns: Mapping[str, Column | NDArray[Any]], path: Path) -> None:
    """Write columns as the library `safetensors` would, which wants them all in memory.

    The file is eight bytes with the size of its header, the header, and the values of one column
    after another, those of larger types first (https://github.com/huggingface/safetensors#format).
    """
    sizes = {name: np.dtype(column.dtype).itemsize for name, column in columns.items()}
    order = sorted(columns, key=lambda name: (-sizes[name], name))
    header, end = {}, 0
    for name in order:
        number = num_values(columns[name])
        start, end = end, end + number * sizes[name]
        dtype = NAMES[np.dtype(columns[name].dtype).name]
        header[name] = {"dtype": dtype, "shape": [number], "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            for piece in pieces_of(columns[name]):
                file.write(np.ascontiguousarray(piece).data)


def num_values(column: Column | NDArray[Any]) -> int:
    """How long a column is, in memory or not."""
    return column.length if isinstance(column, Column) else len(column)


def pieces_of(column: Column | NDArray[Any]) -> Iterable[NDArray[Any]]:
    """Its values, in one or several arrays."""
    return column.pieces() if isinstance(column, Column) else [column]
