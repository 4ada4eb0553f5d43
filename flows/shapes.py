"""The layers of every architecture of an experiment, as a table on stdout."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from components.train.shapes import Layer, largest_spec, layers, steps
from params.grid import combined, described, points
from params.names import ARCHITECTURE_LABELS
from params.schema import Experiment

HEADINGS = ("layer", "receives", "returns", "parameters", "why")
GAP = 2  # columns between two columns of the table
REASON_WIDTH = 24  # narrower, and the reasons are towers of single words


def show_shapes(experiment: Experiment, console: Console) -> None:
    """Print the shapes and numbers of parameters, architecture by architecture.

    Of a grid it is done at every point at which the networks are others.
    """
    shown: set[tuple[str, str]] = set()
    for point, changes in zip(points(experiment), combined(experiment.grid), strict=True):
        network = point.model.digest(), point.preprocess.digest()
        if network not in shown:
            own = {key: value for key, value in changes.items() if not key.startswith("train.")}
            name = " at ".join(filter(None, (experiment.name, described(own))))
            if shown:
                console.print()
            show_point(name, point, console)
        shown.add(network)


def show_point(name: str, experiment: Experiment, console: Console) -> None:
    """Print the same of an experiment without a grid, which is called `name`."""
    console.print(
        f"{name}: B is the number of examples of a batch, T is {steps(experiment)}.\n"
        "A whole sequence is what Keras calls return_sequences=True; pooling last takes what "
        "return_sequences=False would return."
    )
    spec = largest_spec(experiment)
    for architecture in experiment.architectures:
        rows = layers(architecture, experiment.model, spec)
        console.print()
        console.print(ARCHITECTURE_LABELS[architecture], style="bold")
        widths = column_widths(cells(rows), console.width)
        if widths:
            console.print(table(cells(rows), widths))
        else:
            for row in rows:
                console.print(row.name)
                console.print(Padding("\n".join(details(row)), (0, 0, 0, 2)))
            console.print(f"total: {total(rows)} parameters")


def cells(rows: Sequence[Layer]) -> list[tuple[str, ...]]:
    """A line for each layer, and the total."""
    lines = [(row.name, row.receives, row.returns, count(row), row.reason) for row in rows]
    return [*lines, ("total", "", "", total(rows), "")]


def column_widths(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is in a terminal of `width`; empty if they do not fit beside each other.

    Reasons are folded first, then names and numbers; a shape never is.
    """
    columns = list(zip(HEADINGS, *lines, strict=True))
    whole = [max(map(len, column)) for column in columns]
    folded = [max(len(word) for cell in column for word in cell.split()) for column in columns]
    for first in (whole, [folded[0], *whole[1:3], folded[3], whole[4]]):
        rest = width - sum(first[:4]) - 4 * GAP
        if rest >= min(REASON_WIDTH, whole[4]):
            return [*first[:4], min(rest, whole[4])]
    return []


def table(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    """The lines under their headings, the last one set off as the total."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for heading, width in zip(HEADINGS, widths, strict=True):
        shown.add_column(
            heading, width=width, justify="right" if heading == "parameters" else "left"
        )
    for line in lines[:-1]:
        shown.add_row(*line)
    shown.add_section()
    shown.add_row(*lines[-1])
    return shown


def details(row: Layer) -> list[str]:
    """The same of one layer for a terminal too narrow for a table."""
    learned = [f"{count(row)} parameters"] if row.num_parameters else []
    return [f"receives {row.receives}", f"returns {row.returns}", *learned, row.reason]


def count(row: Layer) -> str:
    """The number of parameters, `at most` where the data may leave fewer."""
    return f"{'at most ' if row.at_most else ''}{row.num_parameters:,}"


def total(rows: Sequence[Layer]) -> str:
    """The same for all layers together."""
    at_most = any(row.at_most for row in rows)
    return f"{'at most ' if at_most else ''}{sum(row.num_parameters for row in rows):,}"
