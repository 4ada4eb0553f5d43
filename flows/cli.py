"""The command line: what runs experiments and shows their params, and the way to all commands.

Everything heavy is imported by the command that needs it, so that help and a mistake in a params
file answer at once.
"""

import atexit
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from flows.checks import check
from flows.options import AsJson, Fresh, Grid, Overrides, repeated
from flows.predict.commands import app as predictions
from flows.reports.commands import app as reports
from flows.reruns.commands import app as reruns
from flows.schedules.commands import app as schedules
from flows.told import RESUME, full_disk, interruptible, print_error
from flows.tuning.commands import app as tuning
from flows.upkeep.commands import app as upkeep
from params.errors import InputError
from params.load import load, shipped, to_yaml

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Which recurrent network should read these sequences? An answer with evidence.",
)


def entry() -> None:
    """`main`, in a process of its own that ends without taking its modules apart.

    With what MLflow and Prefect import, that would take three seconds after everything is done.
    """
    status: int | str | None = 1

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 0 if status is None else 1)

    atexit.register(end)  # first in, so that it runs after all other handlers
    try:
        main()
        status = 0
    except SystemExit as wanted:
        status = wanted.code
        raise


def main() -> None:
    """Run the command line; a person's mistake is one line on stderr and exit status 2.

    So is a full disk, with exit status 1: nothing is wrong with what was asked.
    """
    try:
        app()
    except InputError as error:
        print_error(str(error))
        sys.exit(2)
    except Exception as error:
        from components.disk import is_disk_full

        if not is_disk_full(error):
            raise
        print_error(full_disk(error))
        sys.exit(1)


def print_version(wanted: bool) -> None:
    """Answer `--version`."""
    if wanted:
        try:
            number = version("unroll")
        except PackageNotFoundError:
            number = "not installed"
        typer.echo(f"unroll {number}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that stand before any command; and what every command finds if it is there."""
    from components.storage import find_home
    from flows.schedules.running import use_running

    use_running(find_home())


@app.command()
def run(
    experiments: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-FILE...", help="Shipped names or params files.")
    ],
    overrides: Overrides = None,
    grid: Grid = None,
    as_json: AsJson = False,
    fresh: Fresh = False,
) -> None:
    """Run experiments, one after the other: data, trainings, comparison, report."""
    from components.storage import find_home

    loaded = [load(name, overrides or [], grid or []) for name in experiments]
    for params in loaded:
        check(params)
    changes = [*repeated("--set", overrides), *repeated("--grid", grid)]
    home = find_home()
    home.require_writable()

    with interruptible(RESUME):
        from flows.session import Asked, run_all

        asked = [
            Asked(params, ["run", name, *changes])
            for name, params in zip(experiments, loaded, strict=True)
        ]
        status = run_all(asked, home, as_json=as_json, fresh=fresh)
    raise typer.Exit(status)


app.add_typer(reruns)
app.add_typer(tuning)
app.add_typer(schedules)
app.add_typer(predictions)
app.add_typer(reports)
app.add_typer(upkeep)


@app.command("list")
def list_shipped() -> None:
    """List the shipped experiments."""
    names = shipped()
    width = max(map(len, names))
    for name in names:
        params = load(name)
        typer.echo(f"{name:<{width}}  {params.task:<14}  {params.report.title}")


@app.command()
def show(
    experiment: Annotated[str, typer.Argument(metavar="NAME-OR-FILE")],
    overrides: Overrides = None,
    grid: Grid = None,
) -> None:
    """Print the resolved params of an experiment, as a params file."""
    params = load(experiment, overrides or [], grid or [])
    typer.echo(f"# digest {params.digest()}")
    typer.echo(to_yaml(params), nl=False)


@app.command()
def shapes(
    experiment: Annotated[str, typer.Argument(metavar="NAME-OR-FILE")],
    overrides: Overrides = None,
    grid: Grid = None,
) -> None:
    """Print what each layer receives and returns, and how many numbers it learns."""
    params = load(experiment, overrides or [], grid or [])

    from flows.shapes import show_shapes
    from flows.terminal import stdout

    show_shapes(params, stdout())


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Open the MLflow UI on the runs under the output folder, at 127.0.0.1."""
    from components.storage import find_home
    from flows.ui import open_ui

    open_ui(find_home(), port)
