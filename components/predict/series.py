"""The last values of a series -> the next ones, in degrees C."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from components.predict.restore import restore
from components.records import Scaler
from components.train.networks import RecurrentNetwork
from params.names import Architecture
from params.schema import ForecastExperiment

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Forecaster:
    """A trained network with the scaler that it was trained with."""

    network: RecurrentNetwork
    scaler: Scaler
    context_length: int
    prediction_length: int

    def forecast(self, values: Sequence[float] | Values, steps: int) -> Values:
        """The `steps` values that follow `values`, `(steps,)`, in degrees C.

        The last `context_length` of them are read. Beyond `prediction_length` steps the network
        reads its own forecasts as if they were values.
        """
        assert len(values) >= self.context_length, "the caller sees to it"
        scaled = self.scaled(np.asarray(values[-self.context_length :], np.float64))
        window = torch.from_numpy(scaled)
        lengths = torch.tensor([self.context_length])
        found: list[float] = []
        with torch.inference_mode():
            while len(found) < steps:
                output = self.network(window[None, :, None], lengths)[0]
                found.extend(output.tolist())
                window = torch.cat([window, output])[-self.context_length :]
        return self.in_degrees(np.array(found[:steps]))

    def scaled(self, values: Values) -> NDArray[np.float32]:
        """What the network reads for `values` in degrees C."""
        return ((values - self.scaler.mean) / self.scaler.scale).astype(np.float32)

    def in_degrees(self, scaled: Values) -> Values:
        """What the network says, in degrees C."""
        return scaled * self.scaler.scale + self.scaler.mean


def load_forecaster(
    folder: Path, architecture: Architecture, params: ForecastExperiment
) -> Forecaster:
    """The forecaster that a finished run left in `folder`.

    Raises:
        InputError: If a file is missing, or is not as this version of Unroll writes it.
    """
    network, prepared = restore(folder, architecture, params.model)
    assert prepared.scaler is not None, "a forecast was trained on scaled values"
    lengths = params.preprocess.context_length, params.preprocess.prediction_length
    return Forecaster(network, prepared.scaler, *lengths)
