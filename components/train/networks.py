"""One network for all four architectures: they differ in the cell and in the direction only.

Shapes: `B` examples, `T` steps, `E` features of a step, `H` hidden units, `D` directions (1 or 2),
`P` outputs.
"""

import torch
from torch import Tensor, nn

from components.preprocess.tokens import PADDING_IDX
from components.records import SequenceSpec
from components.train.recurrence import states
from components.train.reversal import reverse
from params.names import Architecture
from params.sections import SeriesModel, TextModel

Cell = type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]

# Sources: Elman 1990 (tanh); Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al.
# 2000; Cho et al. 2014, in the variant that applies the reset gate after the recurrent product, as
# cuDNN and torch have it; Schuster & Paliwal 1997 for reading both ways.
CELLS: dict[Architecture, Cell] = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "bilstm": nn.LSTM,
}

TOKEN_ID_TYPES = (torch.int64, torch.int32)
EMBEDDING_RANGE = 0.05
FORGET_GATE_BIAS = 1.0


class RecurrentLayer(nn.Module):
    """One recurrent layer, left to right, or both ways with their states side by side."""

    def __init__(self, cell: Cell, input_size: int, hidden_size: int, *, bidirectional: bool):
        """A layer of freshly initialised cells, one for each direction."""
        super().__init__()
        self.forward_cell = initialised(cell(input_size, hidden_size, batch_first=True))
        self.backward_cell = (
            initialised(cell(input_size, hidden_size, batch_first=True)) if bidirectional else None
        )
        self.hidden_size = hidden_size
        self.output_size = hidden_size * (2 if bidirectional else 1)

    def forward(self, inputs: Tensor, reversal: Tensor) -> Tensor:
        """The states `(B, T, D * H)` for `inputs` `(B, T, E)`; exact at every valid step.

        Left to right, padding at the end comes after every valid step. Right to left, each sequence
        is reversed within its own length by `reversal` `(B, T)`, read left to right, and reversed
        back, so that the padding again comes last. Nothing is packed: that is many times slower.
        """
        forward = states(self.forward_cell, inputs)
        if self.backward_cell is None:
            return forward
        backward = states(self.backward_cell, reverse(inputs, reversal))
        return torch.cat([forward, reverse(backward, reversal)], dim=2)

    def last(self, sequence: Tensor, lengths: Tensor) -> Tensor:
        """The state `(B, D * H)` of each direction after it has read the whole sequence."""
        rows = torch.arange(len(sequence), device=sequence.device)
        forward = sequence[rows, lengths - 1, : self.hidden_size]
        return torch.cat([forward, sequence[:, 0, self.hidden_size :]], dim=1)


class RecurrentNetwork(nn.Module):
    """(Embedding ->) recurrent layers, each followed by dropout -> pooling -> dense head.

    Every recurrent layer hands its whole sequence of states to the next one; the pooling alone
    turns a sequence into a vector. So layers cannot be stacked wrongly.
    """

    def __init__(self, architecture: Architecture, model: SeriesModel, spec: SequenceSpec):
        """A network with fresh weights, drawn from torch's global generator."""
        super().__init__()
        self.embedding: nn.Embedding | None = None
        self.input_size = size = spec.input_size
        if isinstance(model, TextModel):
            assert spec.num_embeddings is not None, "texts come as token ids"
            size = model.embedding_size
            self.embedding = nn.Embedding(spec.num_embeddings, size, padding_idx=PADDING_IDX)
            nn.init.uniform_(self.embedding.weight, -EMBEDDING_RANGE, EMBEDDING_RANGE)
            with torch.no_grad():
                self.embedding.weight[PADDING_IDX] = 0
        layers = []
        for hidden_size, bidirectional in zip(
            model.hidden_sizes, model.directions(architecture), strict=True
        ):
            layer = RecurrentLayer(
                CELLS[architecture], size, hidden_size, bidirectional=bidirectional
            )
            layers.append(layer)
            size = layer.output_size
        self.layers = nn.ModuleList(layers)
        self.dropouts = nn.ModuleList(nn.Dropout(rate) for rate in model.dropout_per_layer)
        self.pooling = model.pooling
        dense: list[nn.Module] = []
        for head_size in model.head_sizes:
            dense += [dense_layer(size, head_size), nn.ReLU()]
            size = head_size
        self.head = nn.Sequential(*dense, dense_layer(size, spec.output_size))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Logits or scaled forecasts `(B, P)`.

        Args:
            inputs: Token ids `(B, T)` or values `(B, T, E)`, padded at the end; values of one
                feature may come without its dimension, `(B, T)`.
            lengths: Valid steps of each sequence, at least 1, `(B,)`.

        Raises:
            ValueError: If an argument has another shape or kind; the values are not looked at.
        """
        if self.embedding is None:
            sequence = self.with_features(inputs)  # (B, T, E)
        elif inputs.ndim == 2 and inputs.dtype in TOKEN_ID_TYPES:
            sequence = self.embedding(inputs)
        else:
            raise ValueError(f"inputs must be token ids (B, T), int64 or int32, got {kind(inputs)}")
        if lengths.shape != inputs.shape[:1]:
            raise ValueError(
                f"lengths must be ({len(inputs)},), one for each sequence of inputs, got "
                f"{kind(lengths)}"
            )
        steps = torch.arange(sequence.shape[1], device=sequence.device)
        valid = steps < lengths[:, None]  # (B, T)
        reversal = torch.where(valid, lengths[:, None] - 1 - steps, steps)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            sequence = dropout(layer(sequence, reversal))  # (B, T, D * H)
        output: Tensor = self.head(self.pool(sequence, valid, lengths))
        return output

    def with_features(self, values: Tensor) -> Tensor:
        """Real values as `(B, T, E)`; `(B, T)` is one feature.

        Raises:
            ValueError: If they are of another shape, or not real.
        """
        features = values[:, :, None] if values.ndim == 2 else values
        fitting = features.ndim == 3 and features.shape[2] == self.input_size
        if fitting and features.is_floating_point():
            return features
        wanted = f"(B, T, {self.input_size})" + (" or (B, T)" if self.input_size == 1 else "")
        raise ValueError(f"inputs must be real values {wanted}, got {kind(values)}")

    def pool(self, sequence: Tensor, valid: Tensor, lengths: Tensor) -> Tensor:
        """One vector `(B, D * H)` for each sequence of states `(B, T, D * H)`."""
        if self.pooling == "max":
            return sequence.masked_fill(~valid[:, :, None], -torch.inf).amax(dim=1)
        if self.pooling == "mean":
            total = sequence.masked_fill(~valid[:, :, None], 0).sum(dim=1)
            return total / lengths[:, None]
        last_layer = self.layers[-1]
        assert isinstance(last_layer, RecurrentLayer)
        return last_layer.last(sequence, lengths)


def kind(tensor: Tensor) -> str:
    """What a tensor is, for a message: `float32 of shape (3, 4)`."""
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"


def initialised(cell: nn.RNNBase) -> nn.RNNBase:
    """The cell with orthogonal recurrent weights, Glorot input weights and zero biases.

    The weights of all gates are drawn as one matrix, as Keras does: measured better by validation
    than gate by gate. An LSTM starts by remembering (Jozefowicz et al., 2015); torch keeps two
    biases that are added up, and the forget gate's is set in one of them.
    """
    for name, parameter in cell.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(parameter)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(parameter)
        else:
            nn.init.zeros_(parameter)
            if isinstance(cell, nn.LSTM) and name.startswith("bias_ih"):
                with torch.no_grad():
                    parameter.chunk(4)[1].fill_(FORGET_GATE_BIAS)  # input, forget, cell, output
    return cell


def dense_layer(input_size: int, output_size: int) -> nn.Linear:
    """A dense layer with Glorot weights and a zero bias."""
    layer = nn.Linear(input_size, output_size)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def num_parameters(network: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in network.parameters())
