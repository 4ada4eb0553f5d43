"""Differences of a metric as text: of a share in points of a hundred, else in the metric's unit."""

from dataclasses import dataclass

from components.metrics import Metric
from components.records import Pair
from dashboards.wording import brackets, number


@dataclass(frozen=True)
class Gap:
    """How far one row of a pair is ahead of the other, with its interval, in what it is said in.

    `digits` are those after the point of all three.
    """

    value: float
    low: float
    high: float
    digits: int


@dataclass(frozen=True)
class Amounts:
    """How far two rows are apart: `3.1 points`, with its 95 % interval `[2.6, 3.6]`."""

    difference: str
    interval: str


def gap_of(pair: Pair, name: str, metric: Metric) -> Gap:
    """How far the row of this name is ahead of the other; below 0 where it is the worse one."""
    sign = 1 if pair.better == name else -1
    low, high = sorted(sign * in_unit(end, metric) for end in pair.interval)
    return Gap(sign * in_unit(pair.difference, metric), low, high, digits_of(pair, metric))


def amounts_of(pair: Pair, metric: Metric) -> Amounts:
    """The difference of a pair and its interval."""
    gap = gap_of(pair, pair.better, metric)
    return Amounts(
        difference=f"{number(gap.value, gap.digits)} {unit_of(metric)}".rstrip(),
        interval=brackets(gap.low, gap.high, gap.digits),
    )


def amount(value: float, metric: Metric) -> str:
    """A difference alone, without digits that say nothing: `0.5 points`, `1 point`, `0.05 °C`."""
    number, unit = f"{in_unit(value, metric):.3g}", unit_of(metric)
    return f"{number} {'point' if (number, unit) == ('1', 'points') else unit}".rstrip()


def in_unit(value: float, metric: Metric) -> float:
    """The difference in what it is said in."""
    return 100 * value if metric.is_share else value


def unit_of(metric: Metric) -> str:
    """What a difference is said in."""
    return "points" if metric.is_share else metric.unit


def digits_of(pair: Pair, metric: Metric) -> int:
    """How many digits the numbers of a pair have after the point.

    Points have one; where an interval that leaves 0 out would seem to reach it, all have one more.
    """
    digits = 1 if metric.is_share else metric.digits
    low = in_unit(pair.interval[0], metric)
    return digits + 1 if low > 0 and float(number(low, digits)) == 0 else digits
