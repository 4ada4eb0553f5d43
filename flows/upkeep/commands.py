"""`unroll doctor` and `clean`."""

from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()


@app.command()
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every file of the store and compare its SHA-256.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead.")] = False,
) -> None:
    """Check all that a run needs, and say what is wrong and how to mend it.

    Packages, machine, output folder, store, MLflow, Prefect and devices. The exit status is 1 if
    something is wrong. Nothing but what is configured is asked over a network.
    """
    from components.storage import find_home
    from flows.upkeep import doctor as checks

    with interruptible():
        status = checks.doctor(find_home(), deep=deep, as_json=as_json)
    raise typer.Exit(status)
