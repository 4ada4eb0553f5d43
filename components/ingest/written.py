"""Verified splits on the disk: their Parquet files, what identifies them, what repeats in them.

No texts are held here as a whole: what grows with the data is a flag for each row.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.columns import Column, parquet
from components.ingest.sources import ROWS
from components.ingest.verify import SCHEMA, num_texts
from components.records import SplitFacts

AT_ONCE = 1 << 18  # digests compared with each other in memory, about
ENTRY = np.dtype([("digest", "S16"), ("row", np.int64)])

Kept = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Written:
    """A verified split: its file, and for each row the size and a digest of its text."""

    path: Path
    num_bytes: Column
    digests: Column
    blank: int
    positives: int

    @property
    def num_rows(self) -> int:
        """How many examples it has."""
        return self.digests.length

    def read(self, column: str) -> Iterator[pa.Array]:
        """A column, some thousand rows at a time."""
        for batch in parquet(self.path, ROWS, [column]):
            yield batch.column(0)

    def facts(self, repeats: int) -> SplitFacts:
        """Counts of the split."""
        return SplitFacts(
            num_examples=self.num_rows,
            missing=self.blank,
            repeats=repeats,
            positives=self.positives,
        )

    def only(self, kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
        """The rows that are `kept` `(N,)`, some thousand at a time."""
        start = 0
        for batch in parquet(self.path, ROWS):
            table = pa.Table.from_batches([batch])
            yield table.filter(pa.array(kept[start : start + len(batch)]))
            start += len(batch)


def write(parts: Iterable[pa.Table], path: Path, scratch: Path) -> Written:
    """The split made of verified `parts`, in a Parquet file.

    Args:
        parts: Tables with the columns `text` and `label`.
        path: The file.
        scratch: A folder for what is needed no longer than the split is looked at.
    """
    num_bytes = Column(scratch / f"{path.stem}.num_bytes", np.int64)
    digests = Column(scratch / f"{path.stem}.digests", "S16")
    blank = positives = 0
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for part in parts:
            writer.write_table(part)
            text = part["text"].combine_chunks()
            num_bytes.append(pc.binary_length(text).to_numpy())
            digests.append(np.array([digest(one) for one in pieces(text)], "S16"))
            blank += len(text) - num_texts(text)
            positives += pc.sum(part["label"]).as_py() or 0
    return Written(path, num_bytes, digests, blank, positives)


def digest(text: bytes) -> bytes:
    """16 bytes that tell a text from all others: two are alike once in 10^38 pairs."""
    return hashlib.blake2b(text, digest_size=16).digest()


def pieces(text: pa.Array) -> list[bytes]:
    """Every text as bytes."""
    found: list[bytes] = text.cast(pa.large_binary()).to_pylist()
    return found


def joined(text: pa.Array) -> memoryview | bytes:
    """The bytes of all texts one after another, as they lie in memory."""
    _, offsets, data = text.buffers()
    places = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return memoryview(data)[places[0] : places[-1]] if data is not None else b""


def fingerprint(splits: Mapping[str, Written]) -> str:
    """A digest of every text and label in order, whatever file they came from."""
    found = hashlib.sha256()
    for name, split in splits.items():
        found.update(json.dumps([name, split.num_rows]).encode())
        for num_bytes in split.num_bytes.pieces():
            found.update(num_bytes.data)
        for text in split.read("text"):
            found.update(joined(text))
        for label in split.read("label"):
            found.update(label.to_numpy().data)
    return found.hexdigest()[:16]


@dataclass(frozen=True)
class Repeats:
    """Exact repeats: how many in each split, how many different texts stand in both, and the rows
    that are left of each split without repeats, and of `train` without texts of `test`.
    """

    within: dict[str, int]
    across: int
    kept: Kept


def repeats(train: Written, test: Written) -> Repeats:
    """What repeats in two splits, as told by the digests of the texts.

    They are compared in groups by a remainder, which equal ones share: one group is in memory.
    """
    splits = {"train": train, "test": test}
    kept = {name: np.zeros(split.num_rows, np.bool_) for name, split in splits.items()}
    groups = 1 + max(split.num_rows for split in splits.values()) // AT_ONCE
    grouped = {name: by_group(split.digests, groups) for name, split in splits.items()}
    across, within = 0, {name: split.num_rows for name, split in splits.items()}
    for group in range(groups):
        found = {name: distinct(columns[group]) for name, columns in grouped.items()}
        for name, (different, rows) in found.items():
            kept[name][rows] = True
            within[name] -= len(different)
        in_both = np.isin(found["train"][0], found["test"][0])
        kept["train"][found["train"][1][in_both]] = False
        across += int(in_both.sum())
    return Repeats(within, across, kept)


def by_group(digests: Column, groups: int) -> list[Column]:
    """The digests, each with its row, in so many columns beside theirs; they are read once."""
    path = digests.path
    columns = [Column(path.with_name(f"{path.name}.{group}"), ENTRY) for group in range(groups)]
    start = 0
    for piece in digests.pieces():
        entries = np.empty(len(piece), ENTRY)
        entries["digest"], entries["row"] = piece, np.arange(start, start + len(piece))
        group = piece.view(np.uint64)[::2] % groups
        order = np.argsort(group, kind="stable")
        ends = np.bincount(group.astype(np.int64), minlength=groups).cumsum()
        for column, rows in zip(columns, np.split(order, ends[:-1]), strict=True):
            column.append(entries[rows])
        start += len(piece)
    return columns


def distinct(group: Column) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """The different digests of a group, and the row in which each stands first."""
    entries = np.concatenate([np.empty(0, ENTRY), *group.pieces()])
    group.path.unlink(missing_ok=True)  # there is none of nothing
    different, first = np.unique(entries["digest"], return_index=True)
    return different, entries["row"][first]
