"""Forecasting as values arrive: the state is carried on, so that each value is read once."""

import numpy as np
import torch
from torch import Tensor

from components.predict.series import Forecaster
from components.train.networks import RecurrentLayer
from params.errors import InputError

# What a cell hands to its next step: h `(1, B, H)`, for an LSTM h and c; None before the first.
State = Tensor | tuple[Tensor, Tensor] | None


class Stream:
    """Reads one value after the other and forecasts the next, from all that it has read so far.

    After exactly `context_length` values that is what `Forecaster.forecast` says of them. Later on
    the state holds more than the network saw at a time in training.
    """

    def __init__(self, forecaster: Forecaster):
        """A stream that has read nothing.

        Raises:
            InputError: If the network cannot carry its state on.
        """
        network = forecaster.network
        self.layers = [layer for layer in network.layers if isinstance(layer, RecurrentLayer)]
        if any(layer.backward_cell is not None for layer in self.layers):
            raise InputError(
                "a network with a layer that reads both ways cannot forecast as values arrive: "
                "right to left it begins at the last value, so that everything would have to be "
                "read again at each new one; use --file for a closed window, or --architecture"
            )
        if network.pooling != "last":
            raise InputError(
                "a network forecasts as values arrive only with model.pooling last, "
                f"got {network.pooling}, which needs the states of a closed window; use --file"
            )
        self.forecaster = forecaster
        self.states: list[State] = [None] * len(self.layers)
        self.num_read = 0

    def read(self, value: float) -> float | None:
        """The forecast of the value after `value`, both in degrees C.

        It is None until `context_length` values have been read.
        """
        network = self.forecaster.network
        scaled = self.forecaster.scaled(np.array([value]))
        step = torch.from_numpy(scaled)[None, :, None]  # (1, 1, 1)
        with torch.inference_mode():
            for place, layer in enumerate(self.layers):
                step, self.states[place] = layer.forward_cell(step, self.states[place])
            self.num_read += 1
            if self.num_read < self.forecaster.context_length:
                return None
            output = network.head(step[:, 0])[0, :1].double().numpy()
        return float(self.forecaster.in_degrees(output)[0])
