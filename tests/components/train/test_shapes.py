"""What is told of the layers against what really flows through the network, layer by layer."""

import pytest
import torch
from torch import Tensor, nn

from components.preprocess.batches import Batch, load_split
from components.records import SequenceSpec
from components.train.job import TrainingJob
from components.train.networks import RecurrentLayer, RecurrentNetwork, num_parameters
from components.train.shapes import GATES, Layer, largest_spec, layers, steps
from params.load import load
from params.names import ARCHITECTURE_LABELS, Architecture
from params.sections import SeriesModel

ARCHITECTURES = tuple(ARCHITECTURE_LABELS)
CELLS = {nn.RNN: "vanilla RNN", nn.LSTM: "LSTM", nn.GRU: "GRU"}
B, T = 5, 7
Told = tuple[str, str, str, int]

STACKED = ("model.hidden_sizes=[6,4,3]", "model.dropout=[0.1,0.0,0.3]", "model.head_sizes=[8,2]")
MIXED = (*STACKED, "model.bidirectional=[true,false,true]")
PARAMS = [
    ("imdb", ()),
    ("imdb_offline", ()),
    ("temperature", ()),
    ("imdb", STACKED),
    ("imdb", (*MIXED, "model.pooling=max")),
    ("imdb", ("model.pooling=mean", "preprocess.vocab_size=30")),
    ("temperature", (*MIXED, "preprocess.prediction_length=4")),
    ("temperature", (*STACKED, "model.pooling=mean", "model.bidirectional=[false,true,false]")),
    ("temperature", ("model.hidden_sizes=[1]", "model.head_sizes=[]", "model.pooling=max")),
]


def told(layer: Layer) -> Told:
    return (layer.name, layer.receives, layer.returns, layer.num_parameters)


def shape(tensor: Tensor) -> str:
    """The shape with its letters; only token ids are integers."""
    names = {0: "B", 1: "T"} if tensor.ndim == 3 or not tensor.is_floating_point() else {0: "B"}
    sizes = list(tensor.shape)
    assert [sizes[place] for place in names] == [B, T][: len(names)]
    text = ", ".join(names.get(place, str(size)) for place, size in enumerate(sizes))
    return f"({text})" + ("" if tensor.is_floating_point() else " int")


def name_of(module: nn.Module) -> str:
    if isinstance(module, RecurrentLayer):
        both = "bidirectional " if module.backward_cell is not None else ""
        return both + CELLS[type(module.forward_cell)]
    if isinstance(module, nn.Dropout):
        return f"dropout {module.p}"
    return type(module).__name__


def flowed(
    network: RecurrentNetwork, inputs: Tensor, lengths: Tensor, monkeypatch: pytest.MonkeyPatch
) -> list[Told]:
    """What each layer of the network received and returned on its way through a batch."""
    seen: list[Told] = [("input", shape(inputs), shape(inputs), 0)]

    def note(name: str, came: Tensor, went: Tensor, count: int) -> None:
        seen.append((name, shape(came), shape(went), count))

    def hook(module: nn.Module, came: tuple[Tensor, ...], went: Tensor) -> None:
        note(name_of(module), came[0], went, num_parameters(module))

    parts = [network.embedding, *network.layers, *network.dropouts, *network.head]
    for module in parts:
        if module is not None:
            module.register_forward_hook(hook)
    pool = network.pool

    def pooled(sequence: Tensor, valid: Tensor, lengths: Tensor) -> Tensor:
        vector = pool(sequence, valid, lengths)
        note(f"pooling {network.pooling}", sequence, vector, 0)
        return vector

    monkeypatch.setattr(network, "pool", pooled)
    network(inputs, lengths)
    return seen


def merged(seen: list[Told]) -> list[Told]:
    """The same with the words of the table: a ReLU belongs to the dense layer before it."""
    rows: list[Told] = []
    for name, came, went, count in seen:
        if name == "ReLU":
            rows[-1] = ("dense, ReLU", rows[-1][1], went, rows[-1][3])
        elif name != "dropout 0.0":
            rows.append(("embedding" if name == "Embedding" else name, came, went, count))
    assert rows[-1][0] == "Linear"
    return [*rows[:-1], ("output", *rows[-1][1:])]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("name", "overrides"), PARAMS)
def test_it_tells_what_really_flows(
    name: str,
    overrides: tuple[str, ...],
    architecture: Architecture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params = load(name, [*overrides, "architectures=[gru]"])  # with which layers may read any way
    spec = largest_spec(params)
    network = RecurrentNetwork(architecture, params.model, spec)
    lengths = torch.tensor([7, 1, 3, 7, 2])
    texts = spec.num_embeddings is not None
    inputs = torch.randint(2, 20, (B, T)) if texts else torch.randn(B, T, 1)
    rows = layers(architecture, params.model, spec)
    assert [told(row) for row in rows] == merged(flowed(network, inputs, lengths, monkeypatch))
    assert sum(row.num_parameters for row in rows) == num_parameters(network)


def real_batch(job: TrainingJob) -> Batch:
    """Five examples of which the longest has seven steps."""
    split = load_split(job.prepared.path, "train")
    rows = (split.lengths <= T).nonzero()[:, 0]
    longest = (split.lengths == T).nonzero()[:1, 0]
    return split.batch(torch.cat([longest, rows[rows != longest][: B - 1]]))


def test_a_real_batch_of_texts_flows_so_too(
    text_job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its training part has fewer words than the vocabulary may have, here 40."""
    spec = text_job.prepared.spec
    assert spec.num_embeddings is not None
    assert spec.num_embeddings < 40 + 2
    network = RecurrentNetwork("bilstm", text_job.model, spec)
    batch = real_batch(text_job)
    seen = merged(flowed(network, batch.inputs, batch.lengths, monkeypatch))
    assert [told(row) for row in layers("bilstm", text_job.model, spec)] == seen
    most = layers("bilstm", text_job.model, spec.model_copy(update={"num_embeddings": 42}))
    assert [row.name for row in most if row.at_most] == ["embedding"]
    for row, (name, came, went, count) in zip(most, seen, strict=True):
        assert (row.name, row.receives, row.returns) == (name, came, went)
        assert row.num_parameters > count if row.at_most else row.num_parameters == count


def test_every_architecture_is_told() -> None:
    assert tuple(GATES) == ARCHITECTURES


def reasons(architecture: Architecture, **changes: object) -> list[str]:
    plain = {"hidden_sizes": (3, 2), "dropout": 0.0, "pooling": "last", "head_sizes": ()}
    model = SeriesModel.model_validate({**plain, **changes})
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    return [row.reason for row in layers(architecture, model, spec)][1:-1]


EVERY_STEP = "whole sequence: the next recurrent layer reads every step"
VECTOR = "one vector: for the head"


@pytest.mark.parametrize(
    ("architecture", "pooling", "said"),
    [
        ("gru", "last", "the state after the last step"),
        ("bilstm", "last", "the state after the last step of each direction"),
        ("bilstm", "max", "the max over the steps"),
        ("rnn", "mean", "the mean over the steps"),
    ],
)
def test_the_last_layer_returns_what_the_pooling_takes(
    architecture: Architecture, pooling: str, said: str
) -> None:
    last = f"whole sequence: the pooling takes {said}"
    assert reasons(architecture, pooling=pooling) == [EVERY_STEP, last, VECTOR]


def test_every_layer_says_why() -> None:
    said = reasons("lstm", dropout=(0.5, 0.0), bidirectional=(False, True), head_sizes=(4, 3))
    assert said == [
        EVERY_STEP,
        "whole sequence: single values become 0, in training only",
        "whole sequence: the pooling takes the state after the last step of each direction",
        VECTOR,
        "one vector: for the next dense layer",
        "one vector: for the output",
    ]


@pytest.mark.parametrize(
    ("name", "override", "first", "last"),
    [
        (
            "imdb",
            "seeds=[1]",
            "token ids, padded at the end",
            "one logit: above 0 it says label 1",
        ),
        (
            "temperature",
            "seeds=[1]",
            "whole sequence: one scaled temperature a day",
            "one value in scaled units: the next day",
        ),
        (
            "temperature",
            "preprocess.prediction_length=3",
            "whole sequence: one scaled temperature a day",
            "3 values in scaled units: the next 3 days",
        ),
    ],
)
def test_what_comes_in_and_goes_out(name: str, override: str, first: str, last: str) -> None:
    params = load(name, [override])
    rows = layers("gru", params.model, largest_spec(params))
    assert (rows[0].reason, rows[-1].reason) == (first, last)


def test_how_long_a_sequence_is() -> None:
    assert steps(load("imdb", ["preprocess.max_length=70"])) == "at most 70 tokens"
    assert steps(load("temperature")) == "30 days"
