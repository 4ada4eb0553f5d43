"""The common scale on which the bars of a table are drawn, and where a value lies on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.records import Spread
from dashboards.look import finite

MARGIN = 0.05  # of the width, on both sides
MOST_TICKS = 6
FEWEST_TICKS = 3  # of a log axis
NEAR_END = 0.35  # of the width: half of a floor's label on a scale at its narrowest, and some air
FAR = 2  # widths of the scale: a row further off is not drawn to scale


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, in the unit of a metric."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Where the value lies, as SVG has it: `0%` is the left end, `100%` the right one."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.4g}%"

    def end(self, value: float) -> str:
        """`start` or `end` where a text centred on the value would leave the scale."""
        share = (value - self.low) / (self.high - self.low)
        return "start" if share < NEAR_END else "end" if share > 1 - NEAR_END else ""

    def beyond(self, interval: tuple[float, float]) -> tuple[bool, bool]:
        """Whether an interval goes on beyond the left end, and beyond the right one."""
        return interval[0] < self.low, interval[1] > self.high

    def side(self, spread: Spread) -> str:
        """`left` or `right` where a row lies wholly beyond that end; empty where it is drawn."""
        if not self.low <= spread.mean <= self.high:
            return "left" if spread.mean < self.low else "right"
        return ""

    def ticks(self) -> tuple[tuple[str, str], ...]:
        """Where the round values lie, and what they are called; at most six."""
        edge = (self.high - self.low) * MARGIN / 2
        values, digits = round_values(self.low + edge, self.high - edge)
        return tuple((self.at(value), f"{value:z.{digits}f}") for value in values)


def round_values(low: float, high: float) -> tuple[tuple[float, ...], int]:
    """The round values from `low` to `high`, six at most, and their digits after the point."""
    width = high - low
    power = 10 ** math.floor(math.log10(width / MOST_TICKS))
    step = next(power * digit for digit in (1, 2, 5, 10) if width / (power * digit) < MOST_TICKS)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    places = range(math.ceil(low / step), math.floor(high / step) + 1)
    return tuple(place * step for place in places), digits


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Values for the ticks of a log axis, as round as can be, from `10**low` to `10**high`.

    Powers of ten where there are enough, else 1, 2 and 5 of each, else round values.
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1,), (1, 2, 5)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        ticks = tuple(tick for tick in found if low <= math.log10(tick) <= high)
        if len(ticks) >= FEWEST_TICKS:
            return ticks
    return round_values(10**low, 10**high)[0]


def scale_of(spreads: Sequence[Spread], floor: float | None = None) -> Scale:
    """The scale of the rows, given best first, and of the floor.

    A row joins the scale unless it lies further from the better ones than twice the width that
    these take: it would leave them no room to differ. The first two always join. An interval counts
    as far as it is no wider, on either side of its mean, than all means and seeds together or the
    narrowest interval, whichever is more: one that knows next to nothing would do the same.
    """
    widths = [spread.interval[1] - spread.interval[0] for spread in spreads if spread.interval]
    narrowest = min(finite(widths), default=0.0)
    joined = near_ones(spreads, narrowest)
    points = [value for spread in joined for value in reach(spread, 0.0)]
    room = max(narrowest, max(points, default=0.0) - min(points, default=0.0))
    drawn = [value for spread in joined for value in reach(spread, room)]
    low, high = min(drawn, default=math.inf), max(drawn, default=-math.inf)
    if floor is not None and math.isfinite(floor) and low <= high:
        low, high = min(low, floor), max(high, floor)
    if low > high:
        return Scale(0.0, 1.0)
    margin = MARGIN * (high - low) or abs(high) * 0.01 or 0.01
    return Scale(low - margin, high + margin)


def near_ones(spreads: Sequence[Spread], room: float) -> list[Spread]:
    """The rows that join the scale, out of all, best first."""
    low, high = math.inf, -math.inf
    found: list[Spread] = []
    for spread in spreads:
        ends = reach(spread, room)
        if not ends:
            continue
        gap = max(min(ends) - high, low - max(ends))
        if len(found) >= 2 and gap > FAR * (high - low):
            continue
        low, high = min(low, *ends), max(high, *ends)
        found.append(spread)
    return found


def reach(spread: Spread, room: float) -> list[float]:
    """The mean, the seeds, and the ends of the interval no further from the mean than `room`."""
    points = finite([*spread.values, spread.mean])
    if not points or spread.interval is None or not math.isfinite(spread.mean):
        return points
    low, high = spread.interval
    return [*points, max(low, spread.mean - room), min(high, spread.mean + room)]
