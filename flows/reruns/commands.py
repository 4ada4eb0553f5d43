"""`unroll rerun`, `resume`, `diff` and `history`: what they take."""

from typing import Annotated

import typer

from flows.options import ID, AsJson, Fresh, Id, Overrides
from flows.told import RESUME, interruptible

app = typer.Typer()


@app.command()
def rerun(
    id: Annotated[str, typer.Argument(metavar="RUN-OR-COMPARISON-ID", help=ID)],
    overrides: Overrides = None,
    architectures: Annotated[
        list[str] | None,
        typer.Option("--architecture", metavar="NAME", help="Instead of those of then; repeat it."),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="1,2,3", help="Instead of those of then.")
    ] = None,
    as_json: AsJson = False,
    fresh: Fresh = False,
) -> None:
    """Run a comparison, or one run of it, once more with the params that it had.

    How it differs from then is printed first: params, code, versions, data. The new comparison
    says in MLflow where it came from. What has not changed is reused.
    """
    from components.storage import find_home
    from flows.reruns.again import Changes
    from flows.reruns.again import rerun as run_again

    changes = Changes(tuple(overrides or ()), tuple(architectures or ()), seeds)
    with interruptible(RESUME):
        status = run_again(id, find_home(), changes, as_json=as_json, fresh=fresh)
    raise typer.Exit(status)


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
    as_json: AsJson = False,
) -> None:
    """Take up a comparison that was interrupted, or that lacks some of its runs.

    Its trainings go on at the last epoch that they finished, in the same runs in MLflow. What it
    gives is what it would have given uninterrupted.
    """
    from components.storage import find_home
    from flows.reruns.resume import resume as take_up

    with interruptible(RESUME):
        status = take_up(id, find_home(), as_json=as_json)
    raise typer.Exit(status)


@app.command()
def history(
    name: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="What was run.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects.")] = False,
) -> None:
    """List the past comparisons of an experiment, the newest first.

    Each with its date (UTC), id, best network, score and status, and with the params and the data
    that changed since the one before.
    """
    from components.storage import find_home
    from flows.reruns.history import show_history

    with interruptible():
        show_history(name, find_home(), as_json=as_json)


@app.command()
def diff(
    first: Id,
    second: Annotated[str, typer.Argument(metavar="ID", help="Another of the same kind.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Print what is the same as well.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of both as JSON.")] = False,
) -> None:
    """Set two comparisons, or two runs, side by side: metrics, params, data, code and versions.

    What differs is marked, and beside the metrics nothing else is printed, unless --all says so.
    """
    from components.storage import find_home
    from flows.reruns.diff import show_diff

    with interruptible():
        show_diff((first, second), find_home(), everything=everything, as_json=as_json)
