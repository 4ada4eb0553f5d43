"""Does the Prefect server that flows would report to answer?"""

import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import Path

from flows.upkeep.findings import Finding, good, note, wrong
from params.errors import InputError


def prefect() -> Iterator[Finding]:
    """The configured server, or that a temporary one will be used; and Prefect's own folder."""
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    from flows.server import require_answer

    settings = get_current_settings()
    url = settings.api.url
    if url:
        try:
            require_answer(url)
            with get_client(sync_client=True) as client:
                yield of_version(url, client.api_version())
        except InputError as error:
            # The mend comes last; what the server or the system said may have semicolons, too.
            found, _, mend = str(error).rpartition("; ")
            yield wrong("Prefect", found, mend)
    elif settings.server.ephemeral.enabled:
        yield good("Prefect", "no server is configured; each run starts a temporary one")
    else:
        found = "no server is configured and PREFECT_SERVER_EPHEMERAL_ENABLED is off"
        yield wrong("Prefect", found, "set PREFECT_API_URL, or allow a temporary server")
    yield writable(Path(settings.home))


def of_version(url: str, theirs: str) -> Finding:
    """Whether a server's version and ours speak to each other: the first two numbers count."""
    ours = importlib.metadata.version("prefect")
    said = f"the server at {url} answers, version {theirs}"
    if theirs.split(".")[:2] == ours.split(".")[:2]:
        return good("Prefect", said)
    return note("Prefect", f"{said}, and {ours} is installed here", "install the same on both")


def writable(folder: Path) -> Finding:
    """Whether Prefect can keep its own files."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK):
        return good("Prefect", f"its folder {folder} is writable")
    return wrong("Prefect", f"its folder {folder} cannot be written", "set PREFECT_HOME to another")
