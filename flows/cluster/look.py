"""What a machine of the cluster says of itself before anything is trained on it."""

import asyncio
import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from components.records import Record
from components.tracking.opening import Tracking
from params.errors import InputError
from params.resources import Resources

PACKAGES = ("torch", "pytorch-lightning", "mlflow", "prefect", "distributed")
OURS = ("params", "components", "dashboards", "flows")
CODE = "Unroll's own code"
STEP_SECONDS = 45.0  # for each thing that is looked at; the first needs imports of some seconds
STEPS = 5
ERROR_LENGTH = 170  # characters


class Question(Record):
    """What a worker is to see.

    `id` is what the folder `root` is known by, unless machines share what is at a URL (`shared`).
    `experiment` is what `tracking` calls its own; `flow_run` is known to Prefect's server.
    `resources` are what trainings need of it.
    """

    root: Path
    id: str
    shared: SecretStr | None = None
    tracking: Tracking
    experiment: str
    flow_run: UUID
    resources: Resources


@cache
def versions() -> dict[str, str]:
    """What must be the same on all machines: tasks and results travel as Python objects.

    Looked up once: what a process has imported stays what it was when another is installed.
    """
    found = {"Python": ".".join(platform.python_version_tuple()[:2]), CODE: code_digest()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def code_digest() -> str:
    """Ten digits that change with any module of ours."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for package in OURS:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def differing(there: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """What is another version there than here, in words; None if all are the same."""
    other = [name for name in here if there.get(name) != here[name]]
    if not other:
        return None
    said = ", ".join(f"{name} {there.get(name)} (here {here[name]})" for name in other)
    return f"has {said}; install the same on all machines and start it anew"


async def look(question: Question, context: Mapping[str, Any]) -> str | None:
    """What is wrong on this worker, in words; None if all is well.

    In threads: Dask runs it beside everything else that the worker has to answer.

    Args:
        question: What to look for.
        context: The flow's, as Prefect serialises it: its settings, with the server's address.
    """
    steps: dict[str, Callable[[], None]] = {
        "get ready": get_ready,
        "see the output folder": lambda: see_store(question),
        "reach MLflow": lambda: reach_mlflow(question),
        "reach Prefect's server": lambda: reach_prefect(question, context),
        "look for its devices": lambda: see_devices(question),
    }
    assert len(steps) == STEPS
    for said, step in steps.items():
        try:
            await asyncio.wait_for(asyncio.to_thread(step), STEP_SECONDS)
        except TimeoutError:
            return f"could not {said} within {STEP_SECONDS:.0f} s"
        except InputError as error:
            return str(error)
    return None


def get_ready() -> None:
    """Let this process do tasks, and begin to import what they need while the rest is looked at."""
    from components.train.worker import preload
    from flows.cluster.worker import may_have_children
    from flows.settings import set_defaults

    set_defaults()
    may_have_children()
    preload()


def see_store(question: Question) -> None:
    """See that the flow's folder is here, or the URL, and that files can be made in it.

    Raises:
        InputError: If not.
    """
    from components.storage import home_at
    from flows.cluster.paths import home_here

    url, cannot = question.shared, "cannot use the output folder"
    if url is None:
        home = home_here(question.root, question.id)
    else:
        with saying(cannot):
            home = home_at(url.get_secret_value())
    with saying(cannot):
        home.require_writable()


def reach_mlflow(question: Question) -> None:
    """See that MLflow answers here, and is the flow's.

    Raises:
        InputError: If not.
    """
    from components.tracking.connection import without_password
    from components.tracking.places import shown
    from flows.settings import few_tries

    tracking = question.tracking
    try:
        with few_tries():
            name = tracking.client().get_experiment(tracking.experiment_id).name
            said = "" if name == question.experiment else f"it has no {question.experiment}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the training would meet it later
        said = without_password(tracking.uri, shortly(error, most=1000))[:ERROR_LENGTH]
    if said:
        raise InputError(
            f"does not reach MLflow at {shown(tracking.uri)} ({said}); MLFLOW_TRACKING_URI must be "
            "an address that workers reach"
        )


def reach_prefect(question: Question, context: Mapping[str, Any]) -> None:
    """See that the server that the flow reports to answers here.

    Raises:
        InputError: If not.
    """
    from prefect.client.orchestration import get_client
    from prefect.context import hydrated_context
    from prefect.settings import PREFECT_API_URL

    from flows.cluster.worker import drain

    drain()
    with hydrated_context(dict(context)):
        try:
            with get_client(sync_client=True) as client:
                client.read_flow_run(question.flow_run)
        except Exception as error:  # noqa: BLE001 - as above
            raise InputError(
                f"does not reach the Prefect server at {PREFECT_API_URL.value()} "
                f"({shortly(error)}); start one with `prefect server start --host 0.0.0.0` and set "
                "PREFECT_API_URL to an address that workers reach"
            ) from None


def see_devices(question: Question) -> None:
    """See that the devices are here that a training needs.

    Raises:
        InputError: If not.
    """
    from components.train.required import require_devices

    with saying("cannot train"):
        require_devices(question.resources)


@contextmanager
def saying(what: str) -> Iterator[None]:
    """Put before an error of the block what it means for the worker, of whom it is said.

    Raises:
        InputError: If the block raises one.
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{what}: {error}") from None


def in_words(answer: object) -> str:
    """What is said of a worker that answered so, or with an error."""
    if isinstance(answer, Exception):
        return f"could not be asked ({shortly(answer)})"
    return str(answer)


def shortly(error: Exception, most: int = ERROR_LENGTH) -> str:
    """An error in a few words."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:most]
