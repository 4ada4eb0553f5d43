"""`unroll tune`: what it takes."""

from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()


@app.command()
def tune(
    experiment: Annotated[str, typer.Argument(metavar="NAME-OR-FILE")],
    trials: Annotated[
        int, typer.Option(metavar="N", min=1, help="Trials of each architecture, in all.")
    ] = 20,
    metric: Annotated[
        str, typer.Option(metavar="KEY", help="What is to become better, such as val/accuracy.")
    ] = "val/loss",
    space: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=RANGE",
            help="What may change: KEY=LOW..HIGH, with :log or :STEP, or KEY=[a,b,c].",
        ),
    ] = None,
    architecture: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Search it alone; may be repeated.")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="1,2,3", help="Seeds of every trial; by default the first."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a param that stays as it is."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Trials at a time; by default one a core."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found on stdout.")
    ] = False,
) -> None:
    """Search better params for every architecture of an experiment, on validation data alone.

    Each architecture has the same number of trials. The first tries the params as they stand, the
    next nine are random, all others are chosen by Optuna's TPE sampler; after five complete ones a
    trial that is worse than their median at the same epoch is ended. Without --space or a section
    `tune` in the params, the step size (a tenth to ten times), the units of the layers (half, same,
    double) and the dropout (0 to 0.5) are searched. The same command goes on where it stopped.

    With --workers 1 a search finds the same whenever it is made. With more, what is known when a
    trial is chosen depends on which others have ended by then.
    """
    from components.storage import find_home
    from flows.tuning.asked import Words, asked
    from flows.tuning.session import tune as search

    wanted = asked(
        Words(
            experiment=experiment,
            trials=trials,
            metric=metric,
            space=space or (),
            architecture=architecture or (),
            seeds=seeds,
            overrides=overrides or (),
            workers=workers,
        )
    )
    home = find_home()
    home.require_writable()
    with interruptible(f"trials that ended are kept; `{wanted.again}` goes on"):
        status = search(wanted, home, as_json=as_json)
    raise typer.Exit(status)
