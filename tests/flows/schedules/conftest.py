"""Servers as `unroll up` starts them, and a PostgreSQL of the tests' own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.settings import DEFAULTS

UNROLL = [sys.executable, "-P", "-c", "from flows.cli import entry; entry()"]
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
ROLE, PASSWORD = "unroll", "p@ss/word"


@dataclass
class Command:
    """A command under way in a process group of its own, and the file that has what it prints."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def wait_until_said(self, word: str, seconds: float = 120) -> str:
        """All it has said, as soon as `word` is in it."""
        end = time.monotonic() + seconds
        while word not in self.said():
            assert self.process.poll() is None, f"it ended: {self.said()}"
            assert time.monotonic() < end, f"it did not say {word!r}: {self.said()}"
            time.sleep(0.05)
        return self.said()

    def end(self, number: int = signal.SIGINT, seconds: float = 30) -> int:
        """Its exit status after a signal as from a terminal, which reaches the whole group."""
        os.killpg(self.process.pid, number)
        return self.process.wait(seconds)


Start = Callable[..., Command]


def environment(folder: Path) -> dict[str, str]:
    """Where commands of a test write; without any server that somebody else configured."""
    mine = {"UNROLL_HOME": str(folder / "outputs"), "PREFECT_HOME": str(folder / "prefect")}
    # What other tests of the same session set for their flows counts as configured elsewhere too.
    foreign = {"PREFECT_API_URL", "MLFLOW_TRACKING_URI", "UNROLL_POSTGRES", *DEFAULTS}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | mine


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Starts `unroll` with some arguments, in the folder `here`; nothing of it is left."""
    commands: list[Command] = []
    (folder / "here").mkdir()

    def call(*arguments: str) -> Command:
        output = folder / f"{len(commands)}.txt"
        with output.open("wb") as written:
            process = subprocess.Popen(
                [*UNROLL, *arguments],
                cwd=folder / "here",
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Where the tests run in the background of a shell they ignore it; it would, too.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        commands.append(Command(process, output))
        return commands[-1]

    try:
        yield call
    finally:
        for command in reversed(commands):
            if command.process.poll() is None:
                os.killpg(command.process.pid, signal.SIGKILL)
            command.process.wait(10)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as call:
        yield call


@dataclass(frozen=True)
class Up:
    """Servers under way, with the folder for everything, and what starts commands beside them."""

    folder: Path
    prefect: str
    mlflow: str
    start: Start

    @property
    def reports(self) -> Path:
        return self.folder / "outputs" / "reports"

    def flow_runs(self, name: str) -> list[dict[str, Any]]:
        """What Prefect knows of the runs of a deployment that began, first to last."""
        asked = {"deployments": {"name": {"any_": [name]}}, "sort": "START_TIME_ASC"}
        found = httpx.post(f"{self.prefect}/flow_runs/filter", json=asked).json()
        return [run for run in found if run["start_time"]]


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Up]:
    """`unroll up` with those options."""
    prefect, mlflow = free_ports()
    ports = ("--prefect-port", str(prefect), "--mlflow-port", str(mlflow))
    with starting(folder) as call:
        command = call("up", *ports, *options)
        command.wait_until_said("Ctrl-C stops both", 200)
        yield Up(folder, f"http://127.0.0.1:{prefect}/api", f"http://127.0.0.1:{mlflow}", call)
        assert command.end() == 130


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Both servers on SQLite, for all tests of a module."""
    with up(tmp_path_factory.mktemp("up")) as found:
        yield found


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_ports()


def free_ports() -> tuple[int, int]:
    """Two ports on which nothing listens."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server on 127.0.0.1, its data under a temporary folder."""

    folder: Path
    port: int

    def url(self, user: str = ROLE, password: str = "p%40ss%2Fword", name: str = "runs") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def control(self, *words: str) -> None:
        """`pg_ctl` with those words, as a user that PostgreSQL runs as: never root."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        data = str(self.folder / "data")
        call(self.folder, "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, *words)

    def sql(self, statement: str, name: str = "postgres") -> None:
        import psycopg2

        where = {"host": "127.0.0.1", "port": self.port, "dbname": name}
        connection = psycopg2.connect(user=ROLE, password=PASSWORD, **where)
        connection.autocommit = True  # a database cannot be made within a transaction
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()


def call(folder: Path, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the owner of that folder."""
    owner = folder.stat().st_uid
    user = owner if owner != os.getuid() else None
    command = [str(BINARIES[-1].with_name(program)), *arguments]
    subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One for all tests, or a skip where it is not installed."""
    if not BINARIES:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg2")
    # Not below pytest's folder, which nobody else may enter, and short: a socket lies in it.
    folder = Path(f"/tmp/unroll-postgres-{os.getpid()}")
    folder.mkdir()
    password = folder / "password"
    password.write_text(PASSWORD)
    if os.getuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("there is no user postgres, and PostgreSQL never runs as root")
        for path in (folder, password):
            os.chown(path, user.pw_uid, user.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Postgres(folder, free.getsockname()[1])
    data = str(folder / "data")
    who = ["-U", ROLE, "-A", "scram-sha-256", f"--pwfile={password}"]
    call(folder, "initdb", "-D", data, *who, "--no-sync")
    found.control("start")
    try:
        yield found
    finally:
        found.control("-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def up_in_postgres(tmp_path: Path, database: str) -> Iterator[Up]:
    """Both servers on PostgreSQL."""
    with up(tmp_path, "--postgres", database) as found:
        yield found


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    postgres.sql("CREATE DATABASE runs")
    yield postgres.url()
    postgres.sql("DROP DATABASE runs WITH (FORCE)")
