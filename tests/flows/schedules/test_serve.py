"""`unroll serve` beside `unroll up`: runs when they are due, one at a time, until it is told."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from prefect.settings import PREFECT_API_URL, temporary_settings

from components.records import Comparison
from flows.schedules import serve
from params.load import to_yaml
from params.schema import ForecastExperiment

REFUSED = "Cancelled: Deployment concurrency limit reached."
SOON = ("--cron", "* * * * * */10")


def one_network(params: ForecastExperiment, name: str, **train: Any) -> ForecastExperiment:
    """The experiment with one architecture, under another name."""
    changed = {
        "name": name,
        "architectures": ("rnn",),
        "train": params.train.model_copy(update=train),
    }
    return params.model_copy(update=changed)


def write(params: ForecastExperiment, folder: Path) -> str:
    """The name of a params file in the folder where commands start."""
    (folder / "here" / f"{params.name}.yaml").write_text(to_yaml(params))
    return f"{params.name}.yaml"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_schedule_fires_twice_and_the_second_run_trains_nothing(
    servers: Any, tiny_temperature: ForecastExperiment
) -> None:
    file = write(one_network(tiny_temperature, "often"), servers.folder)
    # Runs import our packages, and not what stands where they begin.
    (servers.folder / "here" / "flows").mkdir()
    (servers.folder / "here" / "flows" / "__init__.py").write_text("raise SystemExit('not this')")
    command = servers.start("serve", file, *SOON)
    lines = command.wait_until_said("Ctrl-C ends this").splitlines()
    page = servers.prefect.removesuffix("/api")
    assert lines[0].startswith(f"forecast/often: {page}/deployments/deployment/")
    assert lines[1].startswith("at * * * * * */10 UTC, first at 20")

    def completed() -> list[dict[str, Any]]:
        runs = servers.flow_runs("often")
        assert {run["state_name"] for run in runs} <= {"Completed", "Running", "Cancelled"}
        return [run for run in runs if run["state_name"] == "Completed"]

    until(lambda: len(completed()) >= 2)
    assert command.end() == 130
    assert command.said().endswith("unroll: the schedules are paused\n")
    assert command.said().count(" trained in ") == 1
    assert len(list((servers.folder / "outputs" / "store" / "train").glob("*/manifest.json"))) == 1
    runs = completed()
    for before, after in pairwise(runs):
        ended = datetime.fromisoformat(before["end_time"])
        assert ended <= datetime.fromisoformat(after["start_time"])
    assert len({run["state"]["message"] for run in runs}) == 1  # the same headline
    (report,) = servers.reports.glob("*/comparison.json")
    found = Comparison.model_validate_json(report.read_text())
    assert found.provenance.command == "prefect deployment run forecast/often"

    deployment = httpx.get(f"{servers.prefect}/deployments/name/forecast/often").json()
    assert deployment["paused"]
    assert deployment["entrypoint"] == "flows.deployments.forecast"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["parameters"]["params"]["architectures"] == ["rnn"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_goes_on_alone_and_is_cancelled_with_what_serves_it(
    servers: Any, tiny_temperature: ForecastExperiment
) -> None:
    endless = one_network(tiny_temperature, "endless", max_epochs=100_000, patience=None)
    command = servers.start("serve", write(endless, servers.folder), "--every", "5s")
    command.wait_until_said("epoch 2/")
    # Further ones are due now, and none of them may begin.
    until(lambda: REFUSED in said(servers))
    assert sorted(set(said(servers))) == [REFUSED, "Running"]
    assert said(servers).count("Running") == 1
    begun = time.monotonic()
    assert command.end(signal.SIGTERM, 40) == 143
    assert time.monotonic() - begun < 35
    assert [one for one in said(servers) if one != REFUSED] == [
        "Cancelled: Runner is shutting down."
    ]
    client = MlflowClient(servers.mlflow)
    known = client.get_experiment_by_name("endless")
    assert known is not None
    assert {one.info.status for one in client.search_runs([known.experiment_id])} == {"KILLED"}
    until(lambda: not of_session(command.process.pid), 10)  # a child sees the end of its parent


def said(servers: Any) -> list[str]:
    """How the runs of `endless` ended, or that they go on."""
    return [
        ": ".join(filter(None, [run["state_name"], run["state"]["message"]]))
        for run in servers.flow_runs("endless")
    ]


def until(holds: Callable[[], bool], seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.5)


def of_session(leader: int) -> list[int]:
    """The processes that are left of a session, whatever their groups."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def test_a_server_counts_as_away_when_it_has_not_answered_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(serve, "AWAY_SECONDS", 0.5)
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/api"
        with temporary_settings({PREFECT_API_URL: here}), pytest.raises(TimeoutError):
            asyncio.run(asyncio.wait_for(serve.away(), 1.5))
        server.shutdown()
    begun = time.monotonic()
    with temporary_settings({PREFECT_API_URL: here}):
        asyncio.run(asyncio.wait_for(serve.away(), 20))
    assert time.monotonic() - begun >= 0.5


class Healthy(BaseHTTPRequestHandler):
    """A server that says that all is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("serve", ["NAME-OR-FILE", "--cron", "--every", "--timezone", "--set", "--fresh"]),
        ("up", ["--postgres", "--prefect-port", "--mlflow-port", "4200", "5000"]),
    ],
)
def test_help_names_the_options(start: Any, name: str, said: list[str]) -> None:
    command = start(name, "--help")
    assert command.process.wait(30) == 0
    assert all(word in command.said() for word in said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["imbd", "--every", "6h"], "no experiment is called 'imbd'; did you mean imdb?"),
        (["temperature"], 'give --cron "0 6 * * *" or --every 6h, one of the two; got neither'),
        (["temperature", "--every", "soon"], "--every must be a number of seconds, minutes, hours"),
        (["imdb", "--set", "compare.metric=test/mae", "--every", "6h"], "must be one of test/acc"),
        (["temperature", "temperature", "--every", "6h"], "temperature is given twice"),
        (["temperature", "--cron", "0 6 * * *"], "start `unroll up` beside this, for the same ou"),
    ],
)
def test_what_cannot_be_served_is_one_line(start: Any, arguments: list[str], said: str) -> None:
    command = start("serve", *arguments)
    assert command.process.wait(60) == 2
    assert command.said().startswith("unroll: ")
    assert said in command.said()
    assert command.said().count("\n") == 1
