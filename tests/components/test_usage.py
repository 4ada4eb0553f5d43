"""Who uses a store, and since when it may be in use."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components import usage
from components.locks import is_held
from components.outputs import Store

ROOT = Path(__file__).parents[2]

USE = """
import sys
from pathlib import Path
from components.outputs import Store

Store(Path(sys.argv[1])).output("stage", "key", lambda folder: None)
print("used", flush=True)
sys.stdin.read()
"""


def begin(root: Path) -> "subprocess.Popen[str]":
    """Another process that used an output of the store and goes on."""
    process = subprocess.Popen(
        [sys.executable, "-c", USE, str(root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "used\n"
    return process


def test_an_output_may_be_needed_while_a_process_lives_that_used_it(tmp_path: Path) -> None:
    before = time.time()
    assert usage.needed_since(tmp_path) >= before
    process = begin(tmp_path)
    try:
        since = usage.needed_since(tmp_path)
        assert before <= since <= usage.used(tmp_path / "stage" / "key") < time.time()
        assert since == usage.needed_since(tmp_path)
    finally:
        process.kill()  # not asked: nothing of it can clear up
        process.communicate()
    assert usage.needed_since(tmp_path) > usage.used(tmp_path / "stage" / "key")


def test_the_locks_of_dead_processes_are_removed_by_the_next_one(tmp_path: Path) -> None:
    for _ in range(2):
        process = begin(tmp_path)
        process.kill()
        process.communicate()
    users = tmp_path / usage.USERS
    assert (
        len(list(users.iterdir())) == 2
    )  # the first was too new to be sure of when the second came
    for path in users.iterdir():
        os.utime(path, (1, 1))
    usage.register(tmp_path)
    (mine,) = users.iterdir()
    assert f"-{os.getpid()}-" in mine.name
    assert is_held(mine)
    usage.register(tmp_path)
    assert list(users.iterdir()) == [mine]


def test_each_use_of_an_output_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.output("stage", "key", lambda folder: None).path
    os.utime(path, (1, 1))
    before = time.time()
    assert store.output("stage", "key", lambda folder: pytest.fail("it is there")).reused
    assert before <= usage.used(path) <= time.time()


def test_where_the_clock_was_set_back_since_a_process_began_all_may_be_in_use(
    tmp_path: Path,
) -> None:
    usage.register(tmp_path)
    (mine,) = (tmp_path / usage.USERS).iterdir()
    ahead = time.time() + 3600
    os.utime(mine, (ahead, ahead))
    assert usage.needed_since(tmp_path) == 0
    os.utime(mine, (7, 7))
    assert usage.needed_since(tmp_path) == 7


def test_what_a_process_uses_after_the_clock_was_set_back_is_in_use(tmp_path: Path) -> None:
    """Also when the clock has come past the moment at which the process began."""
    store = Store(tmp_path)
    store.output("stage", "first", lambda folder: None)
    (mine,) = (tmp_path / usage.USERS).iterdir()
    ahead = time.time() + 3600
    os.utime(mine, (ahead, ahead))
    path = store.output("stage", "second", lambda folder: None).path
    assert 0 < usage.needed_since(tmp_path) <= usage.used(path)
