"""The folder of all reports: what lies there, told apart from what is none."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from components.files import write_whole
from components.records import Comparison, Summary
from params.errors import InputError
from params.names import COMPARED
from params.schema import Experiment

ID = re.compile(r"(.+)-(\d{8}-\d{6})-[0-9a-f]{4}")  # experiment and moment
MOST_SEARCHED = 20  # reports of an experiment
COMPARISON, PAGE, SUMMARY, INDEX = "comparison.json", "report.html", "summary.json", "index.html"


def experiment_of(name: str) -> str | None:
    """The experiment that the comparison `name` is of; None if it is the name of something else.

    So it is with a report on several comparisons, of which MLflow holds nothing.
    """
    match = ID.fullmatch(name)
    return match[1] if match and match[1] != COMPARED else None


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


def may_have(reports: Path, params: Experiment) -> bool:
    """Whether one of the newest reports is of the same params, as far as its text says.

    Good enough to guess by: whether there is a comparison to be reused, MLflow alone can say.
    """
    digest = f'"params_digest": "{params.digest()}"'.encode()
    newest = sorted(reports.glob(f"{params.name}-*/{COMPARISON}"), reverse=True)
    with suppress(OSError):  # one that is being removed
        return any(digest in path.read_bytes() for path in islice(newest, MOST_SEARCHED))
    return False


def read_report(reports: Path, id: str) -> Comparison | None:
    """The comparison of a report that is there whole; None if it is not, or cannot be read."""
    folder = reports / id
    if not (folder / PAGE).is_file():
        return None
    try:
        return Comparison.model_validate_json((folder / COMPARISON).read_bytes())
    except (OSError, ValidationError):
        return None
