"""Whatever is killed, at whatever moment, the comparison that comes out is the undisturbed one."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.storage import Home
from params.load import load, to_yaml

TIMES = {"train_seconds", "seconds", "cost", "id", "created", "run_ids", "facts"}
LIMIT = 240  # seconds for one attempt

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A params file: two trainings long enough to be hit, with all that has a state."""
    params = load(
        "temperature",
        [
            *("ingest.num_days=120", "ingest.period=30.0", "evaluate.seasonal_period=30"),
            *("preprocess.context_length=5", "seeds=[1]", "architectures=[lstm,gru]"),
            *("model.hidden_sizes=[4,3]", "model.dropout=0.3", "report.num_days=10"),
            *("train.max_epochs=100", "train.patience=90", "train.ema_decay=0.9"),
        ],
    )
    path = tmp_path_factory.mktemp("experiment") / "tiny.yaml"
    path.write_text(to_yaml(params))
    return path


@dataclass
class Attempt:
    """A run of the command line in a process of its own."""

    process: subprocess.Popen[str]
    home: Home

    def children(self) -> list[psutil.Process]:
        """The trainings that are running now."""
        with_log = []
        for one in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if any("store/train" in file.path for file in one.open_files()):
                    with_log.append(one)
            except psutil.Error:
                pass
        return with_log


@contextmanager
def unroll(
    home: Home, *arguments: str, log: Path, server: str | None = "the tests' own"
) -> Iterator[Attempt]:
    """The command line, against the tests' own Prefect server or a temporary one."""
    command = [sys.executable, "-P", "-c", "from flows.cli import entry; entry()", *arguments]
    environment = {**os.environ, "UNROLL_HOME": str(home.root), "PYTHONPATH": str(Path.cwd())}
    environment |= {"PREFECT_API_URL": prefect_url()} if server else {}
    with log.open("a") as out:  # until it is begun: who reads a pipe is to see its end
        begun = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, text=True, start_new_session=True
        )
    with begun as process:
        try:
            yield Attempt(process, home)
        finally:
            if process.poll() is None:
                process.kill()


def prefect_url() -> str:
    from prefect.settings import PREFECT_API_URL

    return str(PREFECT_API_URL.value())


def finished(home: Home, *arguments: str, log: Path) -> int:
    with unroll(home, *arguments, log=log) as attempt:
        return attempt.process.wait(LIMIT)


def comparison(home: Home) -> dict[str, Any]:
    """The only comparison under `home`, times apart."""
    (path,) = home.reports.glob("*/comparison.json")
    return dict(untimed(json.loads(path.read_text())))


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: untimed(one) for name, one in value.items() if name not in TIMES}
    return [untimed(one) for one in value] if isinstance(value, list) else value


def runs(home: Home) -> list[Run]:
    client = MlflowClient(home.tracking_uri)
    experiments = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(experiments, max_results=1000))


def assert_nothing_is_left(home: Home) -> None:
    """No run is RUNNING, no file half-written, no metric there twice."""
    found = runs(home)
    assert {run.info.status for run in found} <= {"FINISHED", "KILLED"}
    assert not [path for path in home.root.rglob("*") if ".partial" in path.name]
    assert not list((home.root / "running").iterdir())
    client = MlflowClient(home.tracking_uri)
    for run in found:
        for key in run.data.metrics:
            steps = [one.step for one in client.get_metric_history(run.info.run_id, key)]
            assert len(steps) == len(set(steps)), (run.info.run_name, key, steps)


@pytest.fixture(scope="module")
def undisturbed(
    experiment: Path, tmp_path_factory: pytest.TempPathFactory, empty_database: Path, prefect: None
) -> dict[str, Any]:
    """The comparison as it is if nothing happens."""
    folder = tmp_path_factory.mktemp("undisturbed")
    home = new_home(folder / "home", empty_database)
    assert finished(home, "run", str(experiment), log=folder / "log") == 0
    assert_nothing_is_left(home)
    return comparison(home)


def new_home(root: Path, empty_database: Path) -> Home:
    root.mkdir()
    home = Home(root)
    shutil.copy(empty_database, home.database)
    return home


def kill_something(attempt: Attempt, chance: random.Random, log: Path) -> str | None:
    """Wait for a random moment, then kill a training or the flow; None if all was over before."""
    # Half of the moments are in the trainings, the others anywhere from the start on.
    if chance.random() < 0.5:
        end = time.monotonic() + LIMIT
        while not attempt.children() and time.monotonic() < end:
            if attempt.process.poll() is not None:
                return None
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 3))
    else:
        time.sleep(chance.uniform(0, 15))
    if attempt.process.poll() is not None:
        return None
    children = attempt.children()
    victim = chance.choice(children) if children and chance.random() < 0.5 else None
    try:
        os.kill(victim.pid if victim else attempt.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return "child" if victim else "flow"


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(2, 1), pytest.param(30, 2, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])],
)
def test_killed_at_random_moments_it_ends_as_if_nothing_had_been(
    kills: int,
    seed: int,
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    empty_database: Path,
) -> None:
    chance = random.Random(seed)
    log = tmp_path / "log"
    killed: list[str] = []
    homes = 0
    while len(killed) < kills:
        homes += 1
        home = new_home(tmp_path / f"home{homes}", empty_database)
        status: int | None = None
        while status != 0:
            with unroll(home, "run", str(experiment), log=log) as attempt:
                if len(killed) < kills:
                    said = kill_something(attempt, chance, log)
                    killed += [said] if said else []
                status = attempt.process.wait(LIMIT)
            assert status in {0, 1, -signal.SIGKILL}, log.read_text()[-3000:]
        assert comparison(home) == undisturbed
        assert_nothing_is_left(home)
    assert len(killed) == kills


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_an_interrupted_run_says_so_everywhere_and_is_taken_up(
    number: int,
    status: int,
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    empty_database: Path,
) -> None:
    home, log = new_home(tmp_path / "home", empty_database), tmp_path / "interrupted"
    with unroll(home, "run", str(experiment), log=log) as attempt:
        wait_for(log, "epoch 3/")
        os.killpg(attempt.process.pid, number)
        begun = time.monotonic()
        assert attempt.process.wait(LIMIT) == status
        assert time.monotonic() - begun < 10
    assert log.read_text().splitlines()[-1] == (
        "unroll: interrupted; `unroll resume` goes on where it was"
    )
    found = runs(home)
    assert {run.info.status for run in found} == {"KILLED"}
    (comparison_id,) = {run.data.tags["unroll.comparison"] for run in found}
    assert state_in_prefect(comparison_id) == "Cancelled"
    before = {run.info.run_id for run in found}
    assert finished(home, "resume", log=log) == 0
    assert f"taking up {comparison_id}" in log.read_text()
    assert before <= {run.info.run_id for run in runs(home)}
    assert comparison(home) == undisturbed
    assert_nothing_is_left(home)


@pytest.mark.slow
def test_a_pipe_that_nobody_reads_any_more_interrupts_it(
    experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, empty_database: Path
) -> None:
    """As in `unroll run NAME 2>&1 | head`."""
    home, pipe = new_home(tmp_path / "home", empty_database), tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)) as reader,
        unroll(home, "run", str(experiment), log=pipe) as attempt,
    ):
        os.set_blocking(reader.fileno(), True)
        said = []
        while "epoch 3/" not in (line := reader.readline()):
            assert line, f"it ended early: {said}"
            said.append(line)
        children = attempt.children()
        assert children
        reader.close()
        assert attempt.process.wait(LIMIT) == 1
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert {run.info.status for run in runs(home)} == {"KILLED"}
    assert finished(home, "resume", log=tmp_path / "log") == 0
    assert comparison(home) == undisturbed
    assert_nothing_is_left(home)


def wait_for(log: Path, text: str) -> None:
    end = time.monotonic() + LIMIT
    while not (log.exists() and text in log.read_text()):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def state_in_prefect(name: str) -> str | None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name]))
        )
    return run.state.name if run.state else None


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(
    experiment: Path, tmp_path: Path, empty_database: Path, prefect: None
) -> None:
    home, log = new_home(tmp_path / "home", empty_database), tmp_path / "log"
    with unroll(home, "run", str(experiment), log=log) as attempt:
        wait_for(log, "epoch 3/")
        children = attempt.children()
        assert children
        attempt.process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        attempt.process.send_signal(signal.SIGINT)
        assert attempt.process.wait(5) == 130
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert finished(home, "run", str(experiment), log=log) == 0
    assert_nothing_is_left(home)


@pytest.mark.slow
def test_without_its_prefect_server_a_run_ends_soon_and_is_taken_up(
    experiment: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    empty_database: Path,
) -> None:
    home, log = new_home(tmp_path / "home", empty_database), tmp_path / "lost"
    with unroll(home, "run", str(experiment), log=log, server=None) as attempt:
        wait_for(log, "epoch 3/")
        (server,) = [
            one
            for one in psutil.Process(attempt.process.pid).children()
            if "flows.serving" in one.cmdline()
        ]
        server.kill()
        begun = time.monotonic()
        assert attempt.process.wait(LIMIT) == 1
        assert time.monotonic() - begun < 20
    said = "unroll: Prefect's server is gone; `unroll resume` goes on where it was"
    assert log.read_text().splitlines()[-1] == said
    assert {run.info.status for run in runs(home)} == {"KILLED"}
    assert finished(home, "resume", log=log) == 0
    assert comparison(home) == undisturbed
    assert_nothing_is_left(home)


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="a small disk can be mounted by root only")
@pytest.mark.parametrize("size", ["1500k"])
def test_a_full_disk_is_one_line_and_what_follows_finishes(
    size: str, experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, empty_database: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        home, log = new_home(disk / "home", empty_database), tmp_path / "full"
        assert finished(home, "run", str(experiment), log=log) == 1
        said = log.read_text().splitlines()
        assert said[-1].startswith("unroll: no space left on the disk, at ")
        assert "`unroll resume` goes on where it was" in said[-1]
        assert not [line for line in said if "Traceback" in line]
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        again = "resume" if runs(home) else "run"
        assert finished(home, again, *([str(experiment)] * (again == "run")), log=log) == 0
        assert comparison(home) == undisturbed
        assert_nothing_is_left(home)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_eight_runs_at_once_on_one_new_folder(
    experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, prefect: None
) -> None:
    """One of them is the undisturbed one; all make the same tables, data and baselines."""
    home = Home(tmp_path / "home")
    logs = [tmp_path / f"log{seed}" for seed in range(1, 9)]
    with ExitStack() as stack:
        attempts = [
            stack.enter_context(
                unroll(home, "run", str(experiment), "--set", f"seeds=[{seed}]", log=log)
            )
            for seed, log in enumerate(logs, 1)
        ]
        statuses = [attempt.process.wait(1500) for attempt in attempts]
    said = "\n".join(log.read_text() for log in logs)
    assert statuses == [0] * 8, said[-3000:]
    assert "locked" not in said
    made = [json.loads(path.read_text()) for path in home.reports.glob("*/comparison.json")]
    assert sorted(row["seeds"][0] for one in made for row in one["rows"] if row["seeds"]) == [
        seed for seed in range(1, 9) for _ in ("lstm", "gru")
    ]
    (first,) = [one for one in made if seeds_of(one) == {1}]
    same = {name: value for name, value in undisturbed.items() if name != "provenance"}
    assert same.items() <= untimed(first).items()  # the command names the seed
    assert_nothing_is_left(home)
    assert len(list((home.root / "store" / "ingest").glob("*/manifest.json"))) == 1


def seeds_of(comparison: dict[str, Any]) -> set[int]:
    return {seed for row in comparison["rows"] for seed in row["seeds"]}


@pytest.mark.slow
def test_two_runs_of_the_same_make_each_training_once(
    experiment: Path, undisturbed: dict[str, Any], tmp_path: Path, empty_database: Path
) -> None:
    home = new_home(tmp_path / "home", empty_database)
    logs = [tmp_path / f"log{number}" for number in range(2)]
    with ExitStack() as stack:
        attempts = [
            stack.enter_context(unroll(home, "run", str(experiment), log=log)) for log in logs
        ]
        assert [attempt.process.wait(LIMIT) for attempt in attempts] == [0, 0]
    said = "\n".join(log.read_text() for log in logs)
    trained = [line for line in said.splitlines() if " seed 1: trained in " in line]
    assert len(trained) == 2  # lstm and gru, each by one of the two
    for path in home.reports.glob("*/comparison.json"):
        assert untimed(json.loads(path.read_text())) == undisturbed
    assert_nothing_is_left(home)
