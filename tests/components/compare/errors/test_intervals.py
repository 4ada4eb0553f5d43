"""The spread of a row on a part of the examples."""

import numpy as np
import pytest

from components.compare.errors.intervals import spread_on


def test_a_part_has_a_spread_over_the_seeds_and_an_interval() -> None:
    error = np.array([[2.0] * 30 + [6.0] * 10] * 2)
    one = spread_on(error)
    assert (one.mean, one.low, one.high, one.values) == (3.0, 3.0, 3.0, (3.0, 3.0))
    # Both seeds say the same: the error is that of 40 examples, with 39 degrees of freedom.
    half = 2.0227 * 4 * np.sqrt(0.75 * 0.25 / 39)
    assert one.interval == pytest.approx((3 - half, 3 + half), abs=1e-4)


def test_the_interval_of_a_share_is_one_of_log_odds() -> None:
    one = spread_on(np.array([[1.0] * 30 + [0.0] * 10]), is_share=True)
    # 2.0227 standard errors on the scale of log odds, where 0.75 is log 3
    half = 2.0227 / np.sqrt(39 * 0.75 * 0.25)
    ends = [1 / (1 + np.exp(-(np.log(3) + sign * half))) for sign in (-1, 1)]
    assert one.interval == pytest.approx(tuple(ends), abs=1e-4)
    # Forty of forty are right: less than 0.025 ** (1 / 40) would have shown an exception.
    every = spread_on(np.ones((1, 40)), is_share=True)
    assert every.interval == pytest.approx((0.9119, 1.0), abs=1e-4)


def test_an_error_is_never_below_zero() -> None:
    one = spread_on(np.array([[0.0] * 39 + [10.0]]))
    assert one.interval is not None
    assert one.interval[0] == 0.0


@pytest.mark.parametrize(("number", "length"), [(29, 1), (35, 12)])
def test_few_examples_or_blocks_have_no_interval(number: int, length: int) -> None:
    enough = np.arange(number + 1.0)[None]
    assert spread_on(enough, block_length=length).interval is not None
    few = spread_on(enough[:, 1:], block_length=length)
    assert few.interval is None
    assert few.mean == (number + 1) / 2
