"""Seconds of a comparison with as many trainings at a time as there are cores, and with one.

    python tests/benchmarks/workers.py FOLDER --output tests/benchmarks/workers.md

`FOLDER` holds the IMDB reviews laid out like `stanfordnlp/imdb` on the Hub. Three architectures
with the experiment's three seeds, from process start to report, each side in a folder of its own
where the data are read and encoded already. One training at a time has all cores as threads.
"""

import argparse
import os
import platform
import sys
from pathlib import Path
from statistics import median

from overhead import prepared, seconds, unroll_run


def measure(folder: Path, workers: str) -> float:
    """Seconds of one run with so many workers."""
    overrides = [f"ingest.source={folder.resolve()}", "architectures=[rnn,lstm,gru]"]
    with prepared("imdb", overrides[:1]) as (_, environment):
        return seconds(
            unroll_run("imdb", [*overrides, f"resources.workers={workers}"]), environment
        )


def main() -> None:
    """Measure as often as asked, in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    lines = [
        f"`unroll run imdb` with rnn, lstm, gru and three seeds on {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}.",
        "",
        "| | `workers: 1`, s | `workers: auto`, s | Times as fast |",
        "|---|---:|---:|---:|",
    ]
    ratios = []
    for number in range(1, asked.repeats + 1):
        alone, auto = measure(asked.folder, "1"), measure(asked.folder, "auto")
        ratios.append(alone / auto)
        lines.append(f"| {number} | {alone:.1f} | {auto:.1f} | {ratios[-1]:.2f} |")
    lines.append(f"| median | | | **{median(ratios):.2f}** |")
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if asked.output is not None:
        asked.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
