"""Stage outputs: complete or not there at all."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from components.files import write_whole
from components.manifest import MANIFEST
from components.outputs import Store, key_of
from components.remote import Remote
from components.storage import Home, find_home
from params.errors import InputError

ROOT = Path(__file__).parents[2]


class Interrupted(BaseException):
    """Like KeyboardInterrupt: no Exception."""


def writing(text: str = "whole") -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        (folder / "a.txt").write_text(text, encoding="utf-8")
        (folder / "sub").mkdir()
        (folder / "sub" / "b.bin").write_bytes(b"123")

    return make


def refuse(folder: Path) -> None:
    pytest.fail("what is complete is not made again")


def visible(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.glob("stage/*/"))


def test_a_complete_output_is_reused(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    made = store.output("stage", "key", writing())
    assert not made.reused
    assert caplog.messages == []
    again = store.output("stage", "key", refuse)
    assert again.reused
    store.output("stage", "key", refuse, whose="lstm seed 1")
    assert caplog.messages == [
        "stage: reused, nothing it depends on changed",
        "stage lstm seed 1: reused, nothing it depends on changed",
    ]
    assert (again.path, again.key) == (made.path, "key")
    assert made.path == store.root / "stage" / "key"
    listed = json.loads((made.path / MANIFEST).read_text())
    assert {name: entry["size"] for name, entry in listed.items()} == {"a.txt": 5, "sub/b.bin": 3}
    assert visible(store) == ["key"]


def test_another_key_or_stage_is_another_output(store: Store) -> None:
    store.output("stage", "key", writing())
    assert not store.output("stage", "other", writing()).reused
    assert not store.output("other", "key", writing()).reused


def test_fresh_makes_it_again(store: Store) -> None:
    store.output("stage", "key", writing("old"))
    again = store.output("stage", "key", writing("new"), fresh=True)
    assert not again.reused
    assert (again.path / "a.txt").read_text() == "new"


def test_a_half_written_output_is_never_seen(store: Store) -> None:
    def make(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        assert not (store.root / "stage" / "key").exists()

    store.output("stage", "key", make)


@pytest.mark.parametrize("go_on", [False, True])
def test_what_was_begun_afresh_goes_on_but_is_no_reason_to_reuse(go_on: bool, store: Store) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise Interrupted

    found: list[list[str]] = []

    def look(folder: Path) -> None:
        found.append([path.name for path in folder.iterdir()])
        (folder / "whole").write_text("x")

    store.output("stage", "key", writing(), resumable=True)
    with pytest.raises(Interrupted):
        store.output("stage", "key", interrupted, fresh=True, resumable=True)
    again = store.output("stage", "key", look, fresh=True, resumable=True, go_on=go_on)
    assert found == [["half"] if go_on else []]
    assert not again.reused


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interrupted])
@pytest.mark.parametrize("fresh", [False, True])
def test_a_failure_keeps_nothing_and_loses_nothing(
    error: type[BaseException], fresh: bool, store: Store
) -> None:
    if fresh:
        store.output("stage", "key", writing("old"))

    def fail(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        raise error

    with pytest.raises(error):
        store.output("stage", "key", fail, fresh=fresh)
    assert visible(store) == ["key"] * fresh
    assert store.output("stage", "key", refuse if fresh else writing()).reused == fresh


def test_the_remains_of_a_killed_process_are_cleared_away(store: Store) -> None:
    partial = store.root / "stage" / "key.partial"
    partial.mkdir(parents=True)
    (partial / "a.txt").write_text("half")
    assert not store.output("stage", "key", writing()).reused
    assert visible(store) == ["key"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "a.txt").unlink(),
        lambda path: (path / "a.txt").write_text("who"),
        lambda path: (path / "a.txt").write_text("whale"),
        lambda path: (path / "sub" / "b.bin").write_bytes(b""),
        lambda path: (path / MANIFEST).unlink(),
        lambda path: (path / MANIFEST).write_text('{"a.txt": 5'),
        lambda path: (path / MANIFEST).write_text("[]"),
    ],
)
def test_a_damaged_output_is_named_and_made_again(
    damage: Callable[[Path], object], store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    path = store.output("stage", "key", writing()).path
    damage(path)
    again = store.output("stage", "key", writing())
    (said,) = caplog.messages
    assert said.startswith(f"{path} is damaged (")
    assert said.endswith("); it is made again")
    assert not again.reused
    assert (again.path / "a.txt").read_text() == "whole"
    assert store.output("stage", "key", refuse).reused


WANT = """
import sys, time
from pathlib import Path
from components.outputs import Store

root, log, go = map(Path, sys.argv[1:])

def make(folder):
    with log.open("a") as file:
        file.write("made ")
    time.sleep(0.3)
    (folder / "a.txt").write_text("whole")

while not go.exists():
    time.sleep(0.01)
output = Store(root).output("stage", "key", make)
assert (output.path / "a.txt").read_text() == "whole"
print("ready", output.reused)
"""


def test_processes_that_want_one_output_make_it_once(store: Store, tmp_path: Path) -> None:
    log, go = tmp_path / "log", tmp_path / "go"
    command = [sys.executable, "-c", WANT, str(store.root), str(log), str(go)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)
    ]
    go.touch()
    outputs = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert outputs == ["ready False\n", "ready True\n", "ready True\n"]
    assert log.read_text() == "made "


def test_a_key_depends_on_every_part_and_their_order() -> None:
    keys = [key_of("a", 1), key_of("a", 2), key_of(1, "a"), key_of("a", "1"), key_of("a1")]
    assert len({*keys, key_of("a", 1, "")}) == 6
    assert key_of("a", 1) == keys[0]
    assert len(keys[0]) == 16


def test_a_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_whole(path, "old")
    write_whole(path, "new ä")
    assert path.read_text(encoding="utf-8") == "new ä"
    assert list(tmp_path.iterdir()) == [path]


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UNROLL_HOME", raising=False)
    assert find_home() == Home(tmp_path / "outputs")
    monkeypatch.setenv("UNROLL_HOME", "~/elsewhere")
    home = find_home()
    assert home == Home(Path.home() / "elsewhere")
    places = (home.store.root, home.reports, home.artifacts, home.database)
    assert all(home.root in place.parents for place in places)


def test_an_unwritable_home_is_one_line(tmp_path: Path) -> None:
    home = Home(tmp_path / "new" / "home")
    home.require_writable()
    assert list(home.root.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        Home(tmp_path / "file").require_writable()
    assert str(caught.value) == (
        f"the output folder {tmp_path / 'file'} is not writable: File exists; "
        "set UNROLL_HOME to one that is"
    )
    with pytest.raises(InputError, match="set UNROLL_CACHE to one that is"):
        Home(tmp_path / "file", Remote("memory://shared")).require_writable()
