"""Columns that are longer than memory: whatever their pieces, they hold what was put into them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components import columns
from components.columns import Column, parquet


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_a_column_is_read_as_it_was_written(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "PIECE", piece)
    column = Column(tmp_path / "column", np.int64)
    assert list(column.pieces()) == []
    column.append(np.array([5, 6], np.int32))
    column.append(np.array([], np.int64))
    column.append(np.arange(8)[::2])
    pieces = list(column.pieces())
    assert np.concatenate(pieces).tolist() == [5, 6, 0, 2, 4, 6]
    assert {one.dtype for one in pieces} == {np.dtype(np.int64)}
    assert max(map(len, pieces)) == min(piece, 6)
    assert column.length == 6


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_every_value_is_recoded_in_its_place(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "PIECE", piece)
    column = Column(tmp_path / "column", np.int32)
    column.recode(np.array([1]))
    column.append(np.array([2, 0, 1, 1, 2]))
    column.recode(np.array([10, 20, 30], np.int32))
    assert np.concatenate(list(column.pieces())).tolist() == [30, 10, 20, 20, 30]
    assert (tmp_path / "column").stat().st_size == 5 * 4


def test_a_row_group_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    texts = [f"{number} and some more words" * 10 for number in range(100_000)]
    table = pa.table({"text": texts, "other": range(100_000)})
    pq.write_table(table, tmp_path / "one.parquet")  # 24 MB in a row group
    size = table.nbytes
    del table
    before, most, number = pa.total_allocated_bytes(), 0, 0
    for batch in parquet(tmp_path / "one.parquet", 1_000, ["text"]):
        most = max(most, pa.total_allocated_bytes() - before)
        assert batch.schema.names == ["text"]
        assert batch.column(0)[0].as_py() == texts[number]
        number += len(batch)
    assert number == 100_000
    assert most < size / 4
