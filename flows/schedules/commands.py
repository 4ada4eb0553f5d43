"""`unroll serve` and `up`."""

import typer

app = typer.Typer()
