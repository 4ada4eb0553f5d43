"""CSV and Parquet files, some thousand rows at a time, and standard input, line by line."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.files import sync
from params.errors import InputError

CHUNK = 4_096  # rows

Write = Callable[[pa.Table], None]


def standard_input() -> Iterator[bytes]:
    """Its lines, each as soon as it is there.

    Raises:
        InputError: If it is closed.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed; there is nothing to read from -")
    return iter(sys.stdin.buffer.readline, b"")


def column_names(path: Path) -> list[str]:
    """The names of the columns, in order.

    Raises:
        InputError: If the file cannot be read, or names a column twice.
    """
    with reading(path):
        if is_parquet(path):
            names = list(pq.read_schema(path).names)
        else:
            head = pd.read_csv(
                path,
                header=None,
                nrows=1,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
            )
            names = [str(name) for name in head.iloc[0]]
    if not any(names):
        raise InputError(f"{path}: its first line must name its columns, got a blank one")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has more than one column {', '.join(map(repr, twice))}")
    return names


def require_column(column: str, names: list[str], path: Path) -> None:
    """See that the file has the column.

    Raises:
        InputError: If it does not.
    """
    if column not in names:
        raise InputError(
            f"{path} has no column {column}; it has {', '.join(names)}; choose one with --column"
        )


def read_tables(path: Path) -> Iterator[pa.Table]:
    """The rows in order, at most `CHUNK` at a time; a CSV file has text alone, as it stands there.

    Raises:
        InputError: If the file cannot be read to its end.
    """
    if is_parquet(path):
        with reading(path), pq.ParquetFile(path) as file:
            if file.metadata.num_rows == 0:
                yield file.schema_arrow.empty_table()
            for batch in file.iter_batches(CHUNK):
                yield pa.Table.from_batches([batch])
        return
    with (
        reading(path),
        pd.read_csv(
            path,
            header=0,
            names=column_names(path),  # as they stand there: pandas would name those without a name
            dtype=str,
            keep_default_na=False,
            index_col=False,
            skip_blank_lines=False,  # a row that is empty is a row
            chunksize=CHUNK,
        ) as frames,
    ):
        while True:
            with warnings.catch_warnings():
                # A row that is longer than the header would lose its end with no more than a word.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame = next(frames, None)
            if frame is None:
                return
            table = pa.Table.from_pandas(frame, preserve_index=False)
            yield table.replace_schema_metadata()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with the file.

    Raises:
        InputError: If something is.
    """
    try:
        yield
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: its first line must name its columns, got a blank one") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read: it is not UTF-8 ({error.reason})") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read: {' '.join(str(error).split())}") from None


@contextmanager
def writing(path: Path | None) -> Iterator[Write]:
    """A function that appends a table to the file, or to stdout as CSV where there is none.

    The file gets its name when the block has ended; if that is by an error or by Ctrl-C, nothing is
    left of it.

    Raises:
        InputError: If the file cannot be written.
    """
    if path is None:
        yield csv_writer(sys.stdout)
        return
    path = path.resolve()  # what a link stands for
    partial = path.with_name(f".{path.name}.partial")
    try:
        with writer(partial, parquet=is_parquet(path)) as write:
            yield write
        sync(partial)
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def writer(path: Path, *, parquet: bool) -> Iterator[Write]:
    """A function that appends a table to a new file."""
    if not parquet:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield csv_writer(file)
        return
    opened: list[pq.ParquetWriter] = []

    def write(table: pa.Table) -> None:
        if not opened:  # the first table tells the columns
            opened.append(pq.ParquetWriter(path, table.schema))
        opened[0].write_table(table)

    try:
        yield write
    finally:
        for one in opened:
            one.close()


def csv_writer(file: TextIO) -> Write:
    """A function that appends a table as CSV, with the names of its columns before the first."""
    header = True

    def write(table: pa.Table) -> None:
        nonlocal header
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)  # which keeps whole numbers whole
        frame.to_csv(file, index=False, header=header, lineterminator="\n")
        file.flush()
        header = False

    return write


def is_parquet(path: Path) -> bool:
    """Whether the name says so; everything else is CSV."""
    return path.suffix.lower() == ".parquet"
