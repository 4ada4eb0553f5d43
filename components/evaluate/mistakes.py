"""Texts that a run or a baseline got wrong, with a piece of each.

The most confident ones are what a reader looks at first. Two good networks share them, so that what
sets the networks apart lies among the others: a few of those are kept too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.preprocess import tokens
from components.records import Ingested, Prepared, Truncation

MISTAKES = "mistakes.parquet"
MOST_CONFIDENT = 100  # mistakes that are kept of a run
MOST_OTHERS = 100  # of the rest, evenly from the more to the less confident
EXCERPT = 300  # characters of a text that are kept, the mark of a cut included
CUT = "…"
COLUMNS = pa.schema(
    [
        ("row", pa.int64()),
        ("label", pa.int8()),
        ("probability", pa.float64()),
        ("num_words", pa.int64()),
        ("excerpt", pa.string()),
    ]
)


def write_mistakes(
    predictions: pd.DataFrame, ingested: Ingested, prepared: Prepared, folder: Path
) -> None:
    """Keep some of the mistakes among `predictions`, the most confident first, as Parquet."""
    assert prepared.truncation is not None, "texts were cut to a length"
    probability = predictions["probability"].to_numpy()
    rows = kept(most_confident(probability, predictions["label"].to_numpy()))
    chosen = predictions.iloc[rows]
    # Only these become Python strings: a whole split can have hundreds of megabytes.
    column = pq.read_table(ingested.path / "test.parquet", columns=["text"])["text"]
    texts = column.take(pa.array(rows)).to_pylist()
    arrays = {name: chosen[name].to_numpy() for name in COLUMNS.names[:-1]}
    arrays["excerpt"] = excerpts(texts, prepared.truncation)
    pq.write_table(pa.table(arrays, schema=COLUMNS), folder / MISTAKES)


@dataclass(frozen=True)
class StoredMistakes:
    """The mistakes of several runs, `(M,)`: the rows of the texts in the test split, and them."""

    row: NDArray[np.int64]
    num_words: NDArray[np.int64]
    excerpts: pa.ChunkedArray

    def excerpt(self, place: int) -> str:
        """The piece of the text at `place` of `row`."""
        text: str = self.excerpts[place].as_py()
        return text


def read_mistakes(folders: Sequence[Path]) -> StoredMistakes:
    """What `write_mistakes` left in each folder, one after another; nothing where it left none."""
    tables = [COLUMNS.empty_table()]
    for path in (folder / MISTAKES for folder in folders):
        if path.exists():
            with pq.ParquetFile(path) as file:
                tables.append(file.read())
    table = pa.concat_tables(tables)
    return StoredMistakes(table["row"].to_numpy(), table["num_words"].to_numpy(), table["excerpt"])


def most_confident(probability: NDArray[np.float64], label: NDArray[np.int8]) -> NDArray[np.int64]:
    """The examples that were given the wrong label, the farthest from 0.5 first."""
    wrong = np.flatnonzero((probability >= 0.5) != (label == 1))
    return wrong[np.argsort(-np.abs(probability[wrong] - 0.5), kind="stable")]


def kept(wrong: NDArray[np.int64]) -> NDArray[np.int64]:
    """The mistakes that are kept of all, which are in order of confidence."""
    others = wrong[MOST_CONFIDENT:]
    evenly = np.linspace(0, len(others) - 1, min(MOST_OTHERS, len(others))).astype(np.int64)
    return np.concatenate([wrong[:MOST_CONFIDENT], others[evenly]])


def excerpts(texts: Sequence[str], truncation: Truncation) -> list[str]:
    """A piece of the part of each text that networks read: its end if they miss the start.

    It has whole words, at most `EXCERPT` characters, and a mark where the text goes on. A word
    longer than that is broken.
    """
    at_end = truncation.side == "start"
    # What can be left off is what stands between spaces, which may be several words, or none. Each
    # has a character and a space at least, so that no more than half the characters are needed.
    pieces = [near(text.replace("<br />", " "), EXCERPT // 2, at_end=at_end) for text in texts]
    flat = pa.array([piece for of_text in pieces for piece in of_text], pa.large_string())
    num_words = np.diff(tokens.tokenise(flat).offsets)
    borders = pairwise(np.cumsum([0, *map(len, pieces)]))
    return [
        excerpt(of_text, num_words[start:end], truncation)
        for of_text, (start, end) in zip(pieces, borders, strict=True)
    ]


def near(text: str, number: int, *, at_end: bool) -> list[str]:
    """The first or the last `number` pieces of a text between spaces, and all others as one."""
    return text.rsplit(maxsplit=number) if at_end else text.split(maxsplit=number)


def excerpt(pieces: list[str], num_words: NDArray[np.int64], truncation: Truncation) -> str:
    """The same of one text, from its pieces and the words in each."""
    direction = -1 if truncation.side == "start" else 1  # from the end that networks read
    room = EXCERPT - len(CUT)
    characters = np.cumsum([len(piece) + 1 for piece in pieces[::direction]]) - 1
    read = np.cumsum(num_words[::direction]) <= truncation.max_length
    kept = pieces[::direction][: max(int((read & (characters <= room)).sum()), 1)]
    text = " ".join(kept[::direction])
    if len(kept) == len(pieces) and len(text) <= room:
        return text
    return f"{CUT}{text[-room:]}" if direction < 0 else f"{text[:room]}{CUT}"
