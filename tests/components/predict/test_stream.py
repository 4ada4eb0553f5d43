"""Values one by one against the same values as a window."""

from collections.abc import Callable

import numpy as np
import pytest

from components.predict.series import Forecaster
from components.predict.stream import Stream
from params.errors import InputError

Make = Callable[..., Forecaster]
VALUES = 25 + 10 * np.sin(np.arange(12.0))


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("steps", [1, 3])
def test_after_the_context_it_says_what_the_window_says(
    make: Make, architecture: str, steps: int
) -> None:
    forecaster = make(architecture, steps)
    stream = Stream(forecaster)
    forecasts = [stream.read(value) for value in VALUES[:5]]
    assert forecasts[:4] == [None] * 4
    windowed = forecaster.forecast(VALUES[:5], steps)[0]
    assert forecasts[4] == pytest.approx(windowed, abs=1e-5)
    assert stream.num_read == 5


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru"])
def test_the_state_is_carried_on(make: Make, architecture: str) -> None:
    forecaster = make(architecture)
    stream = Stream(forecaster)
    carried = [stream.read(value) for value in VALUES][-1]
    longer = Forecaster(forecaster.network, forecaster.scaler, len(VALUES), 1)
    assert carried == pytest.approx(longer.forecast(VALUES, 1)[0], abs=1e-5)
    assert carried != pytest.approx(forecaster.forecast(VALUES, 1)[0], abs=1e-5)


def test_two_streams_share_nothing(make: Make) -> None:
    forecaster = make("lstm")
    first, second = Stream(forecaster), Stream(forecaster)
    alone = [first.read(value) for value in VALUES]
    assert [second.read(value) for value in VALUES] == alone


@pytest.mark.parametrize(
    ("architecture", "model", "said"),
    [
        ("bilstm", {}, "a network with a layer that reads both ways cannot forecast as values arr"),
        ("gru", {"bidirectional": (False, True)}, "right to left it begins at the last value, so"),
        ("gru", {"pooling": "max"}, "only with model.pooling last, got max, which needs the stat"),
        ("gru", {"pooling": "mean"}, "only with model.pooling last, got mean, which needs the st"),
    ],
)
def test_what_needs_a_closed_window_is_refused(
    make: Make, architecture: str, model: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        Stream(make(architecture, **model))
    assert said in str(caught.value)
    assert "use --file" in str(caught.value)
