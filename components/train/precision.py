"""What numbers recurrences are computed with, where torch left to itself would choose others.

Under autocast torch computes cuDNN's recurrences in float16, even where bf16 is asked for, and
nothing scales the loss for that; on processors without AVX-512, oneDNN has no LSTM in bf16 at all.
And what is asked for in 32 bits cuDNN computes in TF32, with 11 significant bits instead of 24.
"""

from functools import cache

import torch
from torch import Tensor, nn

BF16_SINCE = 91300, (8, 0)  # cuDNN, and the GPU's compute capability


def forbid_tf32(forbidden: bool) -> None:
    """Let cuDNN compute in full what has 32 bits, or as torch lets it; cuBLAS does so anyway."""
    torch.backends.cudnn.allow_tf32 = not forbidden


def chosen(cell: nn.RNNBase, device: torch.device) -> torch.dtype | None:
    """What to compute a cell in where bf16 is asked for; None: what autocast does is right."""
    kind = device.type
    if kind not in ("cpu", "cuda") or not torch.is_autocast_enabled(kind):
        return None
    if torch.get_autocast_dtype(kind) is not torch.bfloat16:
        return None
    if kind == "cuda":
        return torch.bfloat16 if cudnn_has_bf16(device) else torch.float32
    return torch.float32 if cell.mode == "LSTM" and not onednn_has_bf16() else None


def cudnn_has_bf16(device: torch.device) -> bool:
    """Whether the recurrences of a GPU are computed in bf16 by one kernel, not step by step."""
    since, capability = BF16_SINCE
    version = torch.backends.cudnn.version() or 0  # type: ignore[no-untyped-call]  # torch's omission
    return version >= since and torch.cuda.get_device_capability(device) >= capability


@cache
def onednn_has_bf16() -> bool:
    """Whether this processor can compute an LSTM in bf16: tried once, on a single unit."""
    weights = [torch.zeros(4, 1)] * 2 + [torch.zeros(4)] * 2
    x = torch.zeros(1, 1, 1)
    try:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            torch.lstm(x, [x, x], weights, True, 1, 0.0, True, False, True)
    except RuntimeError:  # could not create a primitive descriptor
        return False
    return True


def states_in(dtype: torch.dtype, cell: nn.RNNBase, inputs: Tensor) -> Tensor:
    """The states `(B, T, H)` of a cell computed in `dtype`, whatever autocast would choose.

    Weights are cast inside the graph: their gradients have the 32 bits that they have.

    Args:
        dtype: What inputs, weights and states are cast to.
        cell: One layer, one direction, batch first, with biases.
        inputs: `(B, T, E)`.
    """
    weights = list(cell.parameters())  # two matrices, two biases
    with torch.autocast(inputs.device.type, enabled=False):
        flat = torch.cat([one.flatten() for one in weights]).to(dtype)  # in a row, as cuDNN wants
        parts = torch.split(flat, [one.numel() for one in weights])
        own = [part.view_as(one) for part, one in zip(parts, weights, strict=True)]
        x = inputs.to(dtype)
        zero = x.new_zeros(1, len(x), cell.hidden_size)
        # With biases, one layer, no dropout, in training or not, one way, batch first.
        rest = (True, 1, 0.0, cell.training, False, True)
        if cell.mode == "LSTM":
            return torch.lstm(x, [zero, zero], own, *rest)[0]
        function = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh}[cell.mode]
        return function(x, zero, own, *rest)[0]
