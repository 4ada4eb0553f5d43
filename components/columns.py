"""Columns that are longer than memory: read, and written, some thousand rows at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import DTypeLike, NDArray

PIECE = 1 << 18  # values read at a time
BUFFER = 1 << 20  # bytes of a Parquet file read at a time; else all that was read stays in memory


def parquet(
    path: str | Path, rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file in order, at most so many `rows` at a time.

    Args:
        path: The file, whose row groups may be of any size.
        rows: How many rows to have in memory.
        columns: Those that are wanted, if not all.
    """
    with pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
        yield from file.iter_batches(rows, columns=None if columns is None else list(columns))


@dataclass
class Column:
    """A file of `length` values of one type, one after another, and nothing else."""

    path: Path
    dtype: DTypeLike
    length: int = 0

    def append(self, values: NDArray[Any]) -> None:
        """Write `values` at the end, as values of the column's type."""
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(values, self.dtype).data)
        self.length += len(values)

    def pieces(self) -> Iterator[NDArray[Any]]:
        """The values in order, at most `PIECE` at a time."""
        if self.length == 0:
            return
        with self.path.open("rb") as file:
            while len(piece := np.fromfile(file, self.dtype, PIECE)):
                yield piece

    def recode(self, table: NDArray[Any]) -> None:
        """Put `table[value]` in the place of every value."""
        if self.length == 0:
            return
        with self.path.open("r+b") as file:
            while len(piece := np.fromfile(file, self.dtype, PIECE)):
                file.seek(-piece.nbytes, 1)
                file.write(np.ascontiguousarray(table[piece], self.dtype).data)
                file.flush()
