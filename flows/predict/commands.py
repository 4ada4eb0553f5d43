"""`unroll predict`: what it takes."""

from pathlib import Path
from typing import Annotated

import typer

from flows.told import interruptible

app = typer.Typer()


@app.command()
def predict(
    experiment: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="What was run.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT...]", help="Texts; - reads them from standard input."),
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The run, by its MLflow id.")
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(metavar="NAME", help="The best run of rnn, lstm, gru or bilstm.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A CSV or Parquet file to read.")] = None,
    column: Annotated[str | None, typer.Option(metavar="NAME", help="Its column to read.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, Parquet if it ends so, else CSV.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="Values to forecast.", show_default=False)
    ] = None,
    skip: Annotated[
        bool, typer.Option("--skip", help="Pass over texts that are empty or have no known word.")
    ] = False,
) -> None:
    """Say what a finished run makes of new texts, or of what comes next in a series.

    It is the run with the least val/loss in the latest comparison, unless --run or --architecture
    says otherwise. Printed for a text: its label, the probability that it is positive, the text. A
    forecast continues --file (column value), standard input (-), or the experiment's own series.
    """
    from components.storage import find_home
    from flows.predict.arguments import Asked
    from flows.predict.command import predict as answer

    asked = Asked(
        experiment=experiment,
        texts=tuple(texts or ()),
        run_id=run_id,
        architecture=architecture,
        file=file,
        column=column,
        output=output,
        steps=steps,
        skip=skip,
    )
    with interruptible():
        answer(asked, find_home())
