"""Where a value lies on the scale of the bars."""

import math

import pytest

from components.records import Spread
from dashboards.scale import Scale, scale_of


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
        (-30.0, 30.0, ["-20", "0", "20"]),
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
    assert [scale.end(value) for value in (0.1, 0.5, 0.9)] == ["start", "", "end"]
