"""Can the place at which machines share a store be used, and what is there?"""

from collections.abc import Iterator

from components.outputs import KEY
from components.remote import SEE
from components.storage import Home
from flows.upkeep.findings import Finding, good, note, wrong
from params.errors import InputError, plural


def shared(home: Home) -> Iterator[Finding]:
    """The URL, what is there, and what of this home only this machine sees."""
    remote = home.remote
    if remote is None:
        return
    try:
        remote.require_writable()
    except InputError as error:
        found, _, mend = str(error).rpartition("; ")  # what the storage said may have some, too
        yield wrong("shared store", f"UNROLL_HOME: {found}", mend)
        return
    try:
        store = remote.at("store")
        outputs = [
            key for stage in store.names() for key in store.names(stage) if KEY.fullmatch(key)
        ]
        reports = remote.at("reports").names()
    except InputError as error:
        yield wrong("shared store", str(error), SEE)
        return
    found = f"{plural(len(outputs), 'output')} and {plural(len(reports), 'report')}"
    yield good("shared store", f"{remote} is writable, with {found}; copied to {home.root}")
    if not home.is_tracked_by_server:
        alone = "without an MLflow server, this machine alone knows what it compared"
        yield note("shared store", alone, "for several machines, set MLFLOW_TRACKING_URI to one")
