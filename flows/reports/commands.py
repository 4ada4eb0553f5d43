"""`unroll compare`, `report` and `open`: what needs no training."""

from typing import Annotated

import typer

from flows.options import ID, Id
from flows.told import interruptible

app = typer.Typer()


@app.command()
def compare(
    ids: Annotated[
        list[str], typer.Argument(metavar="RUN-OR-COMPARISON-ID...", help=ID, show_default=False)
    ],
    metric: Annotated[
        str | None, typer.Option(metavar="KEY", help="Rank the rows by it, such as test/f1.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The page's heading.")] = None,
) -> None:
    """Make a report across comparisons and runs, of whatever experiment and date.

    They must be on the same data and the same test split. Runs of one architecture and the same
    params are one row, whatever comparison they are from; a training that stands in several counts
    once, and a run that is not finished is named and left out.
    """
    from components.storage import find_home
    from flows.reports import again

    with interruptible():
        status = again.compare(ids, find_home(), metric=metric, title=title)
    raise typer.Exit(status)


@app.command()
def report(
    id: Id,
) -> None:
    """Make the report of a comparison again from what MLflow holds, without training.

    Of a comparison that was interrupted, the finished runs are compared.
    """
    from components.storage import find_home
    from flows.reports import again

    with interruptible():
        status = again.report(id, find_home())
    raise typer.Exit(status)


@app.command("open")
def open_in_browser(
    id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A report's id or its beginning.", show_default=False),
    ] = None,
) -> None:
    """Open a report in the browser, by default the newest, and print its path."""
    from components.storage import find_home
    from flows.reports.newest import open_report

    with interruptible():
        open_report(id, find_home())
