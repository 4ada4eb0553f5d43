"""A verified table of texts -> token ids in the store, with the vocabulary they were made with."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.columns import parquet
from components.outputs import Store, key_of
from components.preprocess import encoded, explain, tokens
from components.preprocess.vocabulary import VOCABULARY
from components.records import Ingested, Prepared, SequenceSpec, Truncation
from params.errors import InputError
from params.sections import TextPreprocess

VERSION = 2  # of what this stage makes; a change of it makes stored outputs again
PREPARED = "prepared.json"
SOURCES = {"train": "train", "val": "train", "test": "test"}  # the ingested split of each part


def preprocess_text(
    ingested: Ingested, params: TextPreprocess, store: Store, *, fresh: bool = False
) -> Prepared:
    """Encoded splits `train`, `val` and `test` in the store.

    Each is a safetensors file: `token_ids` of all texts one after another, their `lengths` `(N,)`,
    their `labels` `(N,)`, their `rows` in the ingested split `(N,)` and the number of words of each
    whole text, `num_words` `(N,)`. The vocabulary is that of the training part alone.
    `numbers.json` shows how texts became numbers.

    Raises:
        InputError: If the training split is too small to set a part of it aside.
    """

    def make(folder: Path) -> None:
        with TemporaryDirectory(dir=folder) as scratch:
            prepared = write(ingested, params, folder, Path(scratch))
        text = prepared.model_copy(update={"key": key}).model_dump_json()
        (folder / PREPARED).write_text(text, encoding="utf-8")

    key = key_of("preprocess", VERSION, ingested.fingerprint, params.digest())
    output = store.output("preprocess", key, make, fresh=fresh)
    prepared = Prepared.model_validate_json((output.path / PREPARED).read_text(encoding="utf-8"))
    return prepared.model_copy(update={"path": output.path, "reused": output.reused})


def write(ingested: Ingested, params: TextPreprocess, folder: Path, scratch: Path) -> Prepared:
    """What there is to know of the encoded splits, after they are written to `folder`.

    No part is in memory as a whole, nor are the texts.

    Args:
        ingested: The verified table.
        params: How it is encoded.
        folder: For what is kept.
        scratch: For what is not.

    Raises:
        InputError: If the training split is too small to set a part of it aside.
    """
    labels = {name: read_labels(ingested.path, name) for name in ("train", "test")}
    train, val = split(labels["train"], params.val_fraction, params.split_seed)
    rows = {"train": train, "val": val, "test": np.arange(len(labels["test"]))}

    def texts(name: str) -> Iterator[pa.Array]:
        return read_texts(ingested.path, SOURCES[name], rows[name])

    parts, words = {}, list[str]()
    for name in SOURCES:
        begun = encoded.begin(scratch, name)
        if name == "train":
            words = encoded.encode_training(begun, texts(name), params)
        else:
            encoded.encode_by(words, begun, texts(name), params)
        begun.save(folder / f"{name}.safetensors", labels[SOURCES[name]][rows[name]], rows[name])
        parts[name] = begun
    (folder / VOCABULARY).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    first: str = next(texts("train"))[0].as_py()
    numbers = explain.text_numbers(first, words, params, num_texts=len(train))
    (folder / explain.NUMBERS).write_text(numbers.model_dump_json(), encoding="utf-8")
    return Prepared(
        path=Path(),
        key="",
        fingerprint=ingested.fingerprint,
        **{name: len(of_part) for name, of_part in rows.items()},
        spec=SequenceSpec(
            num_embeddings=len(words) + tokens.NUM_SPECIAL, input_size=1, output_size=1
        ),
        truncation=Truncation(max_length=params.max_length, side=params.truncation_side),
        notes=tuple(part.note(name) for name, part in parts.items()),
    )


def read_labels(folder: Path, name: str) -> NDArray[np.int8]:
    """The labels `(N,)` of an ingested split."""
    table = pq.read_table(folder / f"{name}.parquet", columns=["label"])
    labels: NDArray[np.int8] = table["label"].to_numpy()
    return labels


def read_texts(folder: Path, name: str, rows: NDArray[np.int64]) -> Iterator[pa.Array]:
    """The texts of an ingested split at `rows`, which are in order, some thousand at a time."""
    start = 0
    for batch in parquet(folder / f"{name}.parquet", tokens.SLICE, ["text"]):
        stop = start + len(batch)
        first, last = np.searchsorted(rows, (start, stop))
        if first < last:
            yield batch.column(0).take(pa.array(rows[first:last] - start))
        start = stop


def read_split(folder: Path, name: str) -> tuple[pa.Array, NDArray[np.int8]]:
    """The texts and the labels `(N,)` of an ingested split."""
    table = pq.read_table(folder / f"{name}.parquet")
    return table["text"].combine_chunks(), table["label"].to_numpy()


def split(
    labels: NDArray[np.int8], val_fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and rows to validate on, in order, with the balance of labels in both.

    Raises:
        InputError: If one of the two would be without an example of a label.
    """
    random = np.random.default_rng(seed)
    chosen = []
    for label in (0, 1):
        rows = random.permutation(np.flatnonzero(labels == label))
        num_val = round(len(rows) * val_fraction)
        if not 0 < num_val < len(rows):
            raise InputError(
                f"preprocess.val_fraction {val_fraction} leaves a part of the training split "
                f"without an example of label {label}, of which there are {len(rows)}"
            )
        chosen.append(rows[:num_val])
    val = np.sort(np.concatenate(chosen))
    trained = np.ones(len(labels), np.bool_)
    trained[val] = False
    return np.flatnonzero(trained), val
