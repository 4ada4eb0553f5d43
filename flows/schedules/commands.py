"""`unroll serve` and `up`."""

from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")]


@app.command()
def up(
    postgres: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="UNROLL_POSTGRES",
            show_envvar=False,
            help="Keep the data of both in this PostgreSQL: postgresql://user:password@host/db "
            "(or in UNROLL_POSTGRES).",
        ),
    ] = None,
    prefect_port: Port = 4200,
    mlflow_port: Port = 5000,
) -> None:
    """Start a Prefect server and an MLflow server at 127.0.0.1; Ctrl-C stops both."""
    from components.storage import find_home
    from flows.schedules.databases import in_files, in_postgres
    from flows.schedules.up import up as run_servers

    home = find_home()

    status = run_servers(
        home,
        (lambda: in_files(home)) if postgres is None else (lambda: in_postgres(postgres)),
        prefect_port=prefect_port,
        mlflow_port=mlflow_port,
    )
    raise typer.Exit(status)


@app.command()
def serve(
    experiments: Annotated[
        list[str], typer.Argument(metavar="NAME-OR-FILE...", help="Shipped names or params files.")
    ],
    cron: Annotated[
        str | None,
        typer.Option(metavar="CRON", help='When to run, such as "0 6 * * *" for 6:00 each day.'),
    ] = None,
    every: Annotated[
        str | None, typer.Option(metavar="INTERVAL", help="How often: 30s, 15m, 6h, 1d.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of --cron, such as Europe/Berlin; else UTC."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a param of every experiment."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do everything again each time; reuse no output.")
    ] = False,
) -> None:
    """Run experiments on a schedule, by a Prefect deployment each, until Ctrl-C."""
    from components.storage import find_home
    from flows.checks import check
    from flows.cluster.needed import require
    from flows.schedules.when import when
    from flows.settings import set_defaults
    from params.load import load

    loaded = [load(name, overrides or []) for name in experiments]
    home = find_home()
    for params in loaded:
        check(params)
        require(params.resources, home)
    set_defaults()
    asked = when(cron, every, timezone)
    home.require_writable()

    with interruptible():
        from flows.schedules.serve import serve as run_deployments

        status = run_deployments(loaded, asked, home, fresh=fresh)
    raise typer.Exit(status)
