"""A Prefect deployment for each experiment that is served."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from filelock import FileLock, Timeout
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import DeploymentApplyError
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.settings import PREFECT_UI_URL
from prefect.types.entrypoint import EntrypointType

from components.storage import Home
from flows.deployments import classification, forecast
from flows.schedules.when import When
from flows.terminal import note
from params.errors import InputError
from params.schema import Experiment

PAUSE_SECONDS = 5.0
FLOWS: dict[str, Flow[..., Any]] = {"classification": classification, "forecast": forecast}
# A run that is due while the last one of the same experiment goes on is cancelled and says why. To
# let it wait would let runs pile up wherever a run takes longer than the time between two.
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


@contextmanager
def served(home: Home, name: str) -> Iterator[None]:
    """Hold the schedule of an experiment while the block runs.

    A second process would put its own in its place, and pause it when it ends.

    Raises:
        InputError: If another process holds it.
    """
    path = home.root / "serving" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise InputError(
            f"{name} is served by another process, and has one schedule; end that process first"
        ) from None
    try:
        yield
    finally:
        lock.release()


async def deploy(
    experiments: Sequence[Experiment], asked: When, runner: Runner, *, fresh: bool
) -> list[UUID]:
    """A deployment for each experiment, known to the runner, and paused until somebody runs it.

    Raises:
        InputError: If Prefect refuses one, or does not answer.
    """
    made: list[UUID] = []
    try:
        for params in experiments:
            flow = FLOWS[params.task]
            # Known to the runner as a function, and not by where it is: from there a run would
            # import whatever is called `flows` in the folder in which a person stands.
            added = await runner.aadd_flow(
                flow,
                params.name,
                schedule=schedule(asked),
                parameters={"params": params.model_dump(mode="json"), "fresh": fresh},
                concurrency_limit=ONE_AT_A_TIME,
                description=params.report.title,
                tags=["unroll"],
                paused=True,
                entrypoint_type=EntrypointType.MODULE_PATH,
            )
            made.append(added)
            say_served(f"{flow.name}/{params.name}", added)
    except (DeploymentApplyError, httpx.HTTPError) as error:
        raise InputError(f"Prefect did not take the deployment of {params.name}: {error}") from None
    return made


async def resume(made: Sequence[UUID]) -> None:
    """Let the schedules of those deployments be on."""
    async with get_client() as client:
        for deployment_id in made:
            await client.resume_deployment(deployment_id)


async def pause(made: Sequence[UUID]) -> str:
    """Pause those deployments, and say whether they are."""
    try:
        async with asyncio.timeout(PAUSE_SECONDS), get_client() as client:
            for deployment_id in made:
                await client.pause_deployment(deployment_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person wants the end
        return f"the schedules may still be on: {reason(error)}"
    return "the schedules are paused"


def reason(error: BaseException) -> str:
    """The first error of a group, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return ": ".join(filter(None, [type(error).__name__, " ".join(str(error).split())]))


def schedule(asked: When) -> Schedule:
    """What was asked for, as Prefect has it."""
    if asked.every is not None:
        return Interval(asked.every)
    assert asked.cron is not None, "it is one or the other"
    return Cron(asked.cron, timezone=asked.timezone)


def say_served(name: str, deployment_id: UUID) -> None:
    """Name a deployment and its page in Prefect's UI."""
    url = PREFECT_UI_URL.value()
    note(f"{name}: {url}/deployments/deployment/{deployment_id}" if url else name)
