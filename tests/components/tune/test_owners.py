"""Whose trials are running: processes that live, leave, and are killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from components.tune.owners import Owner

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from components.tune.owners import Owner
owner = Owner(Path(sys.argv[1]))
print(owner.name, flush=True)
sys.stdin.read()
"""


def test_an_owner_is_alive_until_it_leaves(tmp_path: Path) -> None:
    first, second = Owner(tmp_path), Owner(tmp_path)
    assert first.name != second.name
    assert second.is_alive(first.name)
    assert first.is_alive(first.name)
    first.leave()
    assert not second.is_alive(first.name)
    assert not second.is_alive("somebody")
    second.leave()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_known_to_be_gone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        owner = Owner(tmp_path)
        assert owner.is_alive(name)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not owner.is_alive(name)
    assert not (tmp_path / f"{name}.lock").exists()
    owner.leave()
