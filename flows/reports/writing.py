"""A comparison -> its report in the folder of all reports, and the list of them."""

from pathlib import Path

from filelock import FileLock

from components.files import write_whole
from components.records import Comparison
from dashboards.index import render_index, summarise
from dashboards.render import render
from flows.reports.folder import COMPARISON, INDEX, PAGE, SUMMARY, summaries


def write_report(comparison: Comparison, reports: Path) -> Path:
    """The folder of the comparison's page and numbers, written; the list of reports has it then.

    Two processes that write reports wait for each other, so that the later list has both. The page
    comes last: a folder that has one is a report.
    """
    folder = reports / comparison.id
    page = render(comparison)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(reports / ".lock"):
        write_whole(folder / COMPARISON, comparison.model_dump_json(indent=2))
        write_whole(folder / SUMMARY, summarise(comparison).model_dump_json(indent=2))
        write_whole(folder / PAGE, page)
        write_index(reports)
    return folder


def write_index(reports: Path) -> None:
    """Write the list of all reports."""
    write_whole(reports / INDEX, render_index(summaries(reports)))
