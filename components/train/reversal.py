"""Sequences reversed within their own lengths."""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable


class Reverse(torch.autograd.Function):
    """Each sequence with its valid steps in the opposite order; done twice, it is as it was.

    So the gradient is reversed likewise. Through `gather`, which knows of nothing but places that
    may repeat, torch adds it up at each of them: on a GPU by sorting all numbers, where the result
    is to be deterministic.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, sequence: Tensor, reversal: Tensor) -> Tensor:
        """The steps `reversal` `(B, T)` of `sequence` `(B, T, E)`."""
        ctx.save_for_backward(reversal)
        return sequence.gather(1, reversal[:, :, None].expand_as(sequence))

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
        """The gradient of `sequence`, for that of the reversed one."""
        (reversal,) = ctx.saved_tensors  # type: ignore[attr-defined]  # torch omits it
        return grad.gather(1, reversal[:, :, None].expand_as(grad)), None


def reverse(sequence: Tensor, reversal: Tensor) -> Tensor:
    """`sequence` `(B, T, E)`, each reversed within its own length by `reversal` `(B, T)`.

    `reversal` says from which step each one comes; padding stays where it is.
    """
    found: Tensor = Reverse.apply(sequence, reversal)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return found
