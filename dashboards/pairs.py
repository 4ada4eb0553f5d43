"""Pairs of rows -> what is shown of them, as text: how far one is ahead, and how sure that is."""

from dataclasses import dataclass

from components.metrics import Metric, ranking_metric
from components.records import Comparison, Pair
from dashboards.table import between, quantity

NETWORKS, BASELINES = "Networks", "Networks and baselines"


@dataclass(frozen=True)
class PairLine:
    """Two rows as text; `shown` where the interval of the difference does not reach 0.

    `one_seed` where a network of the two ran once: then the difference is one of these runs.
    """

    better: str
    worse: str
    difference: str
    interval: str
    p_value: str
    shown: bool
    one_seed: bool


def pair_lines(comparison: Comparison) -> dict[str, tuple[PairLine, ...]]:
    """The pairs of two networks, then those of a network and a baseline, by title; none is empty.

    Two baselines are not set against each other.
    """
    metric = ranking_metric(comparison.task, comparison.metric)
    kinds = {row.name: row.kind for row in comparison.rows}
    groups: dict[str, list[PairLine]] = {NETWORKS: [], BASELINES: []}
    for pair in comparison.pairs:
        number_of_networks = [kinds[pair.better], kinds[pair.worse]].count("network")
        if number_of_networks:
            title = NETWORKS if number_of_networks == 2 else BASELINES
            groups[title].append(pair_line(comparison, pair, metric))
    return {title: tuple(lines) for title, lines in groups.items() if lines}


def pair_line(comparison: Comparison, pair: Pair, metric: Metric) -> PairLine:
    """One pair as text."""
    rows = {row.name: row for row in comparison.rows}
    return PairLine(
        better=rows[pair.better].label,
        worse=rows[pair.worse].label,
        difference=quantity(pair.difference, metric),
        interval=between(*pair.interval, metric),
        p_value="< 0.001" if pair.p_value < 0.001 else f"{pair.p_value:.3f}",
        shown=pair.shown,
        one_seed=any(len(rows[name].seeds) == 1 for name in (pair.better, pair.worse)),
    )


def has_intervals(comparison: Comparison) -> bool:
    """Whether the rows have 95 % intervals."""
    return any(
        spread.interval is not None for row in comparison.rows for spread in row.metrics.values()
    )


def find_pair(comparison: Comparison, one: str, other: str) -> Pair | None:
    """The pair of two rows, by name, in whichever order; none where they were not compared."""
    for pair in comparison.pairs:
        if {pair.better, pair.worse} == {one, other}:
            return pair
    return None


def pair_sentence(comparison: Comparison, one: str, other: str, metric: Metric) -> str | None:
    """What is known of two rows, by name, in one sentence; none where they were not compared."""
    pair = find_pair(comparison, one, other)
    if pair is None:
        return None
    line = pair_line(comparison, pair, metric)
    if not line.shown:
        return (
            f"No difference is shown between {line.better} and {line.worse}: "
            f"{line.difference}, 95 % interval {line.interval}."
        )
    but = "; that is one seed, and another may say otherwise" if line.one_seed else ""
    return (
        f"{line.better} is better than {line.worse} by {line.difference} "
        f"(95 % interval {line.interval}){but}."
    )
