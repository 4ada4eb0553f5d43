"""What each layer receives and returns, worked out from the params alone, without torch.

Shapes are text: `B` examples of a batch, `T` steps, the other sizes as numbers. What is told here
is built by `networks.py`; a test compares the two layer by layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from components.preprocess.tokens import NUM_SPECIAL
from components.records import SequenceSpec
from params.names import Architecture
from params.schema import ClassificationExperiment, Experiment
from params.sections import SeriesModel, TextModel

# What a layer is called when it reads one way, and how many products of its input it adds up.
GATES: dict[Architecture, tuple[str, int]] = {
    "rnn": ("vanilla RNN", 1),
    "lstm": ("LSTM", 4),
    "gru": ("GRU", 3),
    "bilstm": ("LSTM", 4),
}


@dataclass(frozen=True)
class Layer:
    """One layer: the shape that it receives and returns, and why it returns that.

    `num_parameters` are the numbers that it learns; with `at_most` the data may leave fewer.
    """

    name: str
    receives: str
    returns: str
    num_parameters: int
    reason: str
    at_most: bool = False


def layers(architecture: Architecture, model: SeriesModel, spec: SequenceSpec) -> tuple[Layer, ...]:
    """Every layer of the network that has these arguments, from the input to the output."""
    size = model.embedding_size if isinstance(model, TextModel) else spec.input_size
    last_size = model.hidden_sizes[-1] * (2 if model.directions(architecture)[-1] else 1)
    pooling = Layer(
        name=f"pooling {model.pooling}",
        receives=sequence(last_size),
        returns=vector(last_size),
        num_parameters=0,
        reason="one vector: for the head",
    )
    return (
        *inputs(model, spec),
        *recurrent(architecture, model, size),
        pooling,
        *head(model, spec, last_size),
    )


def inputs(model: SeriesModel, spec: SequenceSpec) -> Iterator[Layer]:
    """What a batch brings, and the embedding of token ids."""
    if not isinstance(model, TextModel):
        came = sequence(spec.input_size)
        yield Layer("input", came, came, 0, "whole sequence: one scaled temperature a day")
        return
    assert spec.num_embeddings is not None, "texts come as token ids"
    came = "(B, T) int"
    yield Layer("input", came, came, 0, "token ids, padded at the end")
    yield Layer(
        "embedding",
        came,
        sequence(model.embedding_size),
        spec.num_embeddings * model.embedding_size,
        "whole sequence: a vector for each token",
        at_most=True,
    )


def recurrent(architecture: Architecture, model: SeriesModel, size: int) -> Iterator[Layer]:
    """The recurrent layers for steps of `size` features, each with its dropout where it has one."""
    label, num_gates = GATES[architecture]
    directions = model.directions(architecture)
    for place, (hidden_size, both, rate) in enumerate(
        zip(model.hidden_sizes, directions, model.dropout_per_layer, strict=True), start=1
    ):
        if place < len(directions):
            reader = "the next recurrent layer reads every step"
        else:
            reader = f"the pooling takes {pooled(model, both=both)}"
        num_directions = 2 if both else 1
        # An input weight, a recurrent weight and, as torch has it, two biases.
        one_way = num_gates * hidden_size * (size + hidden_size + 2)
        returned = sequence(num_directions * hidden_size)
        yield Layer(
            f"bidirectional {label}" if both else label,
            sequence(size),
            returned,
            num_directions * one_way,
            f"whole sequence: {reader}",
        )
        if rate > 0:
            reason = "whole sequence: single values become 0, in training only"
            yield Layer(f"dropout {rate:g}", returned, returned, 0, reason)
        size = num_directions * hidden_size


def pooled(model: SeriesModel, *, both: bool) -> str:
    """What the pooling takes of the last recurrent layer, which reads one way or both."""
    if model.pooling == "last":
        return "the state after the last step" + (" of each direction" if both else "")
    return f"the {model.pooling} over the steps"


def head(model: SeriesModel, spec: SequenceSpec, size: int) -> Iterator[Layer]:
    """The dense layers on a vector of `size` numbers, and the output."""
    for place, head_size in enumerate(model.head_sizes, start=1):
        reader = "the next dense layer" if place < len(model.head_sizes) else "the output"
        reason = f"one vector: for {reader}"
        yield Layer("dense, ReLU", vector(size), vector(head_size), dense(size, head_size), reason)
        size = head_size
    days = spec.output_size
    if isinstance(model, TextModel):
        reason = "one logit: above 0 it says label 1"
    elif days == 1:
        reason = "one value in scaled units: the next day"
    else:
        reason = f"{days} values in scaled units: the next {days} days"
    yield Layer("output", vector(size), vector(days), dense(size, days), reason)


def dense(size: int, output_size: int) -> int:
    """How many numbers a dense layer learns: weights and biases."""
    return size * output_size + output_size


def sequence(size: int) -> str:
    """The shape of a sequence whose steps have `size` numbers."""
    return f"(B, T, {size})"


def vector(size: int) -> str:
    """The shape of one vector of `size` numbers."""
    return f"(B, {size})"


def largest_spec(experiment: Experiment) -> SequenceSpec:
    """What preprocess will tell a network of the data; texts may have fewer words than they may."""
    if isinstance(experiment, ClassificationExperiment):
        num_embeddings = experiment.preprocess.vocab_size + NUM_SPECIAL
        return SequenceSpec(num_embeddings=num_embeddings, input_size=1, output_size=1)
    days = experiment.preprocess.prediction_length
    return SequenceSpec(num_embeddings=None, input_size=1, output_size=days)


def steps(experiment: Experiment) -> str:
    """How long a sequence is, in words."""
    if isinstance(experiment, ClassificationExperiment):
        return f"at most {experiment.preprocess.max_length} tokens"
    return f"{experiment.preprocess.context_length} days"
