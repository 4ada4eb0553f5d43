"""The states of a one-layer cell on the processor, back-propagated through time by hand.

Through nn.RNN and nn.GRU, autograd makes a small product for each weight at each step. Here only
what is sequential is done step by step; the inputs' share of the gates before, and the gradients
of weights, biases and inputs after, are single large products over all steps (Werbos, 1990).
nn.LSTM is left to torch, whose one compiled kernel (oneDNN) takes half the time of such a loop.

Shapes: `B` examples, `T` steps, `E` features of a step, `H` hidden units. Inside, time comes first,
so that each step is one contiguous slice; `hidden` holds the zero state of before the first step
as well, so that `hidden[:-1]` is what the steps read and `hidden[1:]` what they wrote. The cells
are those of `networks.py`. A `d` before a name is the gradient of the loss with respect to it.
"""

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from components.train import precision


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
    time_major: Tensor = function.apply(  # type: ignore[no-untyped-call]  # torch leaves it untyped
        inputs.transpose(0, 1).contiguous(),
        *(cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, cell.bias_hh_l0),
    )
    return time_major.transpose(0, 1)


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
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        """The states `(T, B, H)` for inputs `x` `(T, B, E)`."""
        hidden = zero_and_states(x, w_hh)
        size = w_hh.shape[1]
        w_rz, w_n = w_hh[: 2 * size].t(), w_hh[2 * size :].t()
        bias = torch.cat([b_ih[: 2 * size] + b_hh[: 2 * size], b_ih[2 * size :]])
        # The candidate's sum is doubled, as `tanh_of_half_` wants it.
        scale = torch.ones_like(bias)
        scale[2 * size :] = 2
        gates = torch.addmm(bias * scale, x.flatten(0, 1), (w_ih * scale[:, None]).t())
        gates = gates.view(*x.shape[:2], 3 * size)
        recurrent = torch.empty_like(hidden[1:])  # q
        h, *steps = hidden.unbind()
        minus_one = x.new_tensor(-1)
        rzs, qs = gates[:, :, : 2 * size].unbind(), recurrent.unbind()
        for rz, r, z, n, q, out in zip(rzs, *by_step(gates), qs, steps, strict=True):
            rz.addmm_(h, w_rz).sigmoid_()
            torch.addmm(b_hh[2 * size :], h, w_n, out=q)
            tanh_of_half_(n.addcmul_(r, q, value=2), minus_one)
            h = torch.lerp(n, h, z, out=out)
        ctx.save_for_backward(x, w_ih, w_hh, hidden, gates, recurrent)
        return hidden[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of all arguments of `forward`, for that of the states `(T, B, H)`."""
        x, w_ih, w_hh, hidden, gates, recurrent = ctx.saved_tensors  # type: ignore[attr-defined]  # as above
        size = w_hh.shape[1]
        w_rz, w_n = w_hh[: 2 * size], w_hh[2 * size :]
        # dh starts as what the loss says of a state directly; later steps add what comes back.
        # r, z, n are the gates' values; drz, dr, dz, dn belong to the sums inside the gates.
        dhidden = grad.clone(memory_format=torch.contiguous_format)
        dgates, drecurrent = torch.empty_like(gates), torch.empty_like(recurrent)
        dh_n, scratch = torch.empty_like(hidden[0]), torch.empty_like(hidden[0])
        dhs = dhidden.unbind()
        steps = zip(
            *(dhs, (None, *dhs[:-1]), hidden[1:].unbind(), *by_step(gates), recurrent.unbind()),
            *(dgates[:, :, : 2 * size].unbind(), *by_step(dgates), drecurrent.unbind()),
            strict=True,
        )
        for dh, dbefore, h, r, z, n, q, drz, dr, dz, dn, dq in reversed(list(steps)):
            torch.addcmul(dh, dh, z, value=-1, out=dh_n)  # dh (1 - z)
            torch.mul(dh_n, torch.sub(h, n, out=scratch), out=dz)  # as h - n = z (h' - n)
            torch.addcmul(dh_n, torch.mul(dh_n, n, out=scratch), n, value=-1, out=dn)
            torch.mul(dn, r, out=dq)
            torch.mul(dq, q, out=scratch)
            torch.addcmul(scratch, scratch, r, value=-1, out=dr)  # dq q (1 - r)
            if dbefore is not None:
                dbefore.addcmul_(dh, z).addmm_(drz, w_rz).addmm_(dq, w_n)
        flat, flat_q = dgates.flatten(0, 1), drecurrent.flatten(0, 1)
        before = hidden[:-1].flatten(0, 1)
        dx = None
        if ctx.needs_input_grad[0]:  # type: ignore[attr-defined]  # torch omits it
            dx = (flat @ w_ih).view_as(x)
        dw_ih = flat.t() @ x.flatten(0, 1)
        dw_hh = torch.cat([flat[:, : 2 * size].t() @ before, flat_q.t() @ before])
        db_ih = flat.sum(0)
        db_hh = torch.cat([db_ih[: 2 * size], flat_q.sum(0)])
        return dx, dw_ih, dw_hh, db_ih, db_hh


def zero_and_states(x: Tensor, w_hh: Tensor) -> Tensor:
    """Room for the states and the zero state before them, `(1 + T, B, H)`."""
    hidden = x.new_empty(len(x) + 1, x.shape[1], w_hh.shape[1])
    hidden[0] = 0
    return hidden


def by_step(gates: Tensor) -> list[tuple[Tensor, ...]]:
    """For each of the three gates in `gates` `(T, B, 3 * H)`, its `(B, H)` at every step."""
    return [gate.unbind() for gate in gates.chunk(3, dim=2)]


def tanh_of_half_(doubled: Tensor, minus_one: Tensor) -> Tensor:
    """tanh(`doubled` / 2) in place, as 2 sigmoid(`doubled`) - 1; `minus_one` is -1, `()`.

    Five times as fast as torch's tanh in float32, and within 2e-7 of it: absolute, which is what
    counts for a state that is added up with others.
    """
    return torch.add(minus_one, doubled.sigmoid_(), alpha=2, out=doubled)


# By `nn.RNNBase.mode`, since a class alone does not tell a tanh from a ReLU.
FUNCTIONS: dict[str, type[RnnStates] | type[GruStates]] = {
    "RNN_TANH": RnnStates,
    "GRU": GruStates,
}
