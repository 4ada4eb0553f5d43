"""Where a value lies on the scale of the bars."""

import math

import pytest

from components.records import Spread
from dashboards.scale import Scale, log_ticks, scale_of


def spread(*values: float, interval: tuple[float, float] | None = None) -> Spread:
    mean = sum(values) / len(values)
    return Spread(mean=mean, low=min(values), high=max(values), values=values, interval=interval)


def test_places_are_shares_of_the_width_and_never_outside():
    scale = Scale(1.0, 3.0)
    assert [scale.at(value) for value in (1.0, 1.5, 3.0)] == ["0%", "25%", "100%"]
    assert [scale.at(value) for value in (-9.0, 9.0)] == ["0%", "100%"]


def test_a_row_beyond_an_end_is_off_on_that_side():
    scale = Scale(1.0, 3.0)
    assert [scale.side(spread(value)) for value in (0.5, 2.0, 3.5)] == ["left", "", "right"]


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, ["0.2", "0.4", "0.6", "0.8"]),
        (0.795, 0.885, ["0.80", "0.82", "0.84", "0.86", "0.88"]),
        (1.2, 3.6, ["1.5", "2.0", "2.5", "3.0", "3.5"]),
        (-30.0, 30.0, ["-20", "-10", "0", "10", "20"]),
        (1.35, 2.35, ["1.4", "1.6", "1.8", "2.0", "2.2"]),
    ],
)
def test_ticks_are_round_and_few(low, high, texts):
    scale = Scale(low, high)
    ticks = scale.ticks()
    assert [text for _, text in ticks] == texts
    assert [at for at, _ in ticks] == [scale.at(float(text)) for text in texts]


def test_the_scale_holds_values_intervals_and_floor():
    scale = scale_of([spread(1.0, 1.2, interval=(0.9, 1.3)), spread(1.4)], floor=0.8)
    assert scale.low == pytest.approx(0.8 - 0.05 * 0.6)
    assert scale.high == pytest.approx(1.4 + 0.05 * 0.6)


def test_a_row_far_off_does_not_stretch_the_scale():
    near = [spread(0.86, 0.87), spread(0.85), spread(0.80, 0.82)]
    scale = scale_of([*near, spread(0.5)])
    assert scale == scale_of(near)
    assert scale.side(spread(0.5)) == "left"
    # Yet a row close to the worst one that is on it joins.
    assert scale_of([*near, spread(0.76), spread(0.70)]).low < 0.70


def test_the_first_two_rows_are_always_on_the_scale():
    scale = scale_of([spread(0.9), spread(0.5)])
    assert scale.low < 0.5
    assert scale.high > 0.9


def test_one_value_none_or_what_is_not_a_number_still_gives_a_scale():
    for spreads in (
        [],
        [spread(math.nan)],
        [spread(0.5)],
        [spread(0.0)],
        [spread(2.0), spread(2.0)],
    ):
        scale = scale_of(spreads)
        assert scale.low < scale.high
        assert all(map(math.isfinite, (scale.low, scale.high)))
        assert 0 < len(scale.ticks()) <= 6
    assert scale_of([spread(math.nan), spread(0.4)]).side(spread(0.4)) == ""


def test_a_text_at_an_end_is_turned_inwards():
    scale = Scale(0.0, 1.0)
    assert [scale.end(value) for value in (0.3, 0.5, 0.7)] == ["start", "", "end"]


def test_an_interval_that_knows_nothing_does_not_stretch_the_scale():
    """Two seeds give intervals from 0 to 1; means and seeds lie from 0.82 to 0.89."""
    vague = [spread(0.84, 0.85, interval=(0.0, 1.0)), spread(0.82, 0.83, interval=(0.1, 1.0))]
    sure = spread(0.89, interval=(0.886, 0.894))
    scale = scale_of([sure, *vague])
    # 0.07 on either side of the means 0.845 and 0.825, and 5 % of it all for the margin.
    assert (scale.low, scale.high) == pytest.approx((0.755 - 0.008, 0.915 + 0.008))
    assert scale.beyond((0.0, 1.0)) == (True, True)
    assert scale.beyond((0.8, 1.0)) == (False, True)
    assert scale.beyond((0.886, 0.894)) == (False, False)


def test_means_that_are_level_keep_their_intervals_whole():
    scale = scale_of([spread(0.85, interval=(0.84, 0.86)), spread(0.85, interval=(0.835, 0.865))])
    assert scale.beyond((0.835, 0.865)) == (False, False)
    alone = scale_of([spread(0.85, interval=(0.0, 1.0))])
    assert alone.beyond((0.0, 1.0)) == (False, False)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (-3.1, 1.6, (0.001, 0.01, 0.1, 1, 10)),
        (0.5, 1.7, (5, 10, 20, 50)),
        (2.6, 2.75, (400, 450, 500, 550)),
    ],
)
def test_ticks_of_a_log_axis_are_as_round_as_can_be(low, high, ticks):
    assert log_ticks(low, high) == pytest.approx(ticks)
