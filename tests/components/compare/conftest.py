"""Predictions of a few test texts as runs leave them, and rows of a comparison."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluate.mistakes import COLUMNS, MISTAKES
from components.evaluate.predictions import PREDICTIONS
from components.records import Row

LABELS = [0, 1, 1, 0]
NUM_WORDS = [3, 10, 4, 30]


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """Makes a row that has a name and nothing else."""

    def make(name: str, kind: str = "network") -> Row:
        return Row.model_validate(
            {
                **{"kind": kind, "name": name, "label": name, "num_parameters": None},
                **{"train_seconds": 0, "seeds": (), "metrics": {}},
            }
        )

    return make


@pytest.fixture
def classify(tmp_path: Path) -> Callable[..., Path]:
    """Writes what a run says of four texts, and keeps of its mistakes; gives the folder."""

    def write(name: str, probability: Sequence[float], *, old: bool = False) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        table = pd.DataFrame({"row": range(4), "label": LABELS, "probability": probability})
        if old:  # an earlier version left no more than this
            table.to_parquet(folder / PREDICTIONS, index=False)
            return folder
        table["num_words"] = NUM_WORDS
        table.to_parquet(folder / PREDICTIONS, index=False)
        wrong = table[(table["probability"] >= 0.5) != (table["label"] == 1)]
        columns = {column: wrong[column].to_numpy() for column in wrong}
        columns["excerpt"] = [f"text {row} <script>" for row in wrong["row"]]
        pq.write_table(pa.table(columns, schema=COLUMNS), folder / MISTAKES)
        return folder

    return write
