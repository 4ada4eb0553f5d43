"""Encoded texts that are written as they come: the file is that of the library, to the byte."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import load_file, save_file

from components import columns
from components.columns import Column
from components.preprocess import tokens
from components.preprocess.encoded import Counted, save_columns


@pytest.mark.parametrize("number", [0, 1, 7, 1_000])
def test_the_file_is_that_of_the_library(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "PIECE", 3)
    arrays = {
        "token_ids": np.arange(3 * number, dtype=np.int32),
        "lengths": np.full(number, 3),
        "labels": (np.arange(number) % 2).astype(np.int8),
        "rows": np.arange(number)[::-1],
    }
    grown = Column(tmp_path / "token_ids", np.int32)
    for part in np.array_split(arrays["token_ids"], 4):
        grown.append(part)
    save_columns({**arrays, "token_ids": grown}, tmp_path / "ours")
    arrays["rows"] = arrays["rows"].copy()
    save_file(arrays, tmp_path / "theirs")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert load_file(tmp_path / "ours")["rows"].tolist() == arrays["rows"].tolist()


def test_ids_given_meanwhile_become_those_of_the_vocabulary() -> None:
    counted = Counted()
    for texts in (["b a a", "c"], ["d a", ""]):
        counted.add(tokens.tokenise(pa.array(texts, pa.large_string())))
    assert counted.counts == {"a": 3, "b": 1, "c": 1, "d": 1}
    assert sorted(counted.ids.values()) == [2, 3, 4, 5]
    table = counted.final({"a": 2, "d": 3})
    meanwhile = [counted.ids[word] for word in "abcd"]
    assert table[meanwhile].tolist() == [2, 1, 1, 3]
    assert table[:2].tolist() == [tokens.PADDING_IDX, tokens.UNKNOWN_IDX]
    assert table.dtype == np.int32
