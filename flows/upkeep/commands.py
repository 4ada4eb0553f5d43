"""`unroll doctor` and `clean`."""

import typer

app = typer.Typer()
