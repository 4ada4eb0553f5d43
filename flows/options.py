"""Options that say how an experiment differs from its params file."""

from typing import Annotated

import typer

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
