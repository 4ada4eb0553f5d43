"""`unroll tune`: what it takes."""

import shlex
from collections.abc import Sequence
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
    from components.tune.search import validation_metric
    from flows.tuning.asked import Asked, chosen_seeds, with_architectures
    from flows.tuning.session import tune as search
    from params.load import load
    from params.space import space_of

    params = with_architectures(load(experiment, overrides or []), architecture or [])
    found, where = space_of(params, space or [])
    asked = Asked(
        experiment=params,
        space=found,
        space_from=where,
        metric=validation_metric(params.task, metric),
        num_trials=trials,
        seeds=chosen_seeds(params, seeds),
        workers=workers,
        command=[
            *("unroll", "tune", experiment, "--trials", str(trials), "--metric", metric),
            *repeated("--space", space),
            *repeated("--architecture", architecture),
            *repeated("--seeds", [seeds] if seeds else None),
            *repeated("--set", overrides),
            *repeated("--workers", [str(workers)] if workers else None),
        ],
    )
    home = find_home()
    home.require_writable()
    again = f"trials that ended are kept; `{shlex.join(asked.command)}` goes on"
    with interruptible(again):
        status = search(asked, home, as_json=as_json)
    raise typer.Exit(status)


def repeated(option: str, values: Sequence[str] | None) -> list[str]:
    """`option` before each of the values that were given with it."""
    return [word for value in values or [] for word in (option, value)]
