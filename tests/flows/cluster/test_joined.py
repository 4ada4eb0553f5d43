"""Trainings on clusters of real processes, whatever is killed meanwhile, and what is refused."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from prefect.client.orchestration import get_client
from prefect.client.schemas import filters

from components.storage import Home
from params.load import load, to_yaml

# What is not the same when the same is done elsewhere, or later.
TIMES = {"train_seconds", "seconds", "cost", "id", "created", "run_ids", "facts", "provenance"}
LIMIT = 600  # seconds for anything to happen
LONGEST_FIRST = ("bilstm", "gru", "lstm", "rnn")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.usefixtures("prefect"),
]


@dataclass
class Command:
    """A command in a process of its own, and the file that it prints to."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + LIMIT
        while text not in self.said():
            assert time.monotonic() < end, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)

    def finished(self) -> int:
        return self.process.wait(LIMIT)


Start = Callable[..., Command]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command, which is ended with the test, and all that it started."""
    with ExitStack() as stack:
        number = iter(range(100))

        def started(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Command:
            log = tmp_path / f"log{next(number)}"
            given = {**os.environ, "PYTHONPATH": str(Path.cwd()), **(environment or {})}
            out = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(
                words, env=given, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            stack.callback(end, process)
            return Command(process, log)

        yield started


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it started."""
    try:
        everything = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        everything = []
    if process.poll() is None:
        process.kill()
    for one in everything:
        if one.is_running():
            one.kill()
    process.wait(10)


def unroll(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-c", "from flows.cli import entry; entry()", *arguments]


def dask(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dask", *arguments]


@pytest.fixture
def mlflow_server(start: Start, tmp_path: Path) -> Callable[[str], str]:
    """Starts an MLflow server on an address of this machine; gives its URL."""

    def started(host: str = "127.0.0.1") -> str:
        port = free_port(host)
        database = f"sqlite:///{tmp_path / 'server.db'}"
        command = start(
            [
                *(sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)),
                *("--backend-store-uri", database, "--workers", "1"),
                *("--artifacts-destination", str(tmp_path / "artifacts")),
            ]
        )
        url = f"http://{host}:{port}"
        wait_for_answer(f"{url}/health", command)
        return url

    return started


def wait_for_answer(url: str, command: Command) -> None:
    end = time.monotonic() + LIMIT
    while True:
        assert command.process.poll() is None, command.said()
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, command.said()
        time.sleep(0.2)


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as one:
        one.bind((host, 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A params file: four architectures with two seeds, each long enough to be hit."""
    params = load(
        "temperature",
        [
            *("ingest.num_days=120", "ingest.period=30.0", "evaluate.seasonal_period=30"),
            *("preprocess.context_length=5", "seeds=[1,2]", "report.num_days=10"),
            *("model.hidden_sizes=[4,3]", "model.dropout=0.3", "model.head_sizes=[2]"),
            *("train.max_epochs=200", "train.patience=190", "train.ema_decay=0.9"),
        ],
    )
    path = tmp_path_factory.mktemp("experiment") / "tiny.yaml"
    path.write_text(to_yaml(params))
    return path


@pytest.fixture(scope="module")
def undisturbed(
    experiment: Path, tmp_path_factory: pytest.TempPathFactory, prefect: None
) -> dict[str, Any]:
    """The comparison as it is without a cluster."""
    home = Home(tmp_path_factory.mktemp("undisturbed"))
    with (home.root / "log").open("wb") as out:
        subprocess.run(
            unroll("run", str(experiment)),
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **of_flow(home)},
            stdout=out,
            stderr=out,
            check=True,
        )
    return comparison(home)


def of_flow(home: Home) -> dict[str, str]:
    """The environment of a flow that reports to the tests' own Prefect server."""
    from prefect.settings import PREFECT_API_URL

    return {"UNROLL_HOME": str(home.root), "PREFECT_API_URL": str(PREFECT_API_URL.value())}


def comparison(home: Home) -> dict[str, Any]:
    """The only comparison under `home`, times apart."""
    (path,) = home.reports.glob("*/comparison.json")
    return dict(untimed(json.loads(path.read_text())))


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: untimed(one) for name, one in value.items() if name not in TIMES}
    return [untimed(one) for one in value] if isinstance(value, list) else value


def assert_nothing_is_left(home: Home, uri: str) -> list[Run]:
    """No run is RUNNING, no file half-written, no metric there twice; gives the nested runs."""
    client, found = MlflowClient(uri), all_runs(uri)
    assert {run.info.status for run in found} <= {"FINISHED", "KILLED"}
    assert not [path for path in home.root.rglob("*") if ".partial" in path.name]
    assert not list((home.root / "running").iterdir())
    for run in found:
        for key in run.data.metrics:
            steps = [one.step for one in client.get_metric_history(run.info.run_id, key)]
            assert len(steps) == len(set(steps)), (run.info.run_name, key, steps)
    return [run for run in found if run.data.tags.get("unroll.kind") == "run"]


def all_runs(uri: str) -> list[Run]:
    client = MlflowClient(uri)
    experiments = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(experiments, max_results=1000))


def training_children(of: int) -> list[psutil.Process]:
    """The trainings, of all that a process started, that have ended an epoch and go on."""
    found = []
    for one in psutil.Process(of).children(recursive=True):
        try:
            folders = [Path(file.path).parent for file in one.open_files()]
        except psutil.Error:
            continue
        if any(folder.match("store/train/*") and [*folder.glob("*.ckpt")] for folder in folders):
            found.append(one)
    return [one for one in found if "forkserver" in " ".join(one.cmdline())]


def worker_of(child: psutil.Process) -> psutil.Process:
    """The Dask worker that a training's child belongs to, by way of its forkserver."""
    forkserver = child.parent()
    assert forkserver is not None
    assert "forkserver" in " ".join(forkserver.cmdline())
    worker = forkserver.parent()
    assert worker is not None
    return worker


def assert_gone(processes: Sequence[psutil.Process], seconds: float) -> None:
    """See that they end within that time; that nobody asked how they ended is no matter."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_the_comparison_is_the_same_though_a_worker_is_killed(
    experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, start: Start
) -> None:
    home = Home(tmp_path / "home")
    words = unroll("run", str(experiment), "--set", "resources.cluster.local=2")
    command = start(words, of_flow(home))
    command.wait_for("bilstm seed 1: epoch 3/")
    (child, *_) = training_children(command.process.pid)
    worker_of(child).kill()
    assert_gone([child], 5)
    assert command.finished() == 0, command.said()
    said = command.said()
    # Two trainings are under way, or one that the other waits for: which is hit, Dask decides.
    (names,) = re.findall(r"worker tcp://\S+ is gone, which had been given (.*)\n", said)
    assert len(re.findall("is gone", said)) == 1  # those that leave at the end are not told of
    assert any(f"{name}: goes on after epoch" in said for name in names.split(", "))
    assert comparison(home) == undisturbed
    nested = assert_nothing_is_left(home, home.own_tracking_uri)
    assert len(nested) == 8
    assert {run.info.status for run in nested} == {"FINISHED"}
    assert [run for run in nested if run.data.tags.get("unroll.taken_up")]
    said = command.said()
    assert all(
        f" {name} seed {seed}: trained in " in said for name in LONGEST_FIRST for seed in (1, 2)
    )
    tasks = states_of_tasks(nested[0].data.tags["unroll.comparison"])
    assert {state for name, state in tasks if name.startswith("train ")} == {"Completed"}
    assert len([name for name, _ in tasks if name.startswith("train ")]) == 8


def states_of_tasks(flow_run: str) -> list[tuple[str, str | None]]:
    """The tasks of a flow run, by name, with the states they are in once nothing changes."""
    name = filters.FlowRunFilter(name=filters.FlowRunFilterName(any_=[flow_run]))
    with get_client(sync_client=True) as client:
        for _ in range(100):  # the server takes their events one after the other
            found = client.read_task_runs(flow_run_filter=name)
            if found and {one.state_name for one in found} == {"Completed"}:
                break
            time.sleep(0.2)
    return [(one.name, one.state_name) for one in found]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_workers_do_ends_with_the_flow_and_is_taken_up(
    number: int, experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, start: Start
) -> None:
    home = Home(tmp_path / "home")
    words = unroll("run", str(experiment), "--set", "resources.cluster={local: 2}")
    command = start(words, of_flow(home))
    command.wait_for("bilstm seed 2: epoch 3/")
    children = training_children(command.process.pid)
    workers = [worker_of(child) for child in children]
    assert workers
    begun = time.monotonic()
    os.killpg(command.process.pid, number)  # as a Ctrl-C in a terminal does
    status = command.process.wait(10)
    assert_gone([*children, *workers], 10 - (time.monotonic() - begun))
    assert status == (130 if number == signal.SIGINT else -number)
    if number != signal.SIGKILL:
        last = "unroll: interrupted; `unroll resume` goes on where it was"
        assert command.said().splitlines()[-1] == last
        assert "Traceback" not in command.said()
    again = start(unroll("run", str(experiment)), of_flow(home))
    assert again.finished() == 0, again.said()
    assert "taking up" in again.said()
    assert "goes on after epoch" in again.said()
    assert comparison(home) == undisturbed
    assert_nothing_is_left(home, home.own_tracking_uri)


def scheduler_and_workers(start: Start, *workers: Sequence[str]) -> tuple[str, Command]:
    """A scheduler's address, with plain workers of this machine, one for each list of words."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    scheduler = start(dask("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"))
    for words in workers:
        start(dask("worker", address, "--nthreads", "1", "--no-dashboard", *words))
    return address, scheduler


def test_what_a_worker_lacks_is_one_line_and_its_gpu_slots_are_kept(
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    start: Start,
    mlflow_server: Callable[[], str],
) -> None:
    """One after the other on one cluster of plain `dask worker`s, of which one has a GPU slot."""
    home = Home(tmp_path / "home")
    address, scheduler = scheduler_and_workers(start, ["--resources", "GPU=1"], [])
    tracking = {"MLFLOW_TRACKING_URI": mlflow_server()}
    words = unroll("run", str(experiment), "--set", f"resources.cluster={address}")

    refused = start([*words, "--set", "resources.devices=2"], {**of_flow(home), **tracking})
    assert refused.finished() == 2
    assert refused.said().splitlines()[-1] == (
        "unroll: resources.devices must be at most 1, the GPU slots of a worker, got 2"
    )
    made = start(words, {**of_flow(home), **tracking})
    assert made.finished() == 0, made.said()
    assert " cluster: 2 workers, 1 training at a time" in made.said()
    assert comparison(home) == undisturbed
    # With one slot for trainings, each ends before the next begins, the longest ones first.
    begun = [line.split(": epoch 1/")[0].split("s  ")[1] for line in lines(made, ": epoch 1/")]
    ended = [line.split(": trained in")[0].split("s  ")[1] for line in lines(made, ": trained in")]
    expected = [f"{name} seed {seed}" for name in LONGEST_FIRST for seed in (1, 2)]
    assert begun == ended == expected
    ends = [": trained in" in line for line in made.said().splitlines() if is_end(line)]
    assert ends == [False, True] * 8
    assert_nothing_is_left(home, tracking["MLFLOW_TRACKING_URI"])

    lost = start([*words, "--fresh"], {**of_flow(home), **tracking})
    lost.wait_for("bilstm seed 1: epoch 3/")
    scheduler.process.kill()
    assert lost.finished() == 1
    assert lost.said().splitlines()[-1] == (
        f"unroll: the Dask scheduler at {address} is gone; `unroll resume` goes on where it was"
    )
    assert {run.info.status for run in all_runs(tracking["MLFLOW_TRACKING_URI"])} == {
        *("FINISHED", "FAILED", "KILLED")
    }


def is_end(line: str) -> bool:
    return ": epoch 1/" in line or ": trained in" in line


def lines(command: Command, text: str) -> list[str]:
    return [line for line in command.said().splitlines() if text in line]


@pytest.mark.skipif(os.getuid() != 0, reason="a folder of one's own can be mounted by root only")
def test_a_worker_without_the_folder_is_told_of(
    experiment: Path, tmp_path: Path, start: Start, mlflow_server: Callable[[], str]
) -> None:
    home = Home(tmp_path / "hidden" / "home")
    home.root.mkdir(parents=True)
    address, _ = scheduler_and_workers(start)
    hide = f"mount -t tmpfs none {home.root.parent} && exec "
    worker = shlex.join(dask("worker", address, "--nthreads", "1", "--no-dashboard"))
    start(["unshare", "--mount", "sh", "-c", hide + worker])
    environment = {**of_flow(home), "MLFLOW_TRACKING_URI": mlflow_server()}
    words = unroll("run", str(experiment), "--set", f"resources.cluster={address}")
    refused = start(words, environment)
    assert refused.finished() == 2
    said = refused.said().splitlines()[-1]
    assert said.startswith("unroll: the worker tcp://127.0.0.1:")
    assert said.endswith(
        f" does not see the output folder at {home.root}; UNROLL_HOME must be a folder that all "
        "machines see"
    )
    assert not (home.root / "running").exists()  # nothing was begun


@pytest.mark.skipif(os.getuid() != 0, reason="a folder of one's own can be mounted by root only")
def test_a_fresh_run_goes_on_with_workers_that_come_later_if_they_are_fit(
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    start: Start,
    mlflow_server: Callable[[], str],
) -> None:
    """Its only worker goes down; of those that come, one does not see the folder."""
    home = Home(tmp_path / "hidden" / "home")
    home.root.mkdir(parents=True)
    address, _ = scheduler_and_workers(start)
    worker = dask("worker", address, "--nthreads", "1", "--no-dashboard")
    first = start(worker)
    environment = {**of_flow(home), "MLFLOW_TRACKING_URI": mlflow_server()}
    words = unroll("run", str(experiment), "--fresh", "--set", f"resources.cluster={address}")
    command = start(words, environment)
    command.wait_for("bilstm seed 1: epoch 3/")
    hide = f"mount -t tmpfs none {home.root.parent} && exec "
    start(["unshare", "--mount", "sh", "-c", hide + shlex.join(worker)])
    command.wait_for("it gets nothing")
    end(first.process)
    start(worker)
    assert command.finished() == 0, command.said()
    assert "goes on after epoch" in command.said()
    assert comparison(home) == undisturbed
    assert len(lines(command, "it gets nothing")) == 1
    nested = assert_nothing_is_left(home, environment["MLFLOW_TRACKING_URI"])
    assert {run.info.status for run in nested} == {"FINISHED"}
    assert len(nested) == 8


@pytest.fixture
def hosts() -> Iterator[list[str]]:
    """Two network namespaces, called by the addresses under which they reach this machine.

    This machine is 10.213.7.1 there.
    """
    names = [f"unroll{os.getpid()}-{number}" for number in (2, 3)]
    bridge = f"ub{os.getpid()}"[:15]
    made = [
        f"link add {bridge} type bridge",
        f"addr add 10.213.7.1/24 dev {bridge}",
        f"link set {bridge} up",
    ]
    for number, name in zip((2, 3), names, strict=True):
        outside, inside = f"uo{number}-{os.getpid()}"[:15], f"ui{number}-{os.getpid()}"[:15]
        made += [
            f"netns add {name}",
            f"link add {outside} type veth peer name {inside} netns {name}",
            f"link set {outside} master {bridge} up",
            f"-n {name} addr add 10.213.7.{number}/24 dev {inside}",
            f"-n {name} link set {inside} up",
            f"-n {name} link set lo up",
        ]
    try:
        for words in made:
            done = subprocess.run(["ip", *words.split()], check=False, capture_output=True)
            if done.returncode:
                pytest.skip(f"no network namespaces here: {done.stderr.decode().strip()}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")
def test_two_hosts_make_the_same_comparison_though_one_goes_down(
    experiment: Path,
    undisturbed: dict[str, Any],
    hosts: list[str],
    tmp_path: Path,
    start: Start,
    mlflow_server: Callable[[str], str],
) -> None:
    home = Home(tmp_path / "home")
    here = "10.213.7.1"
    tracking, prefect_url = mlflow_server(here), f"http://{here}:{free_port(here)}/api"
    port = urlsplit(prefect_url).port
    server = [sys.executable, "-m", "prefect", "server", "start", "--host", here, "--no-ui"]
    server += ["--port", str(port)]
    prefect_server = start(server, {"PREFECT_HOME": str(tmp_path / "prefect")})
    wait_for_answer(f"{prefect_url}/health", prefect_server)
    address = f"tcp://{here}:{free_port(here)}"
    dask_port = address.rpartition(":")[2]
    start(dask("scheduler", "--host", here, "--port", dask_port, "--no-dashboard"))
    workers = {}
    for core, name in zip(sorted(os.sched_getaffinity(0)) * 2, hosts, strict=False):
        inside = f"hostname {name} && exec taskset -c {core} "
        inside += shlex.join(dask("worker", address, "--nthreads", "1", "--no-dashboard"))
        words = ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", inside]
        workers[name] = start(words, {"PREFECT_API_URL": "", "UNROLL_HOME": ""})
    environment = {"UNROLL_HOME": str(home.root), "MLFLOW_TRACKING_URI": tracking}
    words = unroll("run", str(experiment), "--set", f"resources.cluster={address}")
    on_loopback = start(words, {**environment, "PREFECT_API_URL": ""})
    assert on_loopback.finished() == 2, on_loopback.said()
    said = on_loopback.said().splitlines()[-1]
    assert "does not reach the Prefect server at http://127.0.0.1:" in said
    command = start(words, {**environment, "PREFECT_API_URL": prefect_url})
    command.wait_for("bilstm seed 2: epoch 3/")
    gone = next(one for one in workers.values() if training_children(one.process.pid))
    end(gone.process)  # its nanny too: it does not come back
    assert command.finished() == 0, command.said()
    said = command.said()
    assert re.search(r"worker tcp://\S+ is gone, which had been given .*bilstm seed", said)
    assert "goes on after epoch" in command.said()
    assert comparison(home) == undisturbed
    nested = assert_nothing_is_left(home, tracking)
    assert {run.info.status for run in nested} == {"FINISHED"}
    assert len(nested) == 8


def test_workers_that_share_nothing_but_a_url(
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    start: Start,
    mlflow_server: Callable[[], str],
) -> None:
    """Each has a folder of its own, from which the flow's machine reads nothing."""
    address, _ = scheduler_and_workers(start)
    machines = [tmp_path / "one", tmp_path / "two"]
    for own in machines:
        words = dask("worker", address, "--nthreads", "1", "--no-dashboard")
        start(words, {"UNROLL_CACHE": str(own), "UNROLL_HOME": ""})
    home = Home(tmp_path / "of the flow")
    environment = of_flow(home) | {
        "UNROLL_HOME": (tmp_path / "bucket").as_uri(),
        "UNROLL_CACHE": str(home.root),
        "MLFLOW_TRACKING_URI": mlflow_server(),
    }
    words = unroll("run", str(experiment), "--set", f"resources.cluster={address}")
    command = start(words, environment)
    command.wait_for("bilstm seed 2: epoch 3/")
    for own in machines:
        assert [*(own / "store" / "preprocess").glob("*/prepared.json")]
    assert command.finished() == 0, command.said()
    assert comparison(home) == undisturbed
    made = [{*names(own / "store" / "train")} for own in machines]
    assert all(made)
    assert len(made[0] | made[1]) == 8
    assert [*(tmp_path / "bucket" / "reports").glob("*/comparison.json")]


def names(folder: Path) -> list[str]:
    """The keys of the outputs in a folder of a store."""
    return [path.name for path in folder.iterdir() if path.is_dir()]
