"""`unroll rerun`, `resume`, `diff` and `history`: what they take."""

from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()

ID = "A comparison's id, an MLflow run id, the beginning of either, or: latest."


@app.command()
def rerun(
    id: Annotated[str, typer.Argument(metavar="RUN-OR-COMPARISON-ID", help=ID)],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a param of then."),
    ] = None,
    architectures: Annotated[
        list[str] | None,
        typer.Option("--architecture", metavar="NAME", help="Instead of those of then; repeat it."),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="1,2,3", help="Instead of those of then.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print comparison.json on stdout.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do everything again; reuse no stored output.")
    ] = False,
) -> None:
    """Run a comparison, or one run of it, once more with the params that it had.

    How it differs from then is printed first: params, code, versions, data. The new comparison
    says in MLflow where it came from. What has not changed is reused.
    """
    from components.storage import find_home
    from flows.reruns.again import Changes
    from flows.reruns.again import rerun as run_again

    changes = Changes(tuple(overrides or ()), tuple(architectures or ()), seeds)
    with interruptible():
        status = run_again(id, find_home(), changes, as_json=as_json, fresh=fresh)
    raise typer.Exit(status)
