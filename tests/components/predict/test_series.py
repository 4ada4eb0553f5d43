"""Forecasts from the last values, also beyond what the network forecasts at a time."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from components.predict.series import Forecaster
from components.records import Scaler

Make = Callable[..., Forecaster]


class Ramp(torch.nn.Module):
    """Forecasts the last scaled value and 1, 2, ... more; notes what it read."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = torch.arange(1.0, steps + 1)
        self.read: list[list[float]] = []

    def forward(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        assert inputs.shape == (1, int(lengths[0]), 1)
        self.read.append(inputs[0, :, 0].tolist())
        return inputs[:, -1] + self.steps


@pytest.mark.parametrize(
    ("prediction_length", "steps", "expected", "read"),
    [
        (1, 1, [14], [[0, 1]]),
        (3, 2, [14, 16], [[0, 1]]),
        (1, 3, [14, 16, 18], [[0, 1], [1, 2], [2, 3]]),
        (3, 4, [14, 16, 18, 20], [[0, 1], [3, 4]]),
    ],
)
def test_steps_and_units(
    prediction_length: int, steps: int, expected: list[float], read: list[list[float]]
) -> None:
    ramp = Ramp(prediction_length)
    forecaster = Forecaster(ramp, Scaler(mean=10.0, scale=2.0), 2, prediction_length)  # type: ignore[arg-type]
    assert forecaster.forecast([99.0, 10.0, 12.0], steps).tolist() == expected
    assert ramp.read == read


def test_a_trained_like_network_reads_only_its_context(make: Make) -> None:
    forecaster = make("gru", steps=2)
    values = np.linspace(20.0, 30.0, 9)
    whole = forecaster.forecast(values, 2)
    assert whole.shape == (2,)
    assert forecaster.forecast(values[-5:], 2).tolist() == whole.tolist()
    assert forecaster.forecast(values[-6:-1], 2).tolist() != whole.tolist()
