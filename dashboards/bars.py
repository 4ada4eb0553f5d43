"""A metric of the rows -> bars on one common scale, as places that SVG understands."""

import math
from dataclasses import dataclass

from components.metrics import Metric
from components.records import Comparison, Row, Spread
from dashboards.points import unit_of
from dashboards.scale import Scale
from dashboards.wording import brackets, number


@dataclass(frozen=True)
class Axis:
    """One metric: its heading, and the scale of its bars with ticks and floor as (place, text).

    Differences are told in `gap_unit`. `floor_side` is the end of the scale that the floor is close
    to, `start` or `end` or neither.
    """

    key: str
    label: str
    unit: str
    gap_unit: str
    better: str
    ticks: tuple[tuple[str, str], ...]
    floor: tuple[str, str] | None
    floor_side: str


@dataclass(frozen=True)
class Bar:
    """Where a row lies on the scale of a metric: mean, interval and seeds, or the side it is off.

    `goes_on` says beyond which ends of the scale, left and right, the interval goes on; `said` is
    all of it in words.
    """

    mean: str
    interval: tuple[str, str] | None
    goes_on: tuple[bool, bool]
    seeds: tuple[str, ...]
    side: str
    said: str


def axis_of(comparison: Comparison, metric: Metric, scale: Scale) -> Axis:
    """The heading of the bars of a metric."""
    floor = comparison.floor.get(metric.key)
    return Axis(
        key=metric.key,
        label=metric.label,
        unit=metric.unit,
        gap_unit=unit_of(metric),
        better=metric.better,
        ticks=scale.ticks(),
        floor=None if floor is None else (scale.at(floor), number(floor, metric.digits)),
        floor_side="" if floor is None else scale.end(floor),
    )


def bar_of(row: Row, spread: Spread, metric: Metric, scale: Scale) -> Bar:
    """One row on the scale of a metric."""
    said = [f"mean {number(spread.mean, metric.digits)}"] if len(spread.values) > 1 else []
    ends = spread.interval
    if ends:
        said.append(f"95 % interval {brackets(*ends, metric.digits)}")
    seeds = row.seeds or ("",) * len(spread.values)
    for seed, value in zip(seeds, spread.values, strict=False):
        said.append(f"{f'seed {seed} ' if row.seeds else ''}{number(value, metric.digits)}")
    return Bar(
        mean=scale.at(spread.mean),
        interval=ends and (scale.at(ends[0]), scale.at(ends[1])),
        goes_on=scale.beyond(ends) if ends else (False, False),
        seeds=tuple(scale.at(value) for value in spread.values if math.isfinite(value)),
        side=scale.side(spread),
        said=f"{row.label}: {', '.join(said)}",
    )
