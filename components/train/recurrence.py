"""The states of a one-layer cell: by hand where that is faster, else by torch's own module.

nn.LSTM is left to torch, whose one compiled kernel (oneDNN) takes half the time of such a loop.
"""

import torch
from torch import Tensor, nn

from components.train import precision
from components.train.through_time import GruStates, RnnStates

# By `nn.RNNBase.mode`, since a class alone does not tell a tanh from a ReLU.
FUNCTIONS: dict[str, type[RnnStates] | type[GruStates]] = {
    "RNN_TANH": RnnStates,
    "GRU": GruStates,
}


def states(cell: nn.RNNBase, inputs: Tensor) -> Tensor:
    """The states `(B, T, H)` of a cell that starts from zero: those of `cell(inputs)[0]`.

    On other devices (cuDNN is better there) and in lower precision the cell itself is called, or
    what it would call with numbers that are right.

    Args:
        cell: One layer, one direction, batch first, with biases.
        inputs: `(B, T, E)`.
    """
    contract = (cell.num_layers, cell.bidirectional, cell.batch_first, cell.bias)
    assert contract == (1, False, True, True)
    dtype = precision.chosen(cell, inputs.device)
    if dtype is not None:
        return precision.states_in(dtype, cell, inputs)
    function = FUNCTIONS.get(cell.mode)
    full_precision = inputs.dtype in (torch.float32, torch.float64)
    if torch.is_autocast_enabled("cpu") or not full_precision:
        function = None
    if function is None or inputs.device.type != "cpu":
        torch_states: Tensor = cell(inputs)[0]
        return torch_states
    weights: list[Tensor] = list(cell.parameters())  # W_ih, W_hh, b_ih, b_hh
    if not torch.is_grad_enabled():  # of which a function itself hears nothing
        weights = [one.detach() for one in weights]
    time_major: Tensor = function.apply(  # type: ignore[no-untyped-call]  # torch leaves it untyped
        inputs.transpose(0, 1).contiguous(), *weights
    )
    return time_major.transpose(0, 1)
