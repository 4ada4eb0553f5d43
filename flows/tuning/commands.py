"""`unroll tune`."""

import typer

app = typer.Typer()
