"""`unroll rerun`, `resume`, `diff` and `history`."""

from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()


@app.command()
def resume(
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A comparison's id or its beginning; by default the latest unfinished one.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print comparison.json on stdout.")
    ] = False,
) -> None:
    """Take up a comparison that was interrupted, or that lacks some of its runs.

    Its trainings go on at the last epoch that they finished, in the same runs in MLflow. What it
    gives is what it would have given uninterrupted.
    """
    from components.storage import find_home
    from flows.reruns.resume import resume as take_up

    with interruptible("`unroll resume` goes on where it was"):
        status = take_up(id, find_home(), as_json=as_json)
    raise typer.Exit(status)
