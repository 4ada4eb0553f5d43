"""`unroll up`, really started: both servers answer, and no process is left."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from mlflow import MlflowClient

from components.storage import Home
from flows.schedules.running import running

Start = Callable[..., Any]
Ports = tuple[int, int]


def options(ports: Ports) -> list[str]:
    return ["--prefect-port", str(ports[0]), "--mlflow-port", str(ports[1])]


def all_of(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


@pytest.mark.slow
def test_both_servers_answer_show_what_was_run_before_and_end_together(
    start: Start, ports: Ports, home: Home
) -> None:
    plain = MlflowClient(home.tracking_uri)
    kept = plain.create_experiment("plain", artifact_location=home.artifacts.as_uri())
    run = plain.create_run(kept)
    (home.root / "page.html").write_text("<b>a page</b>")
    plain.log_artifact(run.info.run_id, str(home.root / "page.html"), "report")

    command = start("up", *options(ports))
    lines = command.wait_until_said("Ctrl-C stops both").splitlines()
    prefect, mlflow = (f"http://127.0.0.1:{port}" for port in ports)
    assert f"export PREFECT_API_URL={prefect}/api" in lines
    assert f"export MLFLOW_TRACKING_URI={mlflow}" in lines
    found = running(home)
    assert found is not None
    assert (found.prefect, found.mlflow) == (f"{prefect}/api", mlflow)

    served = MlflowClient(mlflow)
    assert served.get_run(run.info.run_id).info.experiment_id == kept
    asked = {"path": "report/page.html", "run_uuid": run.info.run_id}
    assert httpx.get(f"{mlflow}/get-artifact", params=asked).text == "<b>a page</b>"
    # What is made through the server lies where a run without one looks for it.
    made = served.get_experiment(served.create_experiment("served"))
    assert made.artifact_location == f"{home.artifacts.as_uri()}/{made.experiment_id}"
    assert "html" in httpx.get(prefect, follow_redirects=True).headers["content-type"]
    assert (home.root / "prefect" / "prefect.db").is_file()

    second = start("up", "--prefect-port", "1", "--mlflow-port", "2")
    assert second.process.wait(30) == 2
    said = f"unroll: `unroll up` runs for {home.root} already: {prefect}/api and {mlflow}\n"
    assert second.said() == said

    processes = all_of(command.process.pid)
    assert len(processes) >= 4
    assert command.end(signal.SIGTERM) == 143
    assert command.said().endswith("unroll: both servers are stopped\n")
    assert not any(one.is_running() for one in processes)
    assert running(home) is None


def test_a_server_that_cannot_start_is_told_in_its_own_words_and_the_other_one_ends(
    start: Start, ports: Ports, tmp_path: Path
) -> None:
    home = Home(tmp_path / "outputs")
    (home.root / "prefect").mkdir(parents=True)
    (home.root / "prefect" / "prefect.db").write_text("this is no database, as long as it may be")
    command = start("up", *options(ports))
    assert command.process.wait(120) == 1
    _, last = command.said().splitlines()
    assert last.startswith("unroll: the Prefect server ended with status ")
    assert "file is not a database" in last
    assert last.endswith(f"; the other server is stopped, and {home.root / 'servers'} has the logs")
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


@pytest.mark.slow
def test_a_server_that_dies_later_is_told_and_the_other_one_ends(
    start: Start, ports: Ports
) -> None:
    command = start("up", *options(ports))
    command.wait_until_said("Ctrl-C stops both")
    processes = all_of(command.process.pid)
    (victim,) = (one for one in processes if "uvicorn" in one.cmdline())
    victim.kill()
    assert command.process.wait(30) == 1
    last = command.said().splitlines()[-1]
    assert last.startswith("unroll: the MLflow server ended with status ")
    assert not any(one.is_running() for one in processes)


@pytest.mark.slow
def test_what_up_started_ends_when_it_is_killed(start: Start, ports: Ports, tmp_path: Path) -> None:
    command = start("up", *options(ports))
    command.wait_until_said("Ctrl-C stops both")
    processes = all_of(command.process.pid)
    command.process.kill()
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert alive == []
    assert (tmp_path / "outputs" / "servers" / "running.json").is_file()
    assert running(Home(tmp_path / "outputs")) is None


@pytest.mark.parametrize("taken", [0, 1])
def test_a_port_that_is_taken_is_told(
    start: Start, ports: Ports, taken: int, tmp_path: Path
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", ports[taken]))
        listener.listen()
        command = start("up", *options(ports))
        assert command.process.wait(60) == 2
    option = ("--prefect-port", "--mlflow-port")[taken]
    said = f"unroll: port {ports[taken]} cannot be used: Address already in use; choose another wi"
    assert command.said().startswith(said)
    assert command.said().endswith(f" with {option}\n")
    assert not (tmp_path / "outputs" / "prefect").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_answered_while_a_database_does_not_answer(
    start: Start, ports: Ports, number: int
) -> None:
    pytest.importorskip("psycopg2")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/runs"
        command = start("up", *options(ports), "--postgres", address)
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            # psycopg2 itself would wait for its 10 seconds.
            assert command.end(number, 5) == 128 + number
    assert command.said() == "unroll: stopped before a server began\n"


def test_two_servers_need_two_ports(start: Start) -> None:
    command = start("up", "--prefect-port", "5000")
    assert command.process.wait(60) == 2
    assert command.said() == "unroll: both servers cannot have port 5000; see --mlflow-port\n"
