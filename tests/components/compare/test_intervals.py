"""The spread of a row on a part of the examples."""

import numpy as np
import pytest

from components.compare.intervals import spreads


def test_a_part_has_a_spread_over_the_seeds_and_an_interval() -> None:
    right = np.array([[1.0] * 30 + [0.0] * 10] * 2)
    (one,) = spreads([right])
    assert (one.mean, one.low, one.high, one.values) == (0.75, 0.75, 0.75, (0.75, 0.75))
    # Both seeds say the same: the error is that of 40 examples, with 39 degrees of freedom.
    half = 2.0227 * np.sqrt(0.75 * 0.25 / 40)
    assert one.interval == pytest.approx((0.75 - half, 0.75 + half), abs=0.01)


def test_an_interval_stays_where_the_score_can_be() -> None:
    nearly = np.array([[1.0] * 39 + [0.0]])
    (one,) = spreads([nearly], highest=1.0)
    assert one.interval is not None
    assert one.interval[1] == 1.0
    (other,) = spreads([1 - nearly])
    assert other.interval is not None
    assert other.interval[0] == 0.0


def test_few_examples_have_no_interval() -> None:
    (one,) = spreads([np.array([[1.0] * 28 + [0.0]])])
    assert one.interval is None
    assert one.mean == pytest.approx(28 / 29)


def test_parts_stand_in_order() -> None:
    random = np.random.default_rng(0)
    parts = [random.random((2, 60)) + place for place in range(12)]
    found = spreads(parts, block_length=6)
    assert [one.mean for one in found] == pytest.approx([part.mean() for part in parts])
    for one, part in zip(found, parts, strict=True):
        assert one.values == pytest.approx(tuple(part.mean(axis=1)))
        assert one.interval is not None
        assert one.interval[0] < one.mean < one.interval[1]
    assert spreads([]) == ()
