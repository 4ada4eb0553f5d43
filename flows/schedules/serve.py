"""`unroll serve`: a Prefect deployment for each experiment, run by this process."""

import asyncio
import contextlib
import os
import signal
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import psutil
from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.settings import get_current_settings

from components.storage import Home
from flows.loss import AWAY_SECONDS
from flows.schedules.deployed import deploy, pause, reason, resume, served
from flows.schedules.when import When
from flows.server import require_answer
from flows.settings import few_tries
from flows.terminal import note
from flows.told import print_error
from params.errors import InputError
from params.schema import Experiment

LOOK_SECONDS = 5.0
END_SECONDS = 45.0  # for runs to be cancelled, for which Prefect takes up to 30
START_SECONDS = 0.05  # between two looks whether the runner has started; it does not say so


def serve(experiments: Sequence[Experiment], asked: When, home: Home, *, fresh: bool) -> int:
    """Run every experiment when it is due until a signal comes; returns the exit status.

    Raises:
        InputError: If an experiment is named twice or served already, or a server does not answer.
    """
    names = [params.name for params in experiments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"each name is one deployment, and {twice[0]} is given twice")
    require_lasting_servers(home)
    os.environ["UNROLL_HOME"] = home.named  # for the processes in which runs happen
    # What Prefect's runner says of a server that is away would fill the screen.
    warnings.filterwarnings("ignore", "coroutine 'Runner", RuntimeWarning)
    with (
        contextlib.ExitStack() as held,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        for name in names:
            held.enter_context(served(home, name))
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
    if home.is_tracked_by_server:
        from components.tracking.connection import connected

        with few_tries(), connected(home.tracking_uri) as client:
            client.search_experiments(max_results=1)


async def serve_until_told(experiments: Sequence[Experiment], asked: When, *, fresh: bool) -> int:
    """Let a runner run them until SIGINT or SIGTERM; a second signal ends everything at once.

    Raises:
        InputError: If Prefect refuses a deployment.
    """
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    answer_signals(told)
    # One after the other, as `unroll run` does: a run takes every core.
    runner = Runner(name="unroll", limit=1)
    deploying = asyncio.create_task(deploy(experiments, asked, runner, fresh=fresh))
    await first_of(told, deploying)
    if told.done():
        print_error("stopped before a schedule was on")
        return 128 + told.result()
    made = deploying.result()
    serving = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it has set its own answer to SIGTERM by then; ours takes its place
    answer_signals(told)
    resuming = asyncio.create_task(resume(made))
    watching = asyncio.create_task(watch(resuming, asked))
    await first_of(told, serving, watching)
    if not told.done():
        ended = serving if serving.done() else watching
        error = ended.exception()
        why = reason(error) if error else "Prefect's server does not answer any more"
        said = await pause(made)
        end_at_once(1, f"{why}; what ran is ended, and {said}")
    return await stop(128 + told.result(), runner, made, resuming, serving)


async def first_of(*futures: "asyncio.Future[Any]") -> None:  # Any: only which one it is counts
    """Return as soon as one of them is done."""
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def watch(resuming: "asyncio.Task[None]", asked: When) -> None:
    """Say when runs are due, once the schedules are on, and return when the server is gone.

    The runner would go on without it, for nothing.
    """
    await asyncio.shield(resuming)  # a schedule that is being resumed would be on after its pause
    first = asked.next_after(asked.now())
    note(f"{asked.said}, first at {first:%Y-%m-%d %H:%M:%S %Z}; Ctrl-C ends this")
    await away()


async def stop(
    status: int,
    runner: Runner,
    made: Sequence[UUID],
    resuming: "asyncio.Task[None]",
    serving: "asyncio.Task[None]",
) -> int:
    """Pause the schedules and cancel what runs; returns the status, or ends this process with it.

    Args:
        status: The exit status.
        runner: What runs them.
        made: The deployments.
        resuming: What lets their schedules be on, which must have ended before they are paused.
        serving: The runner's work, which may not have begun.
    """
    note("stopping: the schedules are paused, and what runs is cancelled")
    if await is_away():  # which Prefect's runner would find out at every step
        end_at_once(status, "Prefect's server does not answer; the schedules may still be on")
    try:
        async with asyncio.timeout(END_SECONDS):
            await asyncio.wait({resuming})
            while not (runner.started or serving.done()):
                await asyncio.sleep(START_SECONDS)
            if runner.started:
                await runner.astop()
            await serving
    except Exception:  # noqa: BLE001 - whatever it is, a person wants the end
        end_at_once(status, await pause(made))
    print_error("the schedules are paused")
    return status


async def is_away() -> bool:
    """Whether the server does not answer now."""
    try:
        async with asyncio.timeout(LOOK_SECONDS), get_client() as client:
            return await client.api_healthcheck() is not None
    except TimeoutError:
        return True


async def away() -> None:
    """Return once the server has not answered for as long as it may be away."""
    heard = time.monotonic()
    async with get_client() as client:
        while time.monotonic() - heard < AWAY_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            if await client.api_healthcheck() is None:
                heard = time.monotonic()


def answer_signals(told: "asyncio.Future[int]") -> None:
    """Let the first signal be the result of `told`, and the second end all processes."""

    def answer(number: int) -> None:
        if told.done():
            end_at_once(128 + number, "ended at once; the schedules may still be on")
        told.set_result(number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, answer, number)


def end_at_once(status: int, message: str) -> NoReturn:
    """End this process and all that it started, after a line that says why."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    print_error(message)
    os._exit(status)
