"""The kinds of cost that a row has, each once: its name, its axis and how it reads."""

from collections.abc import Callable
from dataclasses import dataclass

from components.records import Row
from dashboards.wording import seconds, size

SHORTEST = 0.001  # seconds: what takes less stands there, as a log scale has no 0


@dataclass(frozen=True)
class Kind:
    """One kind of cost: `of` gives a row's in the unit of the axis, `said` as a reader sees it.

    `tick` is how a round value stands at the axis.
    """

    key: str
    label: str
    axis: str
    of: Callable[[Row], float | None]
    said: Callable[[float], str]
    tick: Callable[[float], str] = "{:,.6g}".format


def _megabytes(value: float) -> str:
    return size(round(value * 1e6))


KINDS = (
    Kind(
        "training",
        "training time",
        "Training of one run (s, log scale)",
        lambda row: max(row.train_seconds, SHORTEST),
        lambda value: f"{seconds(value)} s",
    ),
    Kind(
        "latency",
        "latency",
        "Latency of one sequence, median (ms, log scale)",
        lambda row: 1e3 * row.cost.latency_median_seconds if row.cost else None,
        lambda value: f"{seconds(value)} ms",
    ),
    Kind(
        "parameters",
        "parameters",
        "Parameters (log scale)",
        lambda row: row.num_parameters or None,
        lambda value: f"{value:,.0f}",
    ),
    Kind(
        "size",
        "size",
        "Size of its files (log scale)",
        lambda row: row.cost.size_bytes / 1e6 if row.cost and row.cost.size_bytes else None,
        _megabytes,
        _megabytes,
    ),
    Kind(
        "memory",
        "peak memory",
        "Peak memory of its training (log scale)",
        lambda row: row.cost.peak_memory_bytes / 1e6 if row.cost else None,
        _megabytes,
        _megabytes,
    ),
)
