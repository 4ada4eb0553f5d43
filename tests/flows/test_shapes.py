"""The table of the layers as it is printed, on terminals of any width."""

from io import StringIO

import pytest
from rich.console import Console

from components.train.shapes import largest_spec, layers
from flows.shapes import show_shapes
from params.load import load
from params.schema import Experiment

STACKED = load(
    "imdb",
    [
        *("architectures=[gru]", "model.hidden_sizes=[64,32]", "model.bidirectional=[true,false]"),
        *("model.dropout=[0.3,0.0]", "model.head_sizes=[16]"),
    ],
)
TABLE = """\
imdb: B is the number of examples of a batch, T is at most 100 tokens.
A whole sequence is what Keras calls return_sequences=True; pooling last takes \
what return_sequences=False would return.

GRU
layer              receives     returns           parameters  why
input              (B, T) int   (B, T) int                 0  token ids, padded at the end
embedding          (B, T) int   (B, T, 32)   at most 160,064  whole sequence: a vector for each token
bidirectional GRU  (B, T, 32)   (B, T, 128)           37,632  whole sequence: the next recurrent layer reads every step
dropout 0.3        (B, T, 128)  (B, T, 128)                0  whole sequence: single values become 0, in training only
GRU                (B, T, 128)  (B, T, 32)            15,552  whole sequence: the pooling takes the state after the last step
pooling last       (B, T, 32)   (B, 32)                    0  one vector: for the head
dense, ReLU        (B, 32)      (B, 16)                  528  one vector: for the output
output             (B, 16)      (B, 1)                    17  one logit: above 0 it says label 1

total                                        at most 213,793
"""  # noqa: E501


def printed(experiment: Experiment, width: int) -> list[str]:
    """The lines on a terminal of `width` without colours, each without the blanks at its end."""
    file = StringIO()
    show_shapes(experiment, Console(file=file, width=width, highlight=False, markup=False))
    assert "\x1b" not in file.getvalue()
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_the_table_to_the_letter() -> None:
    lines = printed(STACKED, 200)
    assert [line for line in lines if set(line) != {"─"}] == TABLE.splitlines()
    assert [line for line in lines if set(line) == {"─"}] == ["─" * max(map(len, lines[4:]))]


def test_a_table_for_each_architecture() -> None:
    lines = printed(load("temperature"), 160)
    titles = [place for place, line in enumerate(lines) if line.startswith("layer ")]
    assert [lines[place - 1] for place in titles] == ["Vanilla RNN", "LSTM", "GRU", "BiLSTM"]
    totals = [line.split()[-1] for line in lines if line.startswith("total ")]
    assert totals == ["7,969", "30,241", "22,817", "76,833"]


@pytest.mark.parametrize("width", [24, 40, 60, 76, 77, 80, 81, 100, 120, 160])
@pytest.mark.parametrize("experiment", [STACKED, load("temperature")], ids=["texts", "series"])
def test_no_width_garbles_it(experiment: Experiment, width: int) -> None:
    lines = printed(experiment, width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    text, words = "\n".join(lines), set(" ".join(lines).split())
    for architecture in experiment.architectures:
        for row in layers(architecture, experiment.model, largest_spec(experiment)):
            assert row.receives in text  # not folded
            assert row.returns in text
            assert {f"{row.num_parameters:,}", *row.name.split(), *row.reason.split()} <= words | {
                "0"
            }


def test_a_terminal_too_narrow_for_a_table_gets_a_paragraph_a_layer() -> None:
    lines = printed(STACKED, 60)
    start = lines.index("bidirectional GRU")
    assert lines[start : start + 5] == [
        "bidirectional GRU",
        "  receives (B, T, 32)",
        "  returns (B, T, 128)",
        "  37,632 parameters",
        "  whole sequence: the next recurrent layer reads every step",
    ]
    assert lines[-1] == "total: at most 213,793 parameters"
    assert not any(line.startswith("layer ") for line in lines)
    assert any(line.startswith("layer ") for line in printed(STACKED, 80))
