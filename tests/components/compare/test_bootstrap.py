"""Intervals against closed forms, and what they promise: the share of cases that they cover."""

import math

import numpy as np
import pytest

from components.compare.bootstrap import (
    Bootstrap,
    Estimate,
    draw_blocks,
    draw_examples,
    draw_seeds,
    estimate,
)


def test_interval_of_one_run_is_that_of_the_binomial() -> None:
    values = np.zeros((1, 10_000))
    values[0, :8_000] = 1
    found = Bootstrap({"row": values}).score("row")
    half = 1.96 * math.sqrt(0.8 * 0.2 / 10_000)  # 0.00784
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.0006)
    assert found.high == pytest.approx(0.8 + half, abs=0.0006)


def test_seeds_widen_the_interval_even_where_all_examples_are_alike() -> None:
    seeds = np.array([[0.80], [0.84], [0.88]]).repeat(1_000, axis=1)
    found = Bootstrap({"row": seeds}).score("row")
    # The standard deviation of 0.04 over the root of three seeds.
    error = 0.04 / math.sqrt(3)
    assert found.value == pytest.approx(0.84)
    draws = Bootstrap({"row": seeds}).draws["row"]
    assert draws.std() == pytest.approx(error, rel=0.05)
    assert found.low < 0.81 < 0.87 < found.high


def test_one_seed_adds_no_doubt() -> None:
    draws = draw_seeds(np.array([[0.1, 0.2, 0.3]]), np.random.default_rng(0))
    assert draws.tolist() == [0.1, 0.2, 0.3]


def test_rows_are_compared_on_the_same_draws() -> None:
    """Examples that both rows find hard widen each interval, but not that of the difference."""
    random = np.random.default_rng(1)
    hard = random.normal(0, 1, 2_000)
    rows = {"one": (hard + 0.1)[None], "other": hard[None]}
    bootstrap = Bootstrap(rows)
    score = bootstrap.score("one")
    difference = bootstrap.difference("one", "other")
    assert score.high - score.low > 0.08
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    assert difference.p_value == pytest.approx(2 / 2001)
    same = bootstrap.difference("one", "one")
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_intervals_cover_what_they_say() -> None:
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        hard = random.normal(0, 1, 300)
        seeds = random.normal(0, 0.05, (3, 1))
        values = hard + seeds + random.normal(0, 0.3, (3, 300))
        found = Bootstrap({"row": values}).score("row")
        covered += found.low <= 0 <= found.high
    assert 180 <= covered <= 199  # 190 expected


def test_blocks_widen_the_interval_of_values_that_follow_their_neighbours() -> None:
    """For a moving average of four, the variance of the mean is almost four times that of noise."""
    noise = np.random.default_rng(3).normal(0, 1, 4_003)
    smooth = np.convolve(noise, np.full(4, 0.5), mode="valid")[None]  # variance 1
    alone = Bootstrap({"row": smooth}).draws["row"].std()
    blocks = Bootstrap({"row": smooth}, block_length=40).draws["row"].std()
    assert alone == pytest.approx(1 / math.sqrt(4_000), rel=0.1)
    assert blocks == pytest.approx(2 / math.sqrt(4_000), rel=0.15)


def test_drawing_patterns_is_drawing_examples() -> None:
    random = np.random.default_rng(5)
    runs = (random.random((3, 1_000)) < np.array([[0.9], [0.8], [0.5]])).astype(float)
    runs[1] = np.maximum(runs[1], runs[0])  # not independent
    patterns = draw_examples(runs, 1, np.random.default_rng(0))
    examples = draw_blocks(runs, 1, np.random.default_rng(0))
    assert patterns.mean(axis=1) == pytest.approx(runs.mean(axis=1), abs=0.001)
    assert examples.mean(axis=1) == pytest.approx(runs.mean(axis=1), abs=0.001)
    assert np.cov(patterns) == pytest.approx(np.cov(runs) / 1_000, rel=0.15, abs=2e-5)
    assert np.cov(examples) == pytest.approx(np.cov(runs) / 1_000, rel=0.15, abs=2e-5)


def test_blocks_go_on_at_the_start_and_every_example_counts_alike() -> None:
    values = np.arange(10.0)[None]
    drawn = draw_blocks(values, 10, np.random.default_rng(0))
    assert drawn == pytest.approx(np.full((1, 2_000), 4.5))  # each block holds all of them
    longer = draw_blocks(values, 99, np.random.default_rng(0))
    assert longer == pytest.approx(drawn)


def test_same_values_same_interval() -> None:
    values = {"row": np.random.default_rng(4).random((2, 50))}
    assert Bootstrap(values).score("row") == Bootstrap(values).score("row")


def test_quantiles_and_p_value_of_given_draws() -> None:
    draws = np.arange(-10.0, 91)  # 11 of 101 are at most 0
    expected = Estimate(40.0, *map(pytest.approx, (-7.5, 87.5, 2 * 12 / 102)))
    assert estimate(40.0, draws) == expected
