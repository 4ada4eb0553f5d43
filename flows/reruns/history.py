"""`unroll history`: the past comparisons of an experiment on stdout."""

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic_core import to_json

from components.metrics import metrics_of
from components.storage import Home
from dashboards.wording import DASH, moment, quantity
from flows.reading import reading
from flows.terminal import stdout
from params.defaults import filled
from params.difference import difference
from params.errors import InputError
from params.load import to_run

if TYPE_CHECKING:
    from rich.console import Console

    from components.tracking.history import Past

GAP = "  "
INDENT = 4


def show_history(name: str, home: Home, *, as_json: bool) -> None:
    """Print every comparison of an experiment, the newest first, with what changed before it.

    Raises:
        InputError: If none of that name was run, or compared, or MLflow does not answer.
    """
    with reading(home, writes=False):
        from components.tracking.history import past

        found = past(home, name)
    if not found:  # it was searched for better params alone
        raise InputError(f"{name} has no comparison yet; {to_run(name)}")
    changes = changes_of(found)
    if as_json:
        documents = [
            {**one.model_dump(), "changed": lines}
            for one, lines in zip(found, changes, strict=True)
        ]
        sys.stdout.write(to_json(documents, indent=2, inf_nan_mode="null").decode() + "\n")
        return
    show(found, changes, stdout())


def changes_of(found: Sequence["Past"]) -> list[list[str]]:
    """What was otherwise than in the comparison before, for each; nothing for the first one."""
    return [list(changed(new, old)) for new, old in pairwise(found)] + [[]]


def changed(new: "Past", old: "Past") -> Iterator[str]:
    """The params and the data that are otherwise in the newer of two comparisons."""
    before, after = (
        filled(one.params, other.params, one.task) for one, other in ((old, new), (new, old))
    )
    other = new.params_digest != old.params_digest
    found = [
        f"{one.key} {one.values}"
        for one in difference(before, after)
        # With one digest it is where it ran that may differ, or what `unroll tune` may change.
        if other or one.key.startswith("resources.")
    ]
    if found or other:
        yield f"params changed: {'; '.join(found) or 'texts that stand in the params file'}"
    if new.fingerprint != old.fingerprint:
        yield f"data changed: {old.fingerprint} -> {new.fingerprint}"


def show(found: Sequence["Past"], changes: Sequence[Sequence[str]], console: "Console") -> None:
    """Print a line for each comparison, in columns where there is room, and what changed below."""
    rows = [columns(one) for one in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    wide = sum(widths) + len(GAP) * (len(widths) - 1) <= console.width
    for one, row, lines in zip(found, rows, changes, strict=True):
        if wide:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            console.print(GAP.join(cells).rstrip(), soft_wrap=True)
        else:
            console.print(row[1], soft_wrap=True)
            console.print(" " * INDENT + GAP.join((row[0], *row[2:])), soft_wrap=True)
        for line in (*lines, *remarks(one)):
            console.print(" " * INDENT + line, soft_wrap=True)


def columns(one: "Past") -> tuple[str, ...]:
    """Its date (UTC), its id, its best network with its score, and how far it came."""
    return moment(one.created), one.id, one.best or DASH, score(one), status(one)


def score(one: "Past") -> str:
    """The metric by which its networks are ranked, and the mean of the best: `MAE 1.586 °C`."""
    metric = metrics_of(one.task).get(one.metric)
    if metric is None or one.score is None:
        return DASH
    return f"{metric.label} {quantity(one.score, metric)}"


def status(one: "Past") -> str:
    """How far it came, in a word or two."""
    return f"{one.missing} missing" if one.status == "incomplete" else one.status


def remarks(one: "Past") -> Iterator[str]:
    """Where it came from, and how often it was found as it would have been made again."""
    if one.alert:
        yield f"alert: {one.alert}"
    if one.rerun_of:
        yield f"rerun of {one.rerun_of}"
    if one.looked:
        times = "once" if one.looks == 1 else f"{one.looks} times"
        yield f"looked at again {times}, last on {moment(one.looked)}, and nothing had changed"
