"""Signals and failures while `unroll serve` starts: no schedule is left on that nobody runs."""

import asyncio
import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.deployments.runner import DeploymentApplyError

from components.storage import Home
from flows.schedules import deployed, serve
from flows.schedules.deployed import deploy
from flows.schedules.when import When, when
from params.errors import InputError
from params.schema import ForecastExperiment

MADE = [uuid4()]


class Ended(BaseException):
    """Where a process would end at once."""


class Runner:
    """A runner that starts when it is let, and pauses what it serves at its end, as Prefect's."""

    def __init__(self, calls: list[str], fails: str = "") -> None:
        self.calls, self.fails = calls, fails
        self.started = False
        self.let, self.over = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.calls.append("Prefect's own answer"))
        await self.let.wait()
        if self.fails:
            raise RuntimeError(self.fails)
        self.started = True
        await self.over.wait()
        self.calls.append("paused by the runner")

    async def astop(self) -> None:
        if not self.started:
            raise RuntimeError("Runner has not yet started.")
        self.calls.append("stopped")
        self.over.set()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Serves one deployment; gives the status, or how it ended at once, and what was called."""

    def call(
        *,
        at_deploy: Callable[[], None] = lambda: None,
        at_resume: Callable[[Runner], None] = lambda runner: runner.let.set(),
        fails: str = "",
        gone: bool = False,
    ) -> tuple[int | None, list[str]]:
        calls: list[str] = []
        runner: Runner

        def made(**_: object) -> Runner:
            nonlocal runner
            runner = Runner(calls, fails)
            return runner

        async def deploying(*_: object, **__: object) -> list[UUID]:
            at_deploy()
            await asyncio.sleep(0.05)
            calls.append("deployed")
            return MADE

        async def resume(_: object) -> None:
            at_resume(runner)
            await asyncio.sleep(0.05)
            calls.append("resumed")

        async def pause(_: object) -> str:
            calls.append("paused")
            return "the schedules are paused"

        async def is_away() -> bool:
            return gone

        def end_at_once(status: int, message: str) -> NoReturn:
            calls.append(f"{status} {message}")
            raise Ended

        for name, value in {
            **{"Runner": made, "deploy": deploying, "resume": resume, "pause": pause},
            **{
                "is_away": is_away,
                "end_at_once": end_at_once,
                "START_SECONDS": 0.01,
                "away": asyncio.Event().wait,
            },
        }.items():
            monkeypatch.setattr(serve, name, value)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return asyncio.run(serve.serve_until_told([], when(None, "6h", None), fresh=False)), (
                calls
            )
        except Ended:
            return None, calls
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    return call


def kill(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_deployments_are_made_leaves_them_paused(
    served: Callable[..., Any], number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    status, calls = served(at_deploy=lambda: kill(number))
    assert (status, calls) == (128 + number, [])
    assert capsys.readouterr().err == "unroll: stopped before a schedule was on\n"


def test_a_signal_before_the_runner_has_started_waits_for_it(
    served: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def at_resume(runner: Runner) -> None:
        kill()
        asyncio.get_running_loop().call_later(0.2, runner.let.set)

    status, calls = served(at_resume=at_resume)
    assert (status, calls) == (
        143,
        # What was being resumed is on before it is paused.
        ["deployed", "resumed", "stopped", "paused by the runner"],
    )
    assert capsys.readouterr().err.endswith("unroll: the schedules are paused\n")


def test_a_runner_that_fails_says_so_and_its_schedules_are_paused(
    served: Callable[..., Any],
) -> None:
    status, calls = served(fails="Runner failed to start: client")
    assert status is None
    said = "RuntimeError: Runner failed to start: client; what ran is ended, and the schedules are"
    assert calls[-2:] == ["paused", f"1 {said} paused"]


def test_with_a_server_that_is_gone_the_end_does_not_wait_for_it(
    served: Callable[..., Any],
) -> None:
    def at_resume(runner: Runner) -> None:
        runner.let.set()
        kill()

    status, calls = served(at_resume=at_resume, gone=True)
    said = "143 Prefect's server does not answer; the schedules may still be on"
    assert (status, calls[-1]) == (None, said)
    assert "stopped" not in calls


def test_an_experiment_is_served_by_one_process(home: Home) -> None:
    with (
        deployed.served(home, "imdb"),
        pytest.raises(InputError, match="imdb is served by another process"),
    ):
        deployed.served(home, "imdb").__enter__()
    with deployed.served(home, "imdb"), deployed.served(home, "temperature"):
        pass


def test_what_a_runner_that_cannot_be_stopped_served_is_paused(
    served: Callable[..., Any],
) -> None:
    def at_resume(runner: Runner) -> None:
        runner.fails = "no client"
        kill()
        asyncio.get_running_loop().call_later(0.1, runner.let.set)

    status, calls = served(at_resume=at_resume)
    assert (status, calls) == (
        None,
        ["deployed", "resumed", "paused", "143 the schedules are paused"],
    )


@pytest.mark.parametrize(
    "error", [DeploymentApplyError("no such schedule"), httpx.ConnectError("all is silent")]
)
def test_a_deployment_that_prefect_does_not_take_is_one_line(
    error: Exception, tiny_temperature: ForecastExperiment
) -> None:
    given: list[dict[str, Any]] = []

    async def aadd_flow(*_: object, **values: Any) -> UUID:
        given.append(values)
        if len(given) == 2:
            raise error
        return MADE[0]

    runner: Any = SimpleNamespace(aadd_flow=aadd_flow)
    every: When = when(None, "6h", None)
    with pytest.raises(InputError, match=f"did not take the deployment of temperature: {error}"):
        asyncio.run(deploy([tiny_temperature] * 2, every, runner, fresh=False))
    assert [one["paused"] for one in given] == [True, True]


def test_what_cannot_be_paused_may_be_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_client() -> NoReturn:
        raise httpx.ConnectError("all is silent")

    monkeypatch.setattr(deployed, "get_client", get_client)
    said = asyncio.run(deployed.pause(MADE))
    assert said == "the schedules may still be on: ConnectError: all is silent"
