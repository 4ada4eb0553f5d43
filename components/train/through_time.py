"""Recurrences on the processor, back-propagated through time by hand.

Through nn.RNN and nn.GRU, autograd makes a small product for each weight at each step. Here only
what is sequential is done step by step; the inputs' share of the gates before, and the gradients
of weights, biases and inputs after, are large products over many steps (Werbos, 1990).

Shapes: `B` examples, `T` steps, `E` features of a step, `H` hidden units. Inside, time comes first,
so that each step is one contiguous slice; `hidden` holds the zero state of before the first step
as well, so that `hidden[:-1]` is what the steps read and `hidden[1:]` what they wrote. The cells
are those of `networks.py`. A `d` before a name is the gradient of the loss with respect to it.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

CACHE_BYTES = 2**20  # half of the second-level cache of a usual core
tanh_backward = torch.ops.aten.tanh_backward.grad_input  # what autograd calls: (1 - tanh^2) grad


class RnnStates(torch.autograd.Function):
    """h = tanh(W_ih x + b_ih + W_hh h' + b_hh), with h' the state before."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        """The states `(T, B, H)` for inputs `x` `(T, B, E)`."""
        hidden = zero_and_states(x, w_hh)
        # All sums are doubled, as `tanh_of_half_` wants them.
        flat_sums = hidden[1:].flatten(0, 1)
        torch.addmm(b_ih + b_hh, x.flatten(0, 1), w_ih.t(), beta=2, alpha=2, out=flat_sums)
        minus_one = x.new_tensor(-1)
        before, *steps = hidden.unbind()
        for h in steps:
            before = tanh_of_half_(h.addmm_(before, w_hh.t(), alpha=2), minus_one)
        ctx.save_for_backward(x, w_ih, w_hh, hidden)
        return hidden[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of all arguments of `forward`, for that of the states `(T, B, H)`."""
        x, w_ih, w_hh, hidden = ctx.saved_tensors  # type: ignore[attr-defined]  # torch omits it
        # One buffer: a step's slice holds dh until it becomes the gradient of the sum inside tanh.
        dsums = grad.clone(memory_format=torch.contiguous_format)
        scratch = torch.empty_like(hidden[0])
        dbefore = None
        for dh, h in zip(reversed(dsums.unbind()), reversed(hidden[1:].unbind()), strict=True):
            if dbefore is not None:
                dh.addmm_(dbefore, w_hh)
            dbefore = dh.addcmul_(torch.mul(dh, h, out=scratch), h, value=-1)  # dh (1 - h^2)
        flat = dsums.flatten(0, 1)
        dx = None
        if ctx.needs_input_grad[0]:  # type: ignore[attr-defined]  # torch omits it
            dx = (flat @ w_ih).view_as(x)
        dw_ih = flat.t() @ x.flatten(0, 1)
        dw_hh = flat.t() @ hidden[:-1].flatten(0, 1)
        db = flat.sum(0)
        return dx, dw_ih, dw_hh, db, db


class GruStates(torch.autograd.Function):
    """h = (1 - z) n + z h', with h' the state before, and reset, update and candidate.

    r = sigmoid(W_ir x + b_ir + W_hr h' + b_hr), z likewise,
    n = tanh(W_in x + b_in + r q) with q = W_hn h' + b_hn.

    They lie side by side in the order q, r, z, n: the state before has its share in the first
    three, the inputs in the last three.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        """The states `(T, B, H)` for inputs `x` `(T, B, E)`."""
        hidden = zero_and_states(x, w_hh)
        size = w_hh.shape[1]
        # The candidate's sum is doubled, as `tanh_of_half_` wants it.
        scale = torch.ones_like(b_ih)
        scale[2 * size :] = 2
        bias = b_ih * scale
        bias[: 2 * size] += b_hh[: 2 * size]
        w_x, w_h = (w_ih * scale[:, None]).t(), w_hh.roll(size, 0).t()
        minus_one, h = x.new_tensor(-1), hidden[0]
        keep = any(ctx.needs_input_grad)  # type: ignore[attr-defined]  # torch omits it
        parts = in_parts(x, 4 * size)
        gates = x.new_empty(len(x) if keep else length(parts[-1]), x.shape[1], 4 * size)
        for part in parts:
            room = gates[part] if keep else gates[: length(part)]
            room[:, :, :size] = b_hh[2 * size :]
            torch.addmm(bias, x[part].flatten(0, 1), w_x, out=room.flatten(0, 1)[:, size:])
            qrzs, rzs = room[:, :, : 3 * size].unbind(), room[:, :, size : 3 * size].unbind()
            steps = zip(qrzs, rzs, *by_step(room), hidden[1:][part].unbind(), strict=True)
            for qrz, rz, q, r, z, n, out in steps:
                qrz.addmm_(h, w_h)
                rz.sigmoid_()
                tanh_of_half_(n.addcmul_(r, q, value=2), minus_one)
                h = torch.lerp(n, h, z, out=out)
        ctx.save_for_backward(x, w_ih, w_hh, hidden, gates)
        return hidden[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of all arguments of `forward`, for that of the states `(T, B, H)`."""
        x, w_ih, w_hh, hidden, gates = ctx.saved_tensors  # type: ignore[attr-defined]  # torch omits it
        size = w_hh.shape[1]
        w_h = w_hh.roll(size, 0)
        dx = torch.empty_like(x) if ctx.needs_input_grad[0] else None  # type: ignore[attr-defined]  # torch omits it
        dw_ih, dw_h, db = torch.zeros_like(w_ih), torch.zeros_like(w_h), w_h.new_zeros(4 * size)
        # q, r, z, n are the values; dq, dr, dz, dn belong to the sums inside the gates.
        dh = grad[-1].clone()
        dh_n, scratch = torch.empty_like(dh), torch.empty_like(dh)
        # What the loss says directly of the state before each step: nothing of the zero state.
        direct = (torch.zeros_like(dh), *grad[:-1].unbind())
        parts = in_parts(x, 4 * size)
        dgates = torch.empty_like(gates[parts[-1]])
        for part in reversed(parts):
            dpart = dgates[: length(part)]
            dqrzs = dpart[:, :, : 3 * size].unbind()
            steps = zip(
                *(direct[part], hidden[1:][part].unbind(), *by_step(gates[part])),
                *(dqrzs, *by_step(dpart)),
                strict=True,
            )
            for direct_before, h, q, r, z, n, dqrz, dq, dr, dz, dn in reversed(list(steps)):
                torch.addcmul(dh, dh, z, value=-1, out=dh_n)  # dh (1 - z)
                torch.mul(dh_n, torch.sub(h, n, out=scratch), out=dz)  # as h - n = z (h' - n)
                tanh_backward(dh_n, n, grad_input=dn)
                torch.mul(dn, r, out=dq)
                torch.mul(dq, q, out=scratch)
                torch.addcmul(scratch, scratch, r, value=-1, out=dr)  # dq q (1 - r)
                torch.addcmul(direct_before, dh, z, out=dh).addmm_(dqrz, w_h)
            flat = dpart.flatten(0, 1)
            if dx is not None:
                torch.mm(flat[:, size:], w_ih, out=dx[part].flatten(0, 1))
            dw_ih.addmm_(flat[:, size:].t(), x[part].flatten(0, 1))
            dw_h.addmm_(flat[:, : 3 * size].t(), hidden[part].flatten(0, 1))
            db += flat.sum(0)
        return dx, dw_ih, dw_h.roll(-size, 0), db[size:], db[: 3 * size].roll(-size)


def in_parts(x: Tensor, width: int) -> list[slice]:
    """The steps of `x` `(T, B, E)` in parts, of which the last is the longest.

    Each is so short that what belongs to it stays in the cache: over all steps it would go to
    memory and come back for each of the products with it.

    Args:
        x: The inputs.
        width: How many numbers belong to an example at a step.
    """
    num_steps = max(1, CACHE_BYTES // max(1, x.shape[1] * width * x.element_size()))
    ends = range(len(x), 0, -num_steps)
    return [slice(max(0, end - num_steps), end) for end in reversed(ends)]


def length(part: slice) -> int:
    """How many steps a part has."""
    return int(part.stop - part.start)


def zero_and_states(x: Tensor, w_hh: Tensor) -> Tensor:
    """Room for the states and the zero state before them, `(1 + T, B, H)`."""
    hidden = x.new_empty(len(x) + 1, x.shape[1], w_hh.shape[1])
    hidden[0] = 0
    return hidden


def by_step(gates: Tensor) -> list[tuple[Tensor, ...]]:
    """For each of the four in `gates` `(T, B, 4 * H)`, its `(B, H)` at every step."""
    return [gate.unbind() for gate in gates.chunk(4, dim=2)]


def tanh_of_half_(doubled: Tensor, minus_one: Tensor) -> Tensor:
    """tanh(`doubled` / 2) in place, as 2 sigmoid(`doubled`) - 1; `minus_one` is -1, `()`.

    Five times as fast as torch's tanh in float32, and within 2e-7 of it: absolute, which is what
    counts for a state that is added up with others.
    """
    return torch.add(minus_one, doubled.sigmoid_(), alpha=2, out=doubled)
