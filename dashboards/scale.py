"""The common scale on which the bars of a table are drawn, and where a value lies on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.records import Spread
from dashboards.look import finite

MARGIN = 0.05  # of the width, on both sides
MOST_TICKS = 5
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
        return "start" if share < 0.2 else "end" if share > 0.8 else ""

    def side(self, spread: Spread) -> str:
        """`left` or `right` where a row lies wholly beyond that end; empty where it is drawn."""
        if not self.low <= spread.mean <= self.high:
            return "left" if spread.mean < self.low else "right"
        return ""

    def ticks(self) -> tuple[tuple[str, str], ...]:
        """Where the round values lie, and what they are called; at most five."""
        width = (self.high - self.low) * (1 - MARGIN)
        power = 10 ** math.floor(math.log10(width / MOST_TICKS))
        step = next(
            power * digit for digit in (1, 2, 5, 10) if width / (power * digit) < MOST_TICKS
        )
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first = math.ceil((self.low + (self.high - self.low) * MARGIN / 2) / step)
        last = math.floor((self.high - (self.high - self.low) * MARGIN / 2) / step)
        return tuple(
            (self.at(place * step), f"{place * step:z.{digits}f}")
            for place in range(first, last + 1)
        )


def scale_of(spreads: Sequence[Spread], floor: float | None = None) -> Scale:
    """The scale of the rows, given best first, and of the floor.

    A row joins the scale unless it lies further from the better ones than twice the width that
    these take: it would leave them no room to differ. The first two always join.
    """
    low, high, joined = math.inf, -math.inf, 0
    for spread in spreads:
        reach = finite([*spread.values, spread.mean, *(spread.interval or ())])
        if not reach:
            continue
        gap = max(min(reach) - high, low - max(reach))
        if joined >= 2 and gap > FAR * (high - low):
            continue
        low, high, joined = min(low, *reach), max(high, *reach), joined + 1
    if floor is not None and math.isfinite(floor) and low <= high:
        low, high = min(low, floor), max(high, floor)
    if low > high:
        return Scale(0.0, 1.0)
    margin = MARGIN * (high - low) or abs(high) * 0.01 or 0.01
    return Scale(low - margin, high + margin)
