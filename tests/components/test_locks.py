"""Whether a lock is held, asked without disturbing anybody."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from components.locks import held, is_held
from components.stopping import Interrupted, stopping


def test_a_lock_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    with FileLock(path):
        assert is_held(path)
    path.touch()
    assert not is_held(path)
    with held(path, "stage"):
        assert is_held(path)


def test_looking_at_a_lock_makes_none(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "key.lock")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_removed_while_it_is_looked_at_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there a moment ago, for whoever asked that."""
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    assert not is_held(tmp_path / "key.lock")
    assert list(tmp_path.iterdir()) == []


def test_who_looks_is_not_taken_for_a_holder(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    path.touch()
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not is_held(path)


def test_a_lock_that_cannot_be_asked_counts_as_held(tmp_path: Path) -> None:
    assert is_held(tmp_path)  # a folder, which no lock is


def test_who_waits_for_a_lock_ends_with_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.lock"
    monkeypatch.setattr(stopping, "is_set", lambda: True)
    lock = FileLock(path, thread_local=False)
    with ThreadPoolExecutor(1) as another:
        another.submit(lock.acquire).result()
        with pytest.raises(Interrupted, match="while another process held"), held(path, "stage"):
            pass
        lock.release()
