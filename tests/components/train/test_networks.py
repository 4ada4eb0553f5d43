"""The network against recurrences written by hand, and against torch's own packed layers."""

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from components.records import SequenceSpec
from components.train.networks import (
    CELLS,
    RecurrentLayer,
    RecurrentNetwork,
    num_parameters,
)
from params.load import load
from params.names import Architecture
from params.sections import SeriesModel, TextModel

ARCHITECTURES: tuple[Architecture, ...] = ("rnn", "lstm", "gru", "bilstm")
SERIES = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
TEXTS = SequenceSpec(num_embeddings=20, input_size=1, output_size=1)
STATES = torch.tensor(
    [[[1.0, -4.0], [3.0, -1.0], [9.0, 9.0]], [[2.0, 5.0], [9.0, 9.0], [9.0, 9.0]]]
)
LENGTHS = torch.tensor([2, 1])


def series_model(*hidden_sizes: int, **changes: object) -> SeriesModel:
    plain = {"hidden_sizes": hidden_sizes, "dropout": 0.0, "pooling": "last", "head_sizes": ()}
    return SeriesModel.model_validate({**plain, **changes})


def text_model(*hidden_sizes: int, **changes: object) -> TextModel:
    return TextModel.model_validate(
        {**series_model(*hidden_sizes, **changes).model_dump(), "embedding_size": 3}
    )


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


# One unit each, from zero, in a layer of `size` equal ones. Every input weight, recurrent weight
# and input bias of the gate numbered k is k / 10, every recurrent bias 0.05; `x` is the sum of the
# inputs of each step.
def rnn(x: Sequence[float], size: int) -> list[float]:
    states, h = [], 0.0
    for value in x:
        h = math.tanh(0.1 * (value + 1 + size * h) + 0.05)
        states.append(h)
    return states


def lstm(x: Sequence[float], size: int) -> list[float]:
    states, h, c = [], 0.0, 0.0
    for value in x:
        entry, forget, cell, output = (k / 10 * (value + 1 + size * h) + 0.05 for k in (1, 2, 3, 4))
        c = sigmoid(forget) * c + sigmoid(entry) * math.tanh(cell)
        h = sigmoid(output) * math.tanh(c)
        states.append(h)
    return states


def gru(x: Sequence[float], size: int) -> list[float]:
    states, h = [], 0.0
    for value in x:
        reset = sigmoid(0.1 * (value + 1 + size * h) + 0.05)
        update = sigmoid(0.2 * (value + 1 + size * h) + 0.05)
        candidate = math.tanh(0.3 * (value + 1) + reset * (0.3 * size * h + 0.05))
        h = (1 - update) * candidate + update * h
        states.append(h)
    return states


BY_HAND: dict[Architecture, Callable[[Sequence[float], int], list[float]]] = {
    "rnn": rnn,
    "lstm": lstm,
    "gru": gru,
    "bilstm": lstm,
}


def constant(network: RecurrentNetwork) -> RecurrentNetwork:
    """The network with the weights above; its head adds up the states and 0.5."""
    with torch.no_grad():
        for cell in network.layers.modules():
            if isinstance(cell, nn.RNNBase):
                gates = len(cell.weight_hh_l0) // cell.hidden_size
                for name, parameter in cell.named_parameters():
                    for k, block in enumerate(parameter.chunk(gates), start=1):
                        block.fill_(0.05 if name.startswith("bias_hh") else k / 10)
        nn.init.ones_(network.head[0].weight)
        nn.init.constant_(network.head[0].bias, 0.5)
    return network


@pytest.mark.parametrize(
    ("architecture", "worked"),
    [
        # tanh(0.25), tanh(0.2 + 0.1 x 0.2449187), tanh(0.05 + 0.1 x 0.2207952)
        ("rnn", [0.2449187, 0.2207952, 0.0719549]),
        # first: i = s(0.25), f = s(0.45), g = tanh(0.65), o = s(0.85); c = i g, h = o tanh(c)
        ("lstm", [0.2177038, 0.2997182, 0.1695423]),
        # first: r = s(0.25), z = s(0.45), n = tanh(0.6 + 0.05 r); h = (1 - z) n
        ("gru", [0.2167761, 0.3199917, 0.2048685]),
    ],
)
def test_a_cell_computes_its_equations(architecture: Architecture, worked: list[float]) -> None:
    x = [1.0, 0.5, -1.0]
    network = constant(RecurrentNetwork(architecture, series_model(1), SERIES))
    inputs = torch.tensor(x)[None, :, None]
    states = network.layers[0](inputs, torch.arange(3)[None])
    assert BY_HAND[architecture](x, 1) == pytest.approx(worked, abs=1e-6)
    assert states[0, :, 0].tolist() == pytest.approx(worked, abs=1e-6)
    assert network(inputs, torch.tensor([3])).item() == pytest.approx(worked[-1] + 0.5, abs=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_stack_computes_its_equations(architecture: Architecture) -> None:
    """Two layers, of 2 and 3 units, on two sequences, the second one shorter and padded."""
    network = constant(RecurrentNetwork(architecture, series_model(2, 3), SERIES))
    both = architecture == "bilstm"
    sequences = [[1.0, 0.5, -1.0, 2.0], [-0.5, 3.0]]

    def read(x: list[float], size: int) -> list[list[float]]:
        """The unit's states in each direction; all units of a direction are equal."""
        one_way = BY_HAND[architecture]
        return [one_way(x, size)] + ([one_way(x[::-1], size)[::-1]] if both else [])

    expected = []
    for x in sequences:
        first = [2 * sum(states) for states in zip(*read(x, 2), strict=True)]
        forward, *backward = read(first, 3)
        expected.append(0.5 + 3 * (forward[-1] + sum(states[0] for states in backward)))
    inputs = torch.tensor([sequences[0], [*sequences[1], 7.0, 7.0]])[:, :, None]
    output = network(inputs, torch.tensor([4, 2]))
    assert output[:, 0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize(
    ("architecture", "bidirectional"),
    [("rnn", None), ("lstm", None), ("gru", None), ("bilstm", None), ("gru", (True, False, True))],
)
def test_the_dense_path_equals_torchs_packed_one(
    architecture: Architecture, bidirectional: tuple[bool, ...] | None, pooling: str
) -> None:
    torch.manual_seed(1)
    model = series_model(4, 3, 5, bidirectional=bidirectional, pooling=pooling)
    spec = SequenceSpec(num_embeddings=None, input_size=2, output_size=3)
    network = RecurrentNetwork(architecture, model, spec).double()
    lengths = torch.cat([torch.tensor([1, 9]), torch.randint(1, 10, (6,))])
    inputs = torch.randn(8, 9, 2, dtype=torch.float64)
    pooled = packed(network, inputs, lengths)
    torch.testing.assert_close(
        network(inputs, lengths), network.head(pooled), rtol=0, atol=1e-6, check_dtype=True
    )


def packed(network: RecurrentNetwork, inputs: Tensor, lengths: Tensor) -> Tensor:
    """The pooled states of torch's own layers with the network's weights, padding packed away."""
    for layer in network.layers:
        both = layer.backward_cell is not None
        size, hidden_size = layer.forward_cell.input_size, layer.hidden_size
        reference = type(layer.forward_cell)(
            size, hidden_size, batch_first=True, bidirectional=both, dtype=torch.float64
        )
        weights = dict(layer.forward_cell.state_dict())
        if both:
            backward = layer.backward_cell.state_dict()
            weights |= {f"{name}_reverse": value for name, value in backward.items()}
        reference.load_state_dict(weights)
        sequence = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        states, last = reference(sequence)
        inputs, _ = pad_packed_sequence(states, batch_first=True)
        last = last[0] if isinstance(last, tuple) else last
    rows = [states[:length] for states, length in zip(inputs, lengths, strict=True)]
    if network.pooling == "last":
        return torch.cat(list(last), dim=1)
    pool = Tensor.mean if network.pooling == "mean" else Tensor.amax
    return torch.stack([pool(row, dim=0) for row in rows])


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_more_padding_changes_no_logit(architecture: Architecture, pooling: str) -> None:
    network = RecurrentNetwork(architecture, text_model(4, 3, pooling=pooling), TEXTS)
    lengths = torch.tensor([1, 4, 6])
    token_ids = torch.randint(2, 20, (3, 6)) * (torch.arange(6) < lengths[:, None])
    expected = network(token_ids, lengths)
    for filler in (0, 7):  # not even padding that is no padding
        padded = torch.where(torch.arange(11) < lengths[:, None], 0, filler)
        padded[:, :6] += torch.where(padded[:, :6] == 0, token_ids, 0)
        torch.testing.assert_close(network(padded, lengths), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize("kind", ["token ids", "values"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_sequence_of_a_batch_gives_what_it_gives_alone(
    architecture: Architecture, kind: str, pooling: str
) -> None:
    lengths = torch.tensor([5, 1, 9, 3])
    texts = kind == "token ids"
    model = (text_model if texts else series_model)(4, 3, pooling=pooling)
    network = RecurrentNetwork(architecture, model, TEXTS if texts else SERIES)
    rows = [torch.randint(2, 20, (n,)) if texts else torch.randn(n, 1) for n in lengths.tolist()]
    together = network(pad_sequence(rows, batch_first=True), lengths)
    alone = [network(row[None], torch.tensor([len(row)])) for row in rows]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-6)
    assert len(set(together[:, 0].tolist())) == 4


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_values_without_their_dimension_are_one_feature(architecture: Architecture) -> None:
    network = constant(RecurrentNetwork(architecture, series_model(1), SERIES))
    flat, lengths = torch.tensor([[1.0, 0.5, -1.0], [0.5, 1.0, 0.0]]), torch.tensor([3, 2])
    output = network(flat, lengths)
    assert torch.equal(output, network(flat[:, :, None], lengths))
    one_way = BY_HAND[architecture]
    last = [one_way([1.0, 0.5, -1.0], 1)[-1], one_way([0.5, 1.0], 1)[-1]]
    if architecture == "bilstm":
        last[0] += one_way([-1.0, 0.5, 1.0], 1)[-1]
        last[1] += one_way([1.0, 0.5], 1)[-1]
    assert output[:, 0].tolist() == pytest.approx([one + 0.5 for one in last], abs=1e-6)


@pytest.mark.parametrize(
    ("num_features", "inputs", "lengths", "said"),
    [
        (
            0,
            torch.zeros(3, 4),
            LENGTHS,
            "inputs must be token ids (B, T), int64 or int32, got float32 of shape (3, 4)",
        ),
        (
            0,
            torch.zeros(3, 4, 1).long(),
            LENGTHS,
            "inputs must be token ids (B, T), int64 or int32, got int64 of shape (3, 4, 1)",
        ),
        (
            1,
            torch.zeros(3, 4, 2),
            LENGTHS,
            "inputs must be real values (B, T, 1) or (B, T), got float32 of shape (3, 4, 2)",
        ),
        (
            1,
            torch.zeros(4),
            LENGTHS,
            "inputs must be real values (B, T, 1) or (B, T), got float32 of shape (4,)",
        ),
        (
            1,
            torch.zeros(3, 4).long(),
            LENGTHS,
            "inputs must be real values (B, T, 1) or (B, T), got int64 of shape (3, 4)",
        ),
        (
            2,
            torch.zeros(3, 4),
            LENGTHS,
            "inputs must be real values (B, T, 2), got float32 of shape (3, 4)",
        ),
        (
            2,
            torch.zeros(1, 3, 4, 2),
            LENGTHS,
            "inputs must be real values (B, T, 2), got float32 of shape (1, 3, 4, 2)",
        ),
        (
            0,
            torch.zeros(3, 4).long(),
            LENGTHS,
            "lengths must be (3,), one for each sequence of inputs, got int64 of shape (2,)",
        ),
        (
            1,
            torch.zeros(2, 4),
            LENGTHS[:, None],
            "lengths must be (2,), one for each sequence of inputs, got int64 of shape (2, 1)",
        ),
    ],
)
def test_what_a_network_cannot_read_is_refused(
    num_features: int, inputs: Tensor, lengths: Tensor, said: str
) -> None:
    """Without features it reads token ids."""
    spec = SERIES.model_copy(update={"input_size": num_features}) if num_features else TEXTS
    network = RecurrentNetwork("gru", (series_model if num_features else text_model)(2), spec)
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        network(inputs, lengths)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_only_a_bidirectional_layer_sees_the_future(architecture: Architecture) -> None:
    layer = RecurrentLayer(CELLS[architecture], 1, 4, bidirectional=architecture == "bilstm")
    inputs = torch.randn(1, 6, 1)
    changed = inputs.clone()
    changed[0, 4] += 1
    reversal = torch.arange(5, -1, -1)[None]
    before, after = layer(inputs, reversal), layer(changed, reversal)
    forward, backward = (after - before).abs().amax(dim=0).split(4, dim=1)[0], (after - before)
    assert forward[:4].amax() == 0
    assert (forward[4:].amax(dim=1) > 1e-4).all()
    if architecture == "bilstm":
        backward = backward[0, :, 4:].abs().amax(dim=1)
        assert (backward[:5] > 1e-6).all()
        assert backward[5] == 0


@pytest.mark.parametrize(
    ("pooling", "bidirectional", "expected"),
    [
        ("last", False, [[3, -1], [2, 5]]),
        ("last", True, [[3, -4], [2, 5]]),  # right to left, the whole is read at the first step
        ("max", False, [[3, -1], [2, 5]]),
        ("mean", False, [[2, -2.5], [2, 5]]),
    ],
)
def test_pooling_by_hand(pooling: str, bidirectional: bool, expected: list[list[float]]) -> None:
    size = 1 if bidirectional else 2
    model = series_model(size, pooling=pooling, bidirectional=(bidirectional,))
    network = RecurrentNetwork("rnn", model, SERIES)
    valid = torch.arange(3) < LENGTHS[:, None]
    assert network.pool(STATES, valid, LENGTHS).tolist() == expected


def test_max_pooling_finds_a_largest_state_that_is_not_the_last() -> None:
    network = RecurrentNetwork("rnn", series_model(2, pooling="max"), SERIES)
    states = STATES[:1].flip(1)
    assert network.pool(states, torch.ones(1, 3).bool(), torch.tensor([3])).tolist() == [[9, 9]]


def test_the_padding_row_is_zero_and_learns_nothing() -> None:
    network = RecurrentNetwork("bilstm", text_model(4, pooling="mean"), TEXTS)
    assert network.embedding is not None
    # Not even where it stands among words, which no text has it do.
    network(torch.tensor([[3, 0, 4, 0], [5, 6, 7, 8]]), torch.tensor([3, 4])).sum().backward()
    gradient = network.embedding.weight.grad
    assert gradient is not None
    assert network.embedding.weight[0].tolist() == gradient[0].tolist() == [0, 0, 0]
    assert (gradient.abs().sum(dim=1) > 0).nonzero()[:, 0].tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_initial_values(architecture: Architecture) -> None:
    network = RecurrentNetwork(architecture, text_model(6, 5, head_sizes=(4,)), TEXTS)
    assert network.embedding is not None
    embedding = network.embedding.weight[1:]
    assert embedding.abs().max() <= 0.05
    assert embedding.std().item() == pytest.approx(0.1 / math.sqrt(12), rel=0.25)
    cells = [module for module in network.modules() if isinstance(module, nn.RNNBase)]
    assert len(cells) == (4 if architecture == "bilstm" else 2)
    for cell in cells:
        recurrent, size = cell.weight_hh_l0, cell.hidden_size
        torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(size), rtol=0, atol=1e-5)
        glorot = math.sqrt(6 / sum(cell.weight_ih_l0.shape))
        assert 0.8 * glorot < cell.weight_ih_l0.abs().max() <= glorot
        biases = cell.bias_ih_l0 + cell.bias_hh_l0
        forget = [1.0] * size if cell.mode == "LSTM" else []
        rest = len(biases) - size - len(forget)
        assert biases.tolist() == [0.0] * size + forget + [0.0] * rest
    for dense in (network.head[0], network.head[2]):
        assert dense.bias.abs().max() == 0
        assert dense.weight.abs().max() <= math.sqrt(6 / sum(dense.weight.shape))


@pytest.mark.parametrize(
    ("architecture", "imdb", "temperature"),
    [
        # imdb: 5002 x 32 + D g (64 (32 + 64) + 2 x 64) + 64 D + 1, with g gates, D directions
        ("rnn", 160_064 + 6_272 + 65, 4_288 + 3_136 + 528 + 17),
        ("lstm", 160_064 + 25_088 + 65, 17_152 + 12_544 + 528 + 17),
        ("gru", 160_064 + 18_816 + 65, 12_864 + 9_408 + 528 + 17),
        ("bilstm", 160_064 + 50_176 + 129, 34_304 + 41_472 + 1_040 + 17),
    ],
)
def test_number_of_parameters_of_the_shipped_networks(
    architecture: Architecture, imdb: int, temperature: int
) -> None:
    texts = TEXTS.model_copy(update={"num_embeddings": 5002})
    assert num_parameters(RecurrentNetwork(architecture, load("imdb").model, texts)) == imdb
    series = RecurrentNetwork(architecture, load("temperature").model, SERIES)
    assert num_parameters(series) == temperature


def test_layers_of_mixed_direction_fit_together() -> None:
    model = series_model(
        *(3, 2, 4), bidirectional=(True, False, True), dropout=(0.1, 0.2, 0.3), head_sizes=(5, 6)
    )
    spec = SequenceSpec(num_embeddings=None, input_size=7, output_size=2)
    network = RecurrentNetwork("lstm", model, spec)
    assert [layer.forward_cell.input_size for layer in network.layers] == [7, 6, 2]
    assert [layer.output_size for layer in network.layers] == [6, 2, 8]
    assert [layer.backward_cell is not None for layer in network.layers] == [True, False, True]
    assert [dropout.p for dropout in network.dropouts] == [0.1, 0.2, 0.3]
    sizes = [(one.in_features, one.out_features) for one in network.head[::2]]
    assert sizes == [(8, 5), (5, 6), (6, 2)]
    assert all(isinstance(one, nn.ReLU) for one in network.head[1::2])
    assert all(left[1] == right[0] for left, right in pairwise(sizes))
    assert network(torch.randn(3, 4, 7), torch.tensor([4, 1, 2])).shape == (3, 2)


def test_dropout_stands_after_every_layer_and_only_in_training() -> None:
    network = constant(RecurrentNetwork("rnn", series_model(1, 1, dropout=(0.0, 0.5)), SERIES))
    inputs, lengths = torch.ones(200, 3, 1), torch.full((200,), 3)
    network.train()
    outputs = sorted(set(network(inputs, lengths)[:, 0].tolist()))
    network.eval()
    alone = network(inputs, lengths)[0].item()
    # Half of the last states are dropped, and the others doubled.
    assert outputs == pytest.approx([0.5, 0.5 + 2 * (alone - 0.5)], abs=1e-6)
