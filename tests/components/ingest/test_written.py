"""Splits on the disk: however they are cut into parts, they are the same data."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.columns import Column
from components.ingest import sources, written
from components.ingest.verify import verified
from components.ingest.written import Written
from params.errors import InputError

RANDOM = np.random.default_rng(0)
TEXTS = {
    name: [
        f"{'ä' * int(size)}{word}" for size, word in RANDOM.integers((0, 0), (3, 40), (number, 2))
    ]
    for name, number in (("train", 200), ("test", 90))
}


def table(texts: list[str]) -> pa.Table:
    return pa.table({"text": texts, "label": [row % 2 for row in range(len(texts))]})


def write(name: str, folder: Path, rows: int) -> Written:
    """The split, given some rows at a time."""
    whole = table(TEXTS[name])
    parts = [whole.slice(start, rows) for start in range(0, len(whole), rows)]
    (folder / "scratch").mkdir(exist_ok=True)
    return written.write(verified(parts, name), folder / f"{name}.parquet", folder / "scratch")


@pytest.mark.parametrize(("rows", "at_once"), [(1_000, 1_000), (7, 1_000), (1_000, 9), (7, 9)])
def test_repeats_are_those_that_pandas_finds(
    rows: int, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "AT_ONCE", at_once)
    monkeypatch.setattr(written, "ROWS", rows)
    splits = {name: write(name, tmp_path, rows) for name in TEXTS}
    found = written.repeats(**splits)
    train, test = (pd.Series(TEXTS[name]) for name in ("train", "test"))
    assert found.within == {
        "train": int(train.duplicated().sum()),
        "test": int(test.duplicated().sum()),
    }
    assert found.across == len(set(train) & set(test)) > 0
    assert np.array_equal(found.kept["test"], ~test.duplicated())
    assert np.array_equal(found.kept["train"], ~train.duplicated() & ~train.isin(test))
    left = pa.concat_tables(splits["train"].only(found.kept["train"]))["text"]
    assert left.to_pylist() == train[found.kept["train"]].tolist()


@pytest.mark.parametrize("at_once", [1_000, 9])
def test_digests_are_read_once_in_however_many_groups(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = {name: write(name, tmp_path, 50) for name in TEXTS}
    before = {path.name for path in (tmp_path / "scratch").iterdir()}
    monkeypatch.setattr(written, "AT_ONCE", at_once)
    read: list[str] = []
    pieces = Column.pieces

    def noted(column: Column) -> Iterator[Any]:
        read.append(column.path.name)
        return pieces(column)

    monkeypatch.setattr(Column, "pieces", noted)
    written.repeats(**splits)
    assert len(read) == len(set(read)) == 2 * (2 + 200 // at_once)
    assert {path.name for path in (tmp_path / "scratch").iterdir()} == before


@pytest.mark.parametrize("rows", [1_000, 7])
def test_the_fingerprint_is_of_sizes_texts_and_labels_in_order(rows: int, tmp_path: Path) -> None:
    expected = hashlib.sha256()
    for name, texts in TEXTS.items():
        pieces = [text.encode() for text in texts]
        expected.update(json.dumps([name, len(pieces)]).encode())
        expected.update(np.array([len(piece) for piece in pieces], np.int64).tobytes())
        expected.update(b"".join(pieces))
        expected.update(bytes(row % 2 for row in range(len(pieces))))
    splits = {name: write(name, tmp_path, rows) for name in TEXTS}
    assert written.fingerprint(splits) == expected.hexdigest()[:16]


def test_a_slice_has_its_own_bytes() -> None:
    text = pa.array(["a", "", "bc", "ä"], pa.large_string())
    assert bytes(written.joined(text.slice(1, 2))) == b"bc"
    assert bytes(written.joined(text)) == "abcä".encode()
    assert bytes(written.joined(text.slice(1, 1))) == b""
    assert bytes(written.joined(pa.array([""], pa.large_string()))) == b""


def test_a_bad_label_is_named_by_its_row_in_the_whole_split() -> None:
    parts = [table(["a", "b"]), table([]), pa.table({"text": ["c", "d"], "label": [1, 2]})]
    with pytest.raises(InputError) as caught:
        list(verified(parts, "train"))
    assert str(caught.value) == "column label of split train must hold 0 or 1, got 2 in row 3"


def test_a_part_may_lack_what_the_split_must_have() -> None:
    parts = [
        pa.table({"text": [" ", None], "label": [1, 1]}),
        pa.table({"text": pa.nulls(1), "label": [True]}),
        pa.table({"text": ["a"], "label": ["0"]}),
    ]
    found = pa.concat_tables(verified(parts, "train")).to_pydict()
    assert found == {"text": [" ", "", "", "a"], "label": [1, 1, 1, 0]}


def test_a_parquet_file_is_read_a_few_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ROWS", 64)
    for name, texts in TEXTS.items():
        pd.DataFrame(table(texts).to_pydict()).to_parquet(tmp_path / f"{name}.parquet")
    found = sources.from_folder(tmp_path, ("text", "label"))
    parts = {name: list(split) for name, split in found.items()}
    assert [len(part) for part in parts["train"]] == [64, 64, 64, 8]
    for name, texts in TEXTS.items():
        assert pa.concat_tables(parts[name])["text"].to_pylist() == texts
