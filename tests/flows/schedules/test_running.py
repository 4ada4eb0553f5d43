"""How commands find the servers that run for their folder, and nothing where none run."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from components.storage import Home
from flows.schedules import running
from params.errors import InputError

PREFECT, MLFLOW = "http://127.0.0.1:4200/api", "http://127.0.0.1:5000"
NAMES = ("PREFECT_API_URL", "MLFLOW_TRACKING_URI")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A folder in which nothing ran; the test's changes of the environment are taken back."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return Home(tmp_path / "outputs")


def test_nothing_runs_in_a_new_folder_and_looking_leaves_nothing(empty: Home) -> None:
    running.use_running(empty)
    assert running.running(empty) is None
    assert not empty.root.exists()
    assert not set(NAMES) & set(os.environ)


def test_servers_are_found_for_as_long_as_they_are_held(empty: Home) -> None:
    with running.claimed(empty):
        assert running.running(empty) is None  # they are starting
        running.publish(empty, PREFECT, MLFLOW)
        assert running.running(empty) == running.Servers(PREFECT, MLFLOW, socket.gethostname())
        running.use_running(empty)
        assert [os.environ[name] for name in NAMES] == [PREFECT, MLFLOW]
    assert running.running(empty) is None
    assert not (running.folder(empty) / "running.json").exists()


def test_what_a_person_has_set_stays(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://elsewhere")
    with running.claimed(empty):
        running.publish(empty, PREFECT, MLFLOW)
        running.use_running(empty)
    assert [os.environ[name] for name in NAMES] == [PREFECT, "https://elsewhere"]


def test_what_a_killed_process_left_names_nothing(empty: Home) -> None:
    code = f"""
import os, signal
from pathlib import Path
from components.storage import Home
from flows.schedules import running
home = Home(Path({str(empty.root)!r}))
with running.claimed(home):
    running.publish(home, {PREFECT!r}, {MLFLOW!r})
    assert running.running(home) is not None
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert (running.folder(empty) / "running.json").is_file()
    assert running.running(empty) is None
    with running.claimed(empty):  # and is no part of what is started next
        assert running.running(empty) is None


def test_servers_of_another_host_are_not_ours(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with running.claimed(empty):
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
            running.publish(empty, PREFECT, MLFLOW)
        assert running.running(empty) is None


@pytest.mark.parametrize("text", ["", "[]", '{"prefect": "x"}'])
def test_a_damaged_file_names_nothing(empty: Home, text: str) -> None:
    with running.claimed(empty):
        (running.folder(empty) / "running.json").write_text(text)
        assert running.running(empty) is None


def test_a_second_one_is_refused_with_the_addresses_of_the_first(
    empty: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "READERS_SECONDS", 0.1)
    with running.claimed(empty):
        running.publish(empty, PREFECT, MLFLOW)
        with pytest.raises(InputError) as caught, running.claimed(empty):
            pytest.fail("it is claimed")
    assert str(caught.value) == (
        f"`unroll up` runs for {empty.root} already: {PREFECT} and {MLFLOW}"
    )
