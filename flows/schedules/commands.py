"""`unroll serve` and `up`."""

from typing import Annotated

import typer

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
