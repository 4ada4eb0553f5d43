"""How long the page of many runs takes to make, and how large it is, on numbers made up.

    PYTHONPATH=. python tests/benchmarks/report.py

The first page of a process also reads plotly's script, and is not counted.
"""

import runpy
import statistics
import time
from pathlib import Path

from dashboards.render import render

FOLDER = Path(__file__).parent.parent / "dashboards"
SIZES = [(4, 10), (20, 10), (100, 10)]  # rows, seeds
REPEATS = 3


def main() -> None:
    made_up = runpy.run_path(str(FOLDER / "made_up.py"))["made_up"]
    render(made_up(1, 1))
    print("| Rows | Seeds | Runs | Seconds | MB |\n|---:|---:|---:|---:|---:|")
    for rows, seeds in SIZES:
        comparison = made_up(rows, seeds)
        seconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            page = render(comparison)
            seconds.append(time.perf_counter() - start)
        size = len(page.encode()) / 1e6
        taken = statistics.median(seconds)
        print(f"| {rows} | {seeds} | {rows * seeds:,} | {taken:.2f} | {size:.1f} |")


if __name__ == "__main__":
    main()
