"""What a run or a comparison was made from: its params, its data, and the code of that day."""

from pathlib import Path

from mlflow.entities import Run

from components.records import Record
from components.tracking.connection import connected
from components.tracking.files import download_some
from components.tracking.looking import began, versions_of
from components.tracking.search import called, comparison_of, is_comparison, named
from params.errors import InputError
from params.kept import PARAMS
from params.names import Architecture


class MadeFrom(Record):
    """What a run or a comparison was made from; `params` is its params file.

    `architecture` and `seed` are those of a single run. `created` is when it began, ISO 8601.
    """

    run_id: str
    called: str
    comparison: str
    created: str
    architecture: Architecture | None
    seed: int | None
    params: str
    fingerprint: str
    code_revision: str
    versions: dict[str, str]

    @property
    def id(self) -> str:
        """What names it and nothing else: its comparison's id, or that of the run in MLflow."""
        return self.comparison if self.seed is None else self.run_id


def made_from(uri: str, id: str, scratch: Path) -> MadeFrom:
    """What the run or the comparison that `id` names was made from.

    Args:
        uri: The MLflow server or database; it must be there.
        id: As for `named`.
        scratch: An empty folder for files that lie on another machine.

    Raises:
        InputError: If there is none, its params file is gone, or MLflow does not answer.
    """
    with connected(uri) as client:
        run = named(client, id)
        path = download_some(client, run, scratch, lambda path: path == PARAMS) / PARAMS
        return record_of(run, text_of(path, run))


def record_of(run: Run, params: str) -> MadeFrom:
    """What is known of a run in MLflow, with its params file."""
    tags = run.data.tags
    single = not is_comparison(run)
    return MadeFrom(
        run_id=run.info.run_id,
        called=called(run),
        comparison=comparison_of(run),
        created=began(run),
        architecture=tags["unroll.architecture"] if single else None,
        seed=int(tags["unroll.seed"]) if single else None,
        params=params,
        fingerprint=tags.get("unroll.fingerprint", ""),
        code_revision=tags.get("unroll.code_revision", ""),
        versions=versions_of(run),
    )


def text_of(path: Path, run: Run) -> str:
    """The params file of a run.

    Raises:
        InputError: If it is not there.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise InputError(f"{called(run)} has no params any more: {path} is not there") from None
