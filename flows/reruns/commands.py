"""`unroll rerun`, `resume`, `diff` and `history`."""

import typer

app = typer.Typer()
