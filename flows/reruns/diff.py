"""`unroll diff`: two runs, or two comparisons, side by side on stdout."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from rich.box import SIMPLE_HEAD
from rich.table import Table

from components.storage import Home
from dashboards.wording import moment
from flows.reading import reading
from flows.reports.again import rebuilt
from flows.reports.folder import read_report
from flows.terminal import note, stdout
from params.defaults import filled
from params.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from components.records import Comparison
    from components.tracking.beside import Beside
    from flows.reruns.sides import Line

MARK = "*"
KEY_WIDTH = 28  # columns that what is said of the two sides must leave
Sections = dict[str, "list[Line]"]


def show_diff(ids: tuple[str, str], home: Home, *, everything: bool, as_json: bool) -> None:
    """Print what sets two runs or two comparisons apart, and their metrics.

    Args:
        ids: What names them.
        home: The folder for everything.
        everything: Print also what is the same.
        as_json: Print all of both as one JSON document instead.

    Raises:
        InputError: If an id names nothing, one is a run and the other is none, or files are gone.
    """
    with reading(home, writes=False) as scratch:
        from components.tracking.beside import beside

        a, b = beside(home, ids, scratch)
        require_one_kind(a, b)
        reports = [comparison(side, home, scratch) for side in (a, b) if side.is_comparison]
    if as_json:
        documents = dict(
            zip(("a", "b"), map(document, (a, b), reports or (None, None)), strict=True)
        )
        sys.stdout.write(to_json(documents, indent=2, inf_nan_mode="null").decode() + "\n")
        return
    console = stdout()
    for letter, side in (("A", a), ("B", b)):
        console.print(f"{letter}  {said(side)}", soft_wrap=True)
    for title, lines in sections(a, b, reports).items():
        show(title, lines, console, everything=everything)
    if reports and a.made.fingerprint == b.made.fingerprint and a.made.id != b.made.id:
        note(f"what is more than chance: unroll compare {a.made.id} {b.made.id}")


def require_one_kind(a: "Beside", b: "Beside") -> None:
    """See that both are single runs, or both comparisons.

    Raises:
        InputError: If they are not.
    """
    if a.is_comparison == b.is_comparison:
        return
    whole, run = (a, b) if a.is_comparison else (b, a)
    raise InputError(
        f"{whole.made.id} is a comparison and {run.made.called} a run; give two comparisons or "
        "two runs"
    )


def comparison(side: "Beside", home: Home, scratch: Path) -> "Comparison":
    """The comparison as its report has it, else out of what MLflow holds.

    Raises:
        InputError: If nothing in it is finished, or its files are gone.
    """
    found = read_report(home.reports, side.made.id)
    if found is not None:
        return found
    from components.tracking.asked import recall_comparison

    return rebuilt(recall_comparison(home.tracking_uri, side.made.id, scratch / "recalled"))


def sections(a: "Beside", b: "Beside", reports: Sequence["Comparison"]) -> Sections:
    """Everything that is said of both, by what it is about."""
    from flows.reruns.sides import code_lines, data_lines, param_lines, row_lines, value_lines

    return {
        "metrics": row_lines(*reports) if reports else value_lines(a, b),
        "params": param_lines(
            filled(a.params, b.params, a.task), filled(b.params, a.params, b.task)
        ),
        "data": data_lines(a, b),
        "code and versions": code_lines(a, b),
    }


def said(side: "Beside") -> str:
    """What one side is, when it was made, and how far it came."""
    made = side.made
    return f"{made.called}, {moment(made.created)} UTC, {side.status}"


def show(title: str, lines: Sequence["Line"], console: "Console", *, everything: bool) -> None:
    """Print one section as a table: what differs and what is always said, or everything."""
    told = [line for line in lines if everything or line.always or line.differs]
    console.print()
    if not told:
        console.print(f"{title}: no difference")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    longest = max(len(line.key) for line in told)
    table.add_column("")
    table.add_column(title, overflow="fold", min_width=min(longest, KEY_WIDTH))
    for heading in ("A", "B"):
        table.add_column(heading, overflow="fold")
    for line in told:
        table.add_row(MARK if line.differs else "", line.key, line.a, line.b)
    console.print(table)


def document(side: "Beside", report: "Comparison | None") -> dict[str, Any]:  # Any: JSON
    """All of one side for programs; the metrics of a comparison are by row."""
    made = side.made
    metrics: dict[str, Any] = dict(side.metrics)
    if report is not None:
        metrics = {
            row.label: {
                key: {"mean": one.mean, "interval": one.interval}
                for key, one in row.metrics.items()
            }
            for row in report.rows
        }
    own = {"fingerprint", "code_revision", "versions", "created", "comparison"}
    return {
        "id": made.id,
        "kind": "comparison" if side.is_comparison else "run",
        **made.model_dump(include=own),
        "status": side.status,
        "source": side.source,
        "sizes": side.sizes,
        "params": side.params,
        "metrics": metrics,
    }
