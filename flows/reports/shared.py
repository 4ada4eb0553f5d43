"""Reports where machines share them: put when they are written, fetched when they are opened."""

from pathlib import Path

from components.records import Comparison
from components.storage import Home
from flows.reports.folder import COMPARISON, ID, PAGE, SUMMARY


def publish(comparison: Comparison, home: Home) -> Path:
    """The folder of a comparison's report, written, and put where it is shared, if it is.

    Raises:
        InputError: If what is shared cannot be reached.
    """
    from flows.reports.writing import write_report

    folder = write_report(comparison, home.reports)
    if home.remote is not None:
        reports = home.remote.at("reports")
        for name in (COMPARISON, SUMMARY, PAGE):  # a folder that has a page is a report
            reports.put_files({f"{folder.name}/{name}": folder / name})
    return folder


def bring(id: str | None, home: Home, *, tries: bool = True) -> None:
    """Fetch the reports that `id` may mean and that are not on this machine.

    Args:
        id: A report's id or its beginning; the newest report if it is absent or `latest`.
        home: The folder for everything.
        tries: Whether to wait, for minutes, if what is shared does not answer.

    Raises:
        InputError: If what is shared cannot be reached, and would be needed.
    """
    if home.remote is None or (id and (home.reports / id / PAGE).is_file()):
        return
    reports = home.remote.at("reports")
    names = reports.names(tries=tries)
    there = {name: match[2] for name in names if (match := ID.fullmatch(name))}
    if id is None or id == "latest":
        wanted = sorted(there, key=lambda name: there[name])[-1:]
    else:
        wanted = [id] if id in there else [name for name in there if name.startswith(id)]
    if wanted:
        home.require_folder()
    for name in wanted:
        folder = home.reports / name
        if (folder / PAGE).is_file() or PAGE not in reports.names(name, tries=tries):
            continue
        for file in (COMPARISON, SUMMARY, PAGE):
            arriving = folder / f".{file}.partial"
            reports.get_files({f"{name}/{file}": arriving}, tries=tries)
            arriving.rename(folder / file)
