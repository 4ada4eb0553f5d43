"""Small forecasting networks with random weights."""

from collections.abc import Callable

import pytest
import torch

from components.predict.series import Forecaster
from components.records import Scaler, SequenceSpec
from components.train.networks import RecurrentNetwork
from params.names import Architecture
from params.sections import SeriesModel


@pytest.fixture
def make() -> Callable[..., Forecaster]:
    """Makes a forecaster of two layers that reads 5 values and forecasts `steps`."""

    def call(architecture: Architecture, steps: int = 1, **model: object) -> Forecaster:
        values = {"hidden_sizes": (6, 4), "dropout": 0.5, "pooling": "last", "head_sizes": (16,)}
        torch.manual_seed(0)
        network = RecurrentNetwork(
            architecture,
            SeriesModel.model_validate({**values, **model}),
            SequenceSpec(num_embeddings=None, input_size=1, output_size=steps),
        )
        return Forecaster(network.eval(), Scaler(mean=25.0, scale=7.0), 5, steps)

    return call
