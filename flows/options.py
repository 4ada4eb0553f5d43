"""Options and arguments that several commands take, and how they are said again in a command."""

from collections.abc import Sequence
from typing import Annotated

import typer
import yaml

from params.errors import InputError

ID = "A comparison's id, an MLflow run id, the beginning of either, or: latest."

Id = Annotated[str, typer.Argument(metavar="ID", help=ID)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a param, such as train.max_epochs=5."),
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="KEY=VALUE,VALUE",
        help="Compare several values of a param, such as train.learning_rate=1e-3,3e-4; of several "
        "params, all combinations.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print comparison.json on stdout, of several one by one.")
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Do everything again; reuse no stored output.")
]


def repeated(option: str, values: Sequence[str] | None) -> list[str]:
    """`option` before each of the values that were given with it."""
    return [word for value in values or [] for word in (option, value)]


def listed_seeds(text: str) -> list[int]:
    """What stands in `--seeds 1,2,3`, as YAML reads it; which of them may be seeds, params say.

    Raises:
        InputError: If it is no list of whole numbers.
    """
    try:
        values: list[int] = yaml.safe_load(f"[{text}]")
    except yaml.YAMLError:
        values = []
    if not values or any(type(value) is not int for value in values):
        raise InputError(f"--seeds must be whole numbers such as 1,2,3, got {text!r}")
    return values
