"""A verified table of texts -> token ids in the store, with the vocabulary they were made with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors.numpy import save_file

from components.outputs import Store, key_of
from components.preprocess import explain, tokens
from components.preprocess.vocabulary import VOCABULARY, encode_split, ids_of
from components.records import Ingested, Prepared, SequenceSpec, Truncation
from params.errors import InputError
from params.sections import TextPreprocess

VERSION = 2  # of what this stage makes; a change of it makes stored outputs again
PREPARED = "prepared.json"


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
        tables = {name: read_split(ingested.path, name) for name in ("train", "test")}
        text, labels = tables["train"]
        train, val = split(labels, params.val_fraction, params.split_seed)
        parts = {
            "train": (text.take(pa.array(train)), labels[train], train),
            "val": (text.take(pa.array(val)), labels[val], val),
            "test": (*tables["test"], np.arange(len(tables["test"][1]))),
        }
        sliced = {name: list(tokens.tokenise_slices(part[0])) for name, part in parts.items()}
        words = tokens.vocabulary(tokens.count(sliced["train"]), params.vocab_size)
        ids = ids_of(words)
        notes = []
        for name, (_, part_labels, rows) in parts.items():
            token_ids, lengths = encode_split(sliced[name], ids, params)
            arrays: dict[str, NDArray[Any]] = {
                "token_ids": token_ids,
                "lengths": lengths,
                "labels": part_labels,
                "rows": rows,
                "num_words": np.concatenate([np.diff(one.offsets) for one in sliced[name]]),
            }
            save_file(arrays, folder / f"{name}.safetensors")
            unknown = float((token_ids == tokens.UNKNOWN_IDX).mean())
            notes.append(
                f"{name}: {len(rows):,} texts, {lengths.mean():.0f} tokens on average after "
                f"truncation, {unknown:.1%} of them unknown"
            )
        (folder / VOCABULARY).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        first: str = parts["train"][0][0].as_py()
        numbers = explain.text_numbers(first, words, params, num_texts=len(train))
        (folder / explain.NUMBERS).write_text(numbers.model_dump_json(), encoding="utf-8")
        prepared = Prepared(
            path=Path(),
            key=key,
            fingerprint=ingested.fingerprint,
            train=len(train),
            val=len(val),
            test=len(parts["test"][1]),
            spec=SequenceSpec(
                num_embeddings=len(words) + tokens.NUM_SPECIAL, input_size=1, output_size=1
            ),
            truncation=Truncation(max_length=params.max_length, side=params.truncation_side),
            notes=tuple(notes),
        )
        (folder / PREPARED).write_text(prepared.model_dump_json(), encoding="utf-8")

    key = key_of("preprocess", VERSION, ingested.fingerprint, params.digest())
    output = store.output("preprocess", key, make, fresh=fresh)
    prepared = Prepared.model_validate_json((output.path / PREPARED).read_text(encoding="utf-8"))
    return prepared.model_copy(update={"path": output.path, "reused": output.reused})


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
    return np.setdiff1d(np.arange(len(labels)), val), val
