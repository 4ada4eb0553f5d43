"""The closed form of the bootstrap against drawing, and against what is known of simple values."""

import numpy as np
import pytest

from components.compare.evidence.bootstrap import (
    are_enough,
    block_length,
    block_means,
    covariance,
    freedom,
)


def drawn_covariance(rows: np.ndarray, length: int, number_of_draws: int) -> np.ndarray:
    """The covariance of the rows' means when blocks are really drawn, circular ones."""
    random = np.random.default_rng(0)
    number = rows.shape[1]
    starts = random.integers(number, size=(number_of_draws, number // length, 1))
    places = (starts + np.arange(length)).reshape(number_of_draws, -1) % number
    return np.cov(rows[:, places].mean(axis=2))


@pytest.mark.parametrize("length", [1, 4, 12])
def test_infinitely_many_draws_vary_as_many_do(length: int) -> None:
    """Of 60 values, half of them the mean of two neighbours; drawing knows no small sample."""
    random = np.random.default_rng(1)
    noise = random.normal(size=(2, 61))
    rows = np.stack([noise[0, 1:], noise[0, 1:] + noise[0, :-1] + 0.5 * noise[1, 1:]])
    drawn = drawn_covariance(rows, length, 40_000)
    blocks = 60 / length
    assert covariance(rows, length) * (blocks - 1) / blocks == pytest.approx(drawn, rel=0.03)


def test_independent_examples_have_the_variance_of_a_sample() -> None:
    values = np.random.default_rng(2).normal(size=(3, 50))
    assert covariance(values) == pytest.approx(np.cov(values) / 50)
    right = np.zeros((1, 10_000))
    right[0, :8_000] = 1
    assert covariance(right)[0, 0] == pytest.approx(0.8 * 0.2 / 9_999)


def test_blocks_go_on_at_the_start() -> None:
    """Blocks of two of 1, 2, 6, 3: 1.5, 4, 4.5, 2; mean 3, deviations squared 2.25, 1, 2.25, 1."""
    values = np.array([[1.0, 2, 6, 3]])
    assert block_means(values, 2).tolist() == [[1.5, 4, 4.5, 2]]
    assert covariance(values, 2)[0, 0] == pytest.approx(6.5 / 4)  # over two blocks less one


def test_blocks_see_values_that_follow_their_neighbours() -> None:
    """For a moving average of four, the variance of the mean is almost four times that of noise."""
    noise = np.random.default_rng(3).normal(0, 1, 40_003)
    smooth = np.convolve(noise, np.full(4, 0.5), mode="valid")[None]  # variance 1
    assert covariance(smooth)[0, 0] == pytest.approx(1 / 40_000, rel=0.05)
    assert covariance(smooth, 80)[0, 0] == pytest.approx(4 / 40_000, rel=0.1)


def test_length_of_blocks() -> None:
    assert [block_length(number, 1) for number in (30, 213, 1_000)] == [7, 19, 41]
    assert [block_length(213, horizon) for horizon in (2, 7, 30)] == [20, 25, 48]
    assert freedom(213, 19) == pytest.approx(213 / 19 - 1)


@pytest.mark.parametrize(
    ("number", "length", "enough"), [(29, 1, False), (30, 1, True), (75, 25, True), (74, 25, False)]
)
def test_few_examples_or_blocks_are_not_enough(number: int, length: int, enough: bool) -> None:
    assert are_enough(number, length) is enough
