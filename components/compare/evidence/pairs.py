"""Rows -> the same rows with intervals, and every two of them compared on the same examples."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from components.compare.evidence.bootstrap import Values, covariance, freedom
from components.compare.evidence.estimates import Estimates, ends_of_share, estimate
from components.compare.evidence.method import method_of
from components.compare.evidence.needed import PairVariances, more_examples, more_seeds
from components.compare.evidence.run_tests import ROUNDING, run_tests
from components.compare.evidence.sample import RowSample, Sample, read_sample
from components.metrics import Metric, metrics_of
from components.records import Method, Needed, Pair, Row, Scored


def with_evidence(
    rows: Sequence[Row],
    scored: Iterable[Scored],
    metric: Metric,
    smallest_difference: float | None = None,
) -> tuple[list[Row], list[Pair], Method | None]:
    """The rows with 95 % intervals, every two of them compared by `metric`, and how that was done.

    Nothing is added where there are too few test examples.

    Args:
        rows: In the order in which equals are to stand in a pair.
        scored: The runs behind them, by the names of the rows.
        metric: What the rows are ranked by.
        smallest_difference: The least difference that anybody cares for, in the metric's unit; left
            out, it is the metric's own.
    """
    sample = read_sample(scored, metric)
    if sample is None:
        return list(rows), [], None
    smallest = smallest_difference or metric.smallest_difference
    assert smallest is not None, "a metric that ranks has a smallest difference"
    pairs = all_pairs([row.name for row in rows], sample, metric, smallest)
    return (
        [with_intervals(row, sample.rows[row.name], sample, metric) for row in rows],
        pairs,
        method_of(metric, sample, num_pairs=len(pairs), smallest_difference=smallest),
    )


def with_intervals(row: Row, found: RowSample, sample: Sample, metric: Metric) -> Row:
    """The row with the interval of every test metric, as far as the metric reaches."""
    known = metrics_of(metric.task)
    spreads = dict(row.metrics)
    for key in spreads.keys() & found.doubts.keys():
        doubt = found.doubts[key]
        parts = doubt.parts(freedom(sample.num_examples, sample.length))
        half = float(estimate(doubt.score, parts).half)
        if known[key].is_share:
            ends = ends_of_share(doubt.score, half, sample.num_examples)
        else:
            ends = (max(doubt.score - half, known[key].lowest), doubt.score + half)
        spreads[key] = spreads[key].model_copy(update={"interval": ends})
    return row.model_copy(update={"metrics": spreads})


def all_pairs(names: Sequence[str], sample: Sample, metric: Metric, smallest: float) -> list[Pair]:
    """Every two rows compared, in the order of `names`, the better one first."""
    places = np.array(list(combinations(range(len(names)), 2))).reshape(-1, 2).T
    if not places.size:
        return []
    doubts = [sample.rows[name].doubts[metric.key] for name in names]
    scores = np.array([doubt.score for doubt in doubts])
    ahead = scores[places[0]] - scores[places[1]]
    turned = ahead < 0 if metric.better == "higher" else ahead > 0
    places = np.where(turned, places[::-1], places)
    variances = pair_variances(names, places, sample, metric)
    found = estimate(np.abs(ahead), variances.parts())
    adjusted = holm(found.p_value)
    seeds = more_seeds(variances, smallest)
    examples = more_examples(variances, smallest, sample.num_examples)
    by_name = [(names[better], names[worse]) for better, worse in places.T]
    tests = run_tests(metric.task, sample, by_name)
    pairs = []
    for place, (better, worse) in enumerate(by_name):
        pair = Pair(
            better=better,
            worse=worse,
            difference=float(found.value[place]),
            interval=interval(found, place),
            p_value=float(found.p_value[place]),
            adjusted_p=float(adjusted[place]),
            runs=tests[place],
        )
        if not pair.shown:
            needed = Needed(
                difference=smallest,
                more_seeds=count_or_none(seeds[place]),
                more_examples=count_or_none(examples[place]),
            )
            pair = pair.model_copy(update={"needed": needed})
        pairs.append(pair)
    return pairs


def pair_variances(
    names: Sequence[str], places: np.ndarray, sample: Sample, metric: Metric
) -> PairVariances:
    """The parts of the variance of the difference of the rows at `places` `(2, P)`."""
    rows = [sample.rows[name] for name in names]
    of_rows = covariance(np.stack([row.ranked for row in rows]), sample.length)
    one, other = places
    alone = np.diag(of_rows)
    apart = alone[one] + alone[other] - 2 * of_rows[one, other]
    apart = np.where(apart <= ROUNDING * (alone[one] + alone[other]), 0.0, apart)
    doubts = [row.doubts[metric.key] for row in rows]
    own = np.array([doubt.own for doubt in doubts])[places]
    num_seeds = np.array([sum(seed is not None for seed in row.runs) for row in rows])
    return PairVariances(
        shared=np.maximum(apart - own.sum(axis=0), 0.0),
        freedom=freedom(sample.num_examples, sample.length),
        own=own,
        runs=np.array([doubt.runs for doubt in doubts])[places],
        num_seeds=num_seeds[places],
    )


def holm(p_values: Values) -> Values:
    """The p-values corrected for their number, in their order.

    The k-th smallest of m is multiplied by m - k + 1, and is no less than those before it.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    order = p_values.argsort(stable=True)
    larger = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(larger), 1.0)
    return adjusted


def interval(found: Estimates, place: int) -> tuple[float, float]:
    """The 95 % interval of one of the values."""
    value, half = float(found.value[place]), float(found.half[place])
    return value - half, value + half


def count_or_none(number: np.int64) -> int | None:
    """The number, or None where there is none."""
    return None if number < 0 else int(number)
