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


@app.command()
def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; else it is only listed.")] = False,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Only what was unused so long: 30d, 12h."),
    ] = None,
    experiments: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="NAME", help="Only what is of it; may be repeated."),
    ] = None,
    unfinished: Annotated[
        bool,
        typer.Option(
            "--unfinished", help="Only unfinished comparisons, with their runs, and half outputs."
        ),
    ] = False,
) -> None:
    """List what takes space and nobody needs; remove it with --yes.

    That is: outputs to which no comparison refers, half-written ones whose process is gone, files
    of runs that were deleted in MLflow, and reports of comparisons that are not in MLflow any more.
    Whatever a finished comparison, a registered model or a running process refers to stays.
    """
    from components.storage import find_home
    from flows.upkeep.wanted import Wish, require_tracking, seconds_of

    wish = Wish(
        age=seconds_of(older_than) if older_than is not None else 0.0,
        experiments=tuple(experiments or ()),
        unfinished=unfinished,
    )
    home = find_home()
    require_tracking(home)
    with interruptible():
        from flows.upkeep import clean as cleaning

        status = cleaning.clean(home, wish, yes=yes)
    raise typer.Exit(status)
