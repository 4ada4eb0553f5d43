"""The folder of all reports: one report written, all of them listed."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from components.records import Comparison, Summary
from components.storage import write_whole
from params.errors import InputError

COMPARISON, PAGE, SUMMARY, INDEX = "comparison.json", "report.html", "summary.json", "index.html"


def write_report(comparison: Comparison, reports: Path) -> Path:
    """The folder of the comparison's page and numbers, written; the list of reports has it then."""
    from dashboards.index import summarise
    from dashboards.render import render

    folder = reports / comparison.id
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / COMPARISON, comparison.model_dump_json(indent=2))
    write_whole(folder / PAGE, render(comparison))
    write_whole(folder / SUMMARY, summarise(comparison).model_dump_json(indent=2))
    write_index(reports)
    return folder


def write_index(reports: Path) -> None:
    """Write the list of all reports.

    Two processes that write it wait for each other, so that the later list has both reports.
    """
    from dashboards.index import render_index

    with FileLock(reports / ".index.lock"):
        write_whole(reports / INDEX, render_index(summaries(reports)))


def summaries(reports: Path) -> Iterator[Summary]:
    """Every report of the folder in a few words, in no order; what is no report is passed over."""
    for folder in sorted(reports.iterdir()) if reports.is_dir() else ():
        if (folder / PAGE).is_file():
            found = summary_of(folder)
            if found is not None and found.id == folder.name:
                yield found


def summary_of(folder: Path) -> Summary | None:
    """A report in a few words; out of its comparison if an older version wrote it."""
    with suppress(OSError, ValidationError):  # then it is made, below
        return Summary.model_validate_json((folder / SUMMARY).read_bytes())
    from dashboards.index import summarise

    try:
        found = summarise(Comparison.model_validate_json((folder / COMPARISON).read_bytes()))
    except (OSError, ValueError, InputError):  # a metric that this version does not know
        return None
    with suppress(OSError):  # what may only be read is listed all the same
        write_whole(folder / SUMMARY, found.model_dump_json(indent=2))
    return found
