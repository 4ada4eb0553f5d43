import pytest
import torch
from torch import Tensor, nn

from components.train import precision
from components.train.recurrence import FUNCTIONS, states

HALF = torch.bfloat16
CELLS = [nn.RNN, nn.LSTM, nn.GRU]
SIZES = [  # B, T, E, H
    *[(3, 11, 5, 7), (1, 11, 5, 7), (3, 1, 5, 7), (1, 1, 1, 1), (32, 30, 1, 64)],
    (0, 5, 4, 6),
    *[(64, 50, 3, 64), (300, 3, 2, 256)],  # parts of 16 steps and a rest, and of one step each
]
TOLERANCES = {torch.float32: (1e-6, 1e-5), torch.float64: (1e-12, 1e-10)}  # states, gradients


def a_cell(kind, input_size, hidden_size, dtype=torch.float64):
    torch.manual_seed(0)
    return kind(input_size, hidden_size, batch_first=True, dtype=dtype)


def torch_states(cell: nn.RNNBase, inputs: Tensor) -> Tensor:
    return cell(inputs)[0]


def gradients(function, cell, inputs, weights):
    """The states, and the gradients of inputs and parameters for the loss sum(weights * states)."""
    inputs = inputs.clone().requires_grad_()
    found = function(cell, inputs)
    wanted = [inputs, *cell.parameters()]
    return found.detach(), torch.autograd.grad((found * weights).sum(), wanted)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", CELLS)
def test_states_and_gradients_are_those_of_torch(kind, size, dtype):
    batch, steps, input_size, hidden_size = size
    cell = a_cell(kind, input_size, hidden_size, dtype)
    inputs = torch.randn(batch, steps, input_size, dtype=dtype)
    weights = torch.randn(batch, steps, hidden_size, dtype=dtype)
    found, found_gradients = gradients(states, cell, inputs, weights)
    expected, expected_gradients = gradients(torch_states, cell, inputs, weights)
    near, relative = TOLERANCES[dtype]
    torch.testing.assert_close(found, expected, atol=near, rtol=0)
    for gradient, reference in zip(found_gradients, expected_gradients, strict=True):
        largest = reference.abs().max().item() if reference.numel() else 0.0  # of no example
        allowed = relative * largest
        torch.testing.assert_close(gradient, reference, atol=allowed, rtol=0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU])
def test_states_are_the_same_to_the_bit_where_nothing_is_kept_for_gradients(kind, size):
    batch, steps, input_size, hidden_size = size
    cell = a_cell(kind, input_size, hidden_size, torch.float32)
    inputs = torch.randn(batch, steps, input_size)
    kept = states(cell, inputs)
    assert kept.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(states(cell, inputs), kept.detach(), atol=0, rtol=0)


@pytest.mark.parametrize(("is_training", "num_steps"), [(True, 100), (False, 16)])
def test_gates_are_kept_for_gradients_alone(is_training, num_steps, monkeypatch):
    rooms = []

    def new_empty(like: Tensor, *size: int) -> Tensor:
        rooms.append(size)
        return torch.empty(size, dtype=like.dtype)

    cell, inputs = a_cell(nn.GRU, 3, 64, torch.float32), torch.randn(64, 100, 3)
    monkeypatch.setattr(Tensor, "new_empty", new_empty)
    with torch.set_grad_enabled(is_training):
        states(cell, inputs)
    assert rooms == [(101, 64, 64), (num_steps, 64, 4 * 64)]


@pytest.mark.parametrize("kind", CELLS)
def test_gradients_are_the_slopes(kind):
    cell = a_cell(kind, 2, 3)
    inputs = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)

    def of_all(inputs, *_parameters):
        return states(cell, inputs)

    assert torch.autograd.gradcheck(of_all, (inputs, *cell.parameters()))


# One feature, one unit, inputs 1 and 2, every weight 0.5, input biases 0.1, recurrent biases 0.2.
# With s the sigmoid, the first sum is a = 0.5 + 0.3 = 0.8, the second a = 1.3 + 0.5 h.
# RNN: h = tanh(0.8) = 0.664037; a = 1.632018, h = tanh(a) = 0.926348.
# LSTM: all gates s(0.8) = 0.689974, c = s tanh(0.8) = 0.458168, h = s tanh(c) = 0.295716;
#     a = 1.447858, s = 0.809669, c = s 0.458168 + s tanh(a) = 1.095835, h = s tanh(c) = 0.646924.
# GRU: r = z = s(0.8), q = 0.2, n = tanh(0.6 + r q) = 0.627932, h = (1 - z) n = 0.194675;
#     a = 1.397338, r = z = 0.801761, q = 0.297338, n = tanh(1.1 + r q) = 0.871286, h = 0.328806.
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (nn.RNN, [0.664037, 0.926348]),
        (nn.LSTM, [0.295716, 0.646924]),
        (nn.GRU, [0.194675, 0.328806]),
    ],
)
def test_states_are_those_worked_by_hand(kind, expected):
    cell = a_cell(kind, 1, 1)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.fill_({"weight": 0.5, "bias_i": 0.1, "bias_h": 0.2}[name[:6]])
    inputs = torch.tensor([[[1.0], [2.0]]], dtype=torch.float64)
    found = states(cell, inputs)[0, :, 0]
    torch.testing.assert_close(found.tolist(), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", CELLS)
def test_same_input_same_bits(kind):
    cell = a_cell(kind, 5, 16, torch.float32)
    inputs, weights = torch.randn(8, 20, 5), torch.randn(8, 20, 16)
    first, first_gradients = gradients(states, cell, inputs, weights)
    again, gradients_again = gradients(states, cell, inputs, weights)
    assert torch.equal(first, again)
    assert all(map(torch.equal, first_gradients, gradients_again))


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_the_states_are_the_same(kind, mode):
    cell = a_cell(kind, 5, 7)
    inputs = torch.randn(3, 11, 5, dtype=torch.float64)
    with mode():
        found = states(cell, inputs)
    assert not found.requires_grad
    torch.testing.assert_close(found, states(cell, inputs).detach(), atol=1e-15, rtol=0)


@pytest.mark.parametrize("kind", CELLS)
def test_inputs_and_parameters_may_be_constants(kind):
    cell = a_cell(kind, 5, 7)
    cell.weight_ih_l0.requires_grad_(False)
    inputs = torch.randn(3, 11, 5, dtype=torch.float64)
    states(cell, inputs).sum().backward()
    assert inputs.grad is None
    assert cell.weight_ih_l0.grad is None
    assert cell.weight_hh_l0.grad is not None


@pytest.mark.parametrize("kind", CELLS)
def test_the_two_biases_have_gradients_of_their_own(kind):
    cell = a_cell(kind, 5, 7)
    states(cell, torch.randn(3, 11, 5, dtype=torch.float64)).sum().backward()
    before = cell.bias_hh_l0.grad.clone()
    cell.bias_ih_l0.grad.zero_()
    assert torch.equal(cell.bias_hh_l0.grad, before)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU])
def test_states_changed_before_backward_are_noticed(kind):
    found = states(a_cell(kind, 5, 7), torch.randn(3, 11, 5, dtype=torch.float64))
    found.detach().zero_()
    with pytest.raises(RuntimeError, match="modified inplace"):
        found.sum().backward()


def test_a_strided_batch_is_read_as_it_is():
    cell = a_cell(nn.GRU, 5, 7)
    inputs = torch.randn(11, 3, 10, dtype=torch.float64).transpose(0, 1)[:, :, ::2]
    torch.testing.assert_close(states(cell, inputs), cell(inputs)[0], atol=1e-12, rtol=0)


def test_what_is_not_ours_is_left_to_torch():
    relu = nn.RNN(5, 7, nonlinearity="relu", batch_first=True)
    inputs = torch.randn(3, 11, 5)
    assert set(FUNCTIONS) == {"RNN_TANH", "GRU"}
    assert torch.equal(states(relu, inputs), relu(inputs)[0])
    cell = a_cell(nn.GRU, 5, 7, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(states(cell, inputs), cell(inputs)[0])


def test_numbers_that_torch_would_choose_wrongly_are_ours(monkeypatch):
    asked = []
    monkeypatch.setattr(precision, "chosen", lambda cell, device: asked.append(device) or HALF)
    found = states(a_cell(nn.GRU, 5, 7, torch.float32), torch.randn(3, 11, 5))
    assert found.dtype == HALF
    assert asked == [torch.device("cpu")]
