"""`unroll serve`: a Prefect deployment for each experiment, run by this process."""

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psutil
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import DeploymentApplyError, RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Cron, Interval
from prefect.settings import PREFECT_UI_URL, get_current_settings
from prefect.types.entrypoint import EntrypointType

from components.storage import Home
from flows.deployments import classification, forecast
from flows.schedules.when import When
from flows.server import require_answer
from flows.settings import few_tries
from flows.terminal import note
from flows.told import print_error
from params.errors import InputError
from params.schema import Experiment

FLOWS: dict[str, Flow[..., Any]] = {"classification": classification, "forecast": forecast}
# A run that is due while the last one of the same experiment goes on is cancelled and says why. To
# let it wait would let runs pile up wherever a run takes longer than the time between two.
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


def serve(experiments: Sequence[Experiment], asked: When, home: Home, *, fresh: bool) -> int:
    """Run every experiment when it is due until a signal comes; returns the exit status.

    Raises:
        InputError: If an experiment is named twice, or a server does not answer.
    """
    names = [params.name for params in experiments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"each name is one deployment, and {twice[0]} is given twice")
    require_lasting_servers(home)
    told_to_runs(home)
    return asyncio.run(serve_until_told(experiments, asked, fresh=fresh))


def require_lasting_servers(home: Home) -> None:
    """See that Prefect's server, and MLflow's if there is one, answer.

    Raises:
        InputError: If one does not, or no Prefect server is configured.
    """
    url = get_current_settings().api.url
    if not url:
        raise InputError(
            "a schedule needs a Prefect server that lasts, and none is known: start `unroll up` "
            "beside this, for the same output folder, or let PREFECT_API_URL name another"
        )
    require_answer(url, "unset PREFECT_API_URL and start `unroll up`")
    if home.tracking_uri.startswith(("http://", "https://")):
        from components.tracking.connection import connected

        with few_tries(), connected(home.tracking_uri) as client:
            client.search_experiments(max_results=1)


def told_to_runs(home: Home) -> None:
    """Let the processes in which runs happen find our folder, and our packages."""
    os.environ["UNROLL_HOME"] = str(home.root)
    # Safe of a folder `flows` where the user stands.
    os.environ["PYTHONSAFEPATH"] = "1"


async def serve_until_told(experiments: Sequence[Experiment], asked: When, *, fresh: bool) -> int:
    """Let a runner run them until SIGINT or SIGTERM; a second signal ends everything at once."""
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    # One after the other, as `unroll run` does: a run takes every core.
    runner = Runner(name="unroll", limit=1)
    await deploy(experiments, asked, runner, fresh=fresh)
    serving = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it has set its own answer to SIGTERM by then; ours takes its place
    answer_signals(told)
    first = asked.next_after(asked.now())
    note(f"{asked.said}, first at {first:%Y-%m-%d %H:%M:%S %Z}; Ctrl-C ends this")
    either: set[asyncio.Future[Any]] = {told, serving}  # Any: only which one is done counts
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not told.done():
        print_error(f"Prefect's server answers no more: {reason(serving.exception())}")
        return 1
    note("stopping: the schedules are paused, and what runs is cancelled")
    await runner.astop()
    await serving
    print_error("the schedules are paused")
    return 128 + told.result()


async def deploy(
    experiments: Sequence[Experiment], asked: When, runner: Runner, *, fresh: bool
) -> None:
    """A deployment for each experiment, known to the runner.

    Raises:
        InputError: If Prefect refuses one; none of them is left on.
    """
    made = []
    try:
        for params in experiments:
            one = await deployment(params, asked, fresh=fresh)
            made.append(await runner.aadd_deployment(one))
            say_served(one, made[-1])
    except DeploymentApplyError as error:
        async with get_client() as client:
            for deployment_id in made:
                await client.pause_deployment(deployment_id)
        raise InputError(f"Prefect refuses the deployment of {params.name}: {error}") from None


async def deployment(params: Experiment, asked: When, *, fresh: bool) -> RunnerDeployment:
    """The deployment of one experiment; its parameters are a form in Prefect's UI."""
    if asked.every is not None:
        schedule = Interval(asked.every)
    else:
        assert asked.cron is not None, "it is one or the other"
        schedule = Cron(asked.cron, timezone=asked.timezone)
    return await FLOWS[params.task].ato_deployment(
        params.name,
        schedule=schedule,
        parameters={"params": params.model_dump(mode="json"), "fresh": fresh},
        concurrency_limit=ONE_AT_A_TIME,
        description=params.report.title,
        tags=["unroll"],
        paused=False,  # it was paused when it was served for the last time
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def say_served(one: RunnerDeployment, id: UUID) -> None:
    """Name a deployment and its page in Prefect's UI."""
    url = PREFECT_UI_URL.value()
    page = f": {url}/deployments/deployment/{id}" if url else ""
    note(f"{one.flow_name}/{one.name}{page}")


def reason(error: BaseException | None) -> str:
    """The first error of a group, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def answer_signals(told: "asyncio.Future[int]") -> None:
    """Let the first signal be the result of `told`, and the second end all processes."""

    def answer(number: int) -> None:
        if not told.done():
            told.set_result(number)
            return
        for child in psutil.Process().children(recursive=True):
            child.kill()
        print_error("ended at once; the schedules may still be on")
        os._exit(128 + number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, answer, number)
