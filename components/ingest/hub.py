"""What a source means, and a data set of the Hugging Face Hub -> a local folder."""

import contextlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from params.errors import InputError

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
REACH_SECONDS = 20  # a person waits at most half a minute to hear that there is no network


class DownloadBroken(InputError, ConnectionError):
    """A download did not get to its end: another try may, and a person has two ways to go on."""


def kind_of(source: str) -> Literal["embedded", "inline", "hub", "folder"]:
    """Where `ingest.source` points: a folder that is here goes before a Hub data set of its name.

    Raises:
        InputError: If it is none of the four.
    """
    if source == "embedded":
        return "embedded"
    if source == "inline":
        return "inline"
    with contextlib.suppress(RuntimeError):  # ~nobody, where there is no such user
        if Path(source).expanduser().is_dir():
            return "folder"
    if HUB_ID.fullmatch(source):
        return "hub"
    raise InputError(
        "ingest.source must be an existing folder, a Hub data set (owner/name), embedded "
        f"or inline, got {source!r}"
    )


def fetch(repository: str, revision: str) -> Path:
    """The local folder of a Hub data set at one commit, downloaded unless it is already here.

    Files go to the cache of `huggingface_hub`, which the user's HF_HOME places.

    Raises:
        InputError: If the Hub cannot be reached and has not been before, or has no such data set.
        DownloadBroken: If the download breaks off; trying again goes on where it stopped.
    """
    # These take a second to import, and only a Hub source needs them.
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    def ask() -> None:
        HfApi().dataset_info(repository, revision=revision, timeout=REACH_SECONDS / 2)

    try:
        within(REACH_SECONDS, ask)
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError):
        raise InputError(
            f"the Hub has no open data set {repository} at revision {revision}, nor is there a "
            f"folder {repository} here; see ingest.source and ingest.revision"
        ) from None
    except (HTTPError, HfHubHTTPError, OSError):
        try:
            path = snapshot_download(
                repository, revision=revision, repo_type="dataset", local_files_only=True
            )
            return Path(path)
        except LocalEntryNotFoundError:
            problem = f"the Hugging Face Hub cannot be reached for {repository}"
            raise InputError(with_ways_on(problem, repository)) from None
    try:
        return Path(snapshot_download(repository, revision=revision, repo_type="dataset"))
    except (HTTPError, HfHubHTTPError, OSError, RuntimeError) as error:  # hf-xet's own is the last
        problem = f"the download of {repository} broke off: {error}"
        raise DownloadBroken(with_ways_on(problem, repository)) from error


def with_ways_on(problem: str, repository: str) -> str:
    """The problem, and how to go on without the Hub."""
    return (
        f"{problem}; go on with the reviews inside a Python package "
        "(--set ingest.source=embedded) or with a local copy of the data set "
        f"(--set ingest.source=PATH/TO/FOLDER; there is no folder {repository} here)"
    )


def within(seconds: float, call: Callable[[], None]) -> None:
    """Run `call`, but wait no longer than `seconds`: resolving a name has no time-out of its own.

    Raises:
        TimeoutError: If the call has not ended by then; it is left behind.
        Exception: Whatever the call raised.
    """
    outcome: list[Exception | None] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
            outcome.append(error)
        else:
            outcome.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"no answer within {seconds:g} s")
    if outcome[0] is not None:
        raise outcome[0]
