"""`unroll open`: a report in the browser."""

import difflib
import os
import sys
import webbrowser

from components.records import Summary
from components.storage import Home
from flows.reports.folder import PAGE, summaries
from flows.reports.shared import bring
from params.errors import InputError, listed


def open_report(id: str | None, home: Home) -> None:
    """Open a report in the browser and print its path.

    Args:
        id: The report's id or its beginning; the newest report if it is absent or `latest`.
        home: The folder for everything.

    Raises:
        InputError: If there is no such report, or there are several.
    """
    if home.remote is not None:
        home.remote.require_known()
    try:
        bring(id, home, tries=False)  # somebody waits
    except InputError as error:
        if not any(home.reports.glob(f"*/{PAGE}")):
            raise
        sys.stderr.write(f"{error}; only the reports of this machine are looked at\n")
    page = home.reports / chosen(id, home).id / PAGE
    sys.stdout.write(f"{page}\n")
    sys.stdout.flush()
    if not has_display() or not webbrowser.open(page.as_uri()):
        sys.stderr.write("no browser could be opened here; open the file yourself\n")


def chosen(id: str | None, home: Home) -> Summary:
    """The report that is meant.

    Raises:
        InputError: If there is none, or there are several.
    """
    from dashboards.index import newest_first

    found = newest_first(summaries(home.reports))
    if not found:
        raise InputError(f"no report yet in {home.reports}; run an experiment first")
    if id is None or id == "latest":
        return found[0]
    exact = [one for one in found if one.id == id]
    begun = exact or [one for one in found if id and one.id.startswith(id)]
    if len(begun) == 1:
        return begun[0]
    ids = [one.id for one in begun]
    if ids:
        raise InputError(
            f"{id} is the beginning of several reports: {listed(ids)}; give more of it"
        )
    known = [one.id for one in found]
    close = difflib.get_close_matches(id, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"the newest are {listed(known)};"
    raise InputError(
        f"no report in {home.reports} has an id that is or begins with {id!r}; {hint} "
        "`unroll report ID` makes one again"
    )


def has_display() -> bool:
    """Whether a browser would have a screen; one in the terminal would hold it up."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
