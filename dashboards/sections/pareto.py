"""Which rows nothing beats: none is both cheaper and better."""

import math
from collections.abc import Sequence


def front(
    costs: Sequence[float | None], values: Sequence[float | None], *, higher: bool
) -> list[int]:
    """The places of the rows on the Pareto front, the cheapest first.

    A row is on it where no other costs less or the same and is better, or costs less and is as
    good. `higher` values are better, or lower ones; rows without a cost or a value are on no front.
    Of rows that are equal in both, all are on it.
    """
    known = [
        (cost, -value if higher else value, place)
        for place, (cost, value) in enumerate(zip(costs, values, strict=True))
        if cost is not None and value is not None and math.isfinite(cost) and math.isfinite(value)
    ]
    found: list[int] = []
    best = math.inf
    at = -math.inf
    for cost, loss, place in sorted(known):
        if loss < best or (loss == best and cost == at):
            best, at = loss, cost
            found.append(place)
    return found
