"""The Pareto front, by hand."""

import math

import pytest

from dashboards.sections.pareto import front


@pytest.mark.parametrize(
    ("costs", "values", "higher", "expected"),
    [
        # Cheapest first: 0 is cheapest, 2 costs more and is better, 1 costs most for less.
        ([1, 5, 3], [0.5, 0.8, 0.9], True, [0, 2]),
        ([1, 5, 3], [0.5, 0.8, 0.9], False, [0]),
        ([5, 3, 1], [1.0, 2.0, 3.0], False, [2, 1, 0]),
        # As good for more is beaten, better for the same beats.
        ([1, 2], [0.5, 0.5], True, [0]),
        ([1, 1], [0.5, 0.6], True, [1]),
        # Equal in both: neither beats the other.
        ([1, 1, 2], [0.5, 0.5, 0.5], True, [0, 1]),
        ([None, 2, 1], [0.9, None, 0.1], True, [2]),
        ([1, 2, math.inf], [math.nan, 0.4, 0.9], True, [1]),
        ([], [], True, []),
    ],
)
def test_the_front_by_hand(costs, values, higher, expected):
    assert front(costs, values, higher=higher) == expected
