"""A store that machines share at a URL: put whole, fetched once, never used torn."""

import json
import logging
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from fsspec.registry import known_implementations
from fsspec.spec import AbstractFileSystem

from components import patience
from components.here import here, local
from components.manifest import MANIFEST
from components.outputs import Store
from components.records import Ingested, Prepared, Record, SequenceSpec
from components.remote import Remote
from components.storage import Home, find_home
from params.errors import InputError

ROOT = Path(__file__).parents[2]
KEY = "0123456789abcdef"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The folder at which two machines meet, by its URL."""
    return tmp_path / "shared"


@pytest.fixture
def first(tmp_path: Path, shared: Path) -> Store:
    return Store(tmp_path / "first" / "store", Remote(shared.as_uri()))


@pytest.fixture
def second(tmp_path: Path, shared: Path) -> Store:
    return Store(tmp_path / "second" / "store", Remote(shared.as_uri()))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0, 0))


def writing(text: str = "whole") -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "a.txt").write_text(text, encoding="utf-8")
        (folder / "sub").mkdir()
        (folder / "sub" / "b.bin").write_bytes(b"123")

    return make


def refuse(folder: Path) -> None:
    pytest.fail("what is complete is not made again")


def version(shared: Path) -> Path:
    """The folder with the files of the one output."""
    (found,) = (path for path in (shared / "stage" / KEY).iterdir() if path.is_dir())
    return found


def test_what_one_machine_makes_another_fetches_once(
    first: Store, second: Store, shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = first.output("stage", KEY, writing())
    assert caplog.messages == []
    there = sorted(path.relative_to(version(shared)) for path in version(shared).rglob("*"))
    assert list(map(str, there)) == ["a.txt", "sub", "sub/b.bin"]
    assert (shared / "stage" / KEY / MANIFEST).read_bytes() == (made.path / MANIFEST).read_bytes()
    fetched = second.output("stage", KEY, refuse)
    assert (made.reused, fetched.reused) == (False, True)
    assert fetched.path == second.root / "stage" / KEY
    assert (fetched.path / "sub" / "b.bin").read_bytes() == b"123"
    assert caplog.messages == [f"stage: fetched from {shared.as_uri()}/stage/{KEY}"]
    for path in version(shared).rglob("*.*"):
        path.unlink()  # so that nothing could be fetched again
    second.output("stage", KEY, refuse)
    assert caplog.messages[1:] == ["stage: reused, nothing it depends on changed"]
    assert sorted(path.name for path in (second.root / "stage").iterdir()) == [KEY, f"{KEY}.lock"]


def tear_manifest(shared: Path) -> None:
    path = shared / "stage" / KEY / MANIFEST
    path.write_bytes(path.read_bytes()[:-5])


def list_what_is_elsewhere(shared: Path) -> None:
    path = shared / "stage" / KEY / MANIFEST
    path.write_text(json.dumps({"../../../a.txt": {"size": 5, "sha256": ""}}))


@pytest.mark.parametrize(
    ("tear", "said"),
    [
        (lambda shared: (version(shared) / "a.txt").unlink(), "a file is missing"),
        (lambda shared: (version(shared) / "a.txt").write_text("who"), "3 bytes instead of 5"),
        (lambda shared: (version(shared) / "a.txt").write_text("whale"), "not what was written"),
        (tear_manifest, "its manifest.json cannot be read"),
        (list_what_is_elsewhere, "its manifest.json cannot be read"),
        (lambda shared: (shared / "stage" / KEY / MANIFEST).write_text("7"), "cannot be read"),
    ],
)
def test_what_is_torn_there_is_named_and_made_again(
    tear: Callable[[Path], object],
    said: str,
    first: Store,
    second: Store,
    shared: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first.output("stage", KEY, writing())
    tear(shared)
    made = second.output("stage", KEY, writing())
    assert not made.reused
    (warned,) = caplog.messages
    assert warned.startswith(f"{shared.as_uri()}/stage/{KEY} is damaged (")
    assert said in warned
    third = Store(tmp_path / "third", Remote(shared.as_uri()))  # it was put again, whole
    assert third.output("stage", KEY, refuse).reused
    assert not list(tmp_path.rglob("*.fetching"))


def test_without_a_manifest_nothing_is_there(first: Store, second: Store, shared: Path) -> None:
    first.output("stage", KEY, writing())
    (shared / "stage" / KEY / MANIFEST).unlink()
    assert not second.output("stage", KEY, writing("other")).reused
    # This machine has what it made, and puts it again only where it lacks.
    assert first.output("stage", KEY, refuse).reused
    (shared / "stage" / KEY / MANIFEST).unlink()
    first.output("stage", KEY, refuse)
    listed = (first.root / "stage" / KEY / MANIFEST).read_bytes()
    assert (shared / "stage" / KEY / MANIFEST).read_bytes() == listed


@pytest.mark.parametrize("left", [0, 5])
def test_a_manifest_that_was_cut_off_is_put_again_by_who_has_the_rest(
    left: int, first: Store, second: Store, shared: Path
) -> None:
    first.output("stage", KEY, writing())
    path = shared / "stage" / KEY / MANIFEST
    path.write_bytes(path.read_bytes()[:left])
    first.output("stage", KEY, refuse)
    assert second.output("stage", KEY, refuse).reused


@pytest.mark.usefixtures("impatient")
def test_who_puts_to_a_disk_is_never_seen_midway(
    first: Store, second: Store, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of a run that is put again stand there, and are read, while they are copied."""
    first.output("stage", KEY, writing())
    texts = {path: path.read_bytes() for path in shared.rglob("*.*") if path.is_file()}

    def copy(source: str, target: str) -> None:
        Path(target).write_bytes(b"")  # as far as it has come
        assert {path: path.read_bytes() for path in texts} == texts
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfile", copy)
    with pytest.raises(KeyboardInterrupt):
        first.output("stage", KEY, writing(), fresh=True)
    assert {path: path.read_bytes() for path in shared.rglob("*.*") if path.is_file()} == texts


@pytest.mark.usefixtures("impatient")
def test_what_was_half_made_goes_from_there_once_the_whole_is_there(
    away: list[int], first: Store, second: Store, shared: Path, tmp_path: Path
) -> None:
    partial = shared / "stage" / f"{KEY}.partial"

    def make(folder: Path) -> None:
        writing()(folder)
        partial.mkdir(parents=True)
        (partial / "epoch-1.ckpt").touch()

    with pytest.raises(InputError):
        first.output("stage", KEY, make, resumable=True)
    assert partial.is_dir()
    away[0] = 100
    first.output("stage", KEY, refuse, resumable=True)
    assert not partial.exists()
    partial.mkdir()  # the machine was killed when all but that was put
    second.output("stage", KEY, refuse, resumable=True)
    assert not partial.exists()


def test_what_is_damaged_here_is_fetched(first: Store, shared: Path) -> None:
    path = first.output("stage", KEY, writing()).path
    (path / "a.txt").write_text("whale")
    assert first.output("stage", KEY, refuse).reused
    assert (path / "a.txt").read_text() == "whole"


def test_fresh_takes_the_place_of_what_is_there(first: Store, second: Store) -> None:
    first.output("stage", KEY, writing("old"))
    second.output("stage", KEY, writing("new"), fresh=True)
    (first.root / "stage" / KEY / "a.txt").unlink()
    path = first.output("stage", KEY, refuse).path
    assert (path / "a.txt").read_text() == "new"


def test_two_machines_that_make_the_same_at_once_never_mix(
    first: Store, second: Store, tmp_path: Path, shared: Path
) -> None:
    def make(folder: Path) -> None:
        writing("one")(folder)
        second.output("stage", KEY, writing("two"))  # in the middle of it

    first.output("stage", KEY, make)
    texts = [(one.root / "stage" / KEY / "a.txt").read_text() for one in (first, second)]
    assert texts == ["one", "two"]
    third = Store(tmp_path / "third", Remote(shared.as_uri()))
    assert (third.output("stage", KEY, refuse).path / "a.txt").read_text() == "one"
    assert len([path for path in (shared / "stage" / KEY).iterdir() if path.is_dir()]) == 2


MAKE = """
import sys, time
from pathlib import Path
from components.outputs import Store
from components.remote import Remote

root, go = map(Path, sys.argv[1:3])

def make(folder):
    for number in range(20):
        (folder / f"{number}.txt").write_text(root.parent.name * 20_000)

while not go.exists():
    time.sleep(0.01)
Store(root, Remote(sys.argv[3])).output("stage", "0123456789abcdef", make)
"""


def test_processes_of_several_machines_leave_one_that_is_whole(
    tmp_path: Path, shared: Path
) -> None:
    go, roots = tmp_path / "go", [tmp_path / name / "store" for name in "abc"]
    command = [sys.executable, "-c", MAKE]
    processes = [
        subprocess.Popen([*command, str(root), str(go), shared.as_uri()], cwd=ROOT)
        for root in roots
    ]
    go.touch()
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    last = Store(tmp_path / "last", Remote(shared.as_uri())).output("stage", KEY, refuse)
    texts = {path.read_text()[0] for path in last.path.glob("*.txt")}
    assert len(texts) == 1


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Whether files can be put there: as often as the list says, and then not."""
    from fsspec.implementations.local import LocalFileSystem

    left = [0]
    put = LocalFileSystem.put_file

    def put_file(self: LocalFileSystem, *args: object, **named: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionError("no answer")
        put(self, *args, **named)

    monkeypatch.setattr(LocalFileSystem, "put_file", put_file)
    return left


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_put_that_fails_midway_leaves_nothing_that_is_taken_for_whole(
    before: int,
    away: list[int],
    first: Store,
    second: Store,
    shared: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away[0] = before
    with pytest.raises(InputError) as caught:
        first.output("stage", KEY, writing("first"))
    assert str(caught.value) == f"{shared.as_uri()} could not be written: no answer"
    assert [said.split(";")[0] for said in caplog.messages] == [
        f"{shared.as_uri()} could not be written"
    ] * 2
    away[0] = 100
    assert not second.output("stage", KEY, writing("second")).reused
    # What was made is kept here, and is not made again when the place answers.
    assert first.output("stage", KEY, refuse).reused
    assert (first.root / "stage" / KEY / "a.txt").read_text() == "first"


@pytest.mark.usefixtures("impatient")
def test_what_goes_away_while_it_is_fetched_is_not_taken_for_damaged(
    first: Store, second: Store, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def get_file(*_: object, **__: object) -> None:
        raise ConnectionError("no answer")

    first.output("stage", KEY, writing())
    with monkeypatch.context() as patch:
        patch.setattr(LocalFileSystem, "get_file", get_file)
        with pytest.raises(InputError) as caught:
            second.output("stage", KEY, refuse)
    assert str(caught.value) == f"{shared.as_uri()} could not be read: no answer"
    assert second.output("stage", KEY, refuse).reused


@pytest.mark.usefixtures("impatient")
def test_what_comes_back_is_waited_for(
    first: Store, second: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    tries, put = [], LocalFileSystem.put_file

    def put_file(self: LocalFileSystem, *args: object, **named: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TimeoutError
        put(self, *args, **named)

    monkeypatch.setattr(LocalFileSystem, "put_file", put_file)
    first.output("stage", KEY, writing())
    assert second.output("stage", KEY, refuse).reused


def test_a_place_in_memory_will_do(tmp_path: Path) -> None:
    remote = Remote(f"memory://{tmp_path.name}/home").at("store")
    Store(tmp_path / "a", remote).output("stage", KEY, writing())
    found = Store(tmp_path / "b", remote).output("stage", KEY, refuse)
    assert (found.path / "a.txt").read_text() == "whole"
    assert remote.names("stage") == [KEY]
    remote.remove(f"stage/{KEY}")
    assert (remote.names("stage"), remote.names("none")) == ([], [])


class Asked(Record):
    """A record with records of outputs in it, and paths of other things."""

    folder: Path
    ingested: Ingested
    several: tuple[Prepared, ...]
    note: str | None = None


def prepared(store: Store, *points: Prepared, key: str = KEY) -> Prepared:
    path = store.root / "stage" / key
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    known = {"key": key, "fingerprint": "f", "train": 1, "val": 1, "test": 1, "spec": spec}
    return Prepared(path=path, points=points, **known)


def asked(store: Store, folder: Path) -> Asked:
    ingested = Ingested(
        path=store.root / "stage" / KEY, source="s", fingerprint="f", splits={}, repeats_across=0
    )
    inner = prepared(store, key=KEY[::-1])
    return Asked(folder=folder, ingested=ingested, several=(prepared(store, inner),))


def test_a_record_of_another_machine_gets_the_paths_of_this_one(
    first: Store, second: Store, tmp_path: Path
) -> None:
    for key in (KEY, KEY[::-1]):
        first.output("stage", key, writing(key))
    found = here(asked(first, tmp_path), second)
    assert found == asked(second, tmp_path)
    inner = found.several[0].points[0].path
    assert (inner / "a.txt").read_text() == KEY[::-1]
    assert here(found, second) == found
    plain = Store(tmp_path / "plain")
    assert here(found, plain) is found
    assert local(inner, plain) is inner


def test_an_output_that_is_nowhere_is_one_line(
    first: Store, second: Store, tmp_path: Path, shared: Path
) -> None:
    with pytest.raises(InputError) as caught:
        here(asked(first, tmp_path), second)
    assert str(caught.value) == (
        f"stage/{KEY} is neither in {second.root} nor at {shared.as_uri()}; run it again"
    )


class Refused(AbstractFileSystem):
    """A filesystem that connects when it is made, and cannot."""

    protocol = "refused"
    tries: ClassVar[list[int]] = []

    def __init__(self, **named: object) -> None:
        self.tries.append(1)
        raise RuntimeError("who are you?")


@pytest.mark.usefixtures("impatient")
def test_who_connects_late_is_waited_for_and_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(known_implementations, "refused", {"class": f"{__name__}.Refused"})
    Refused.tries.clear()
    remote = Remote("refused://host/a")
    for call in (remote.read, remote.names):
        with pytest.raises(InputError) as caught:
            call("b")
        assert str(caught.value) == "refused://host/a could not be read: who are you?"
    with pytest.raises(InputError):
        remote.put_files({"b": tmp_path / "b"}, tries=False)
    assert len(Refused.tries) == 3 + 3 + 1
    caplog.clear()
    remote.remove("b")
    assert caplog.messages == ["refused://host/a/b could not be removed: who are you?"]


def test_a_home_at_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNROLL_CACHE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("UNROLL_HOME", "s3://bucket/my runs/")
    home = find_home()
    assert home.named == "s3://bucket/my runs"
    assert home.root.parent == tmp_path / "unroll"
    assert home.root.name.startswith("myruns-")
    assert home.store.remote == Remote("s3://bucket/my runs/store")
    monkeypatch.setenv("UNROLL_HOME", "s3://bucket/other")
    assert find_home().root != home.root
    monkeypatch.setenv("UNROLL_CACHE", str(tmp_path / "own"))
    assert find_home() == Home(tmp_path / "own", Remote("s3://bucket/other"))
    assert find_home().store.root == tmp_path / "own" / "store"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file://", "UNROLL_HOME must be a folder, or a URL such as s3://bucket/unroll or "),
        ("file:///", "UNROLL_HOME must be a folder, or a URL such as "),
        ("s3:/bucket", "UNROLL_HOME must be a folder, or a URL such as "),
        ("s3://", "UNROLL_HOME must be a folder, or a URL such as "),
        (" s3://bucket", "UNROLL_HOME must be a folder, or a URL such as "),
        ("zip::s3://bucket/a.zip", "UNROLL_HOME must be a folder, or a URL such as "),
        ("s3://bucket/a::b", "UNROLL_HOME has :: in it, between which fsspec looks for several "),
        ("sftp://me:secret@[::1]/a", "UNROLL_HOME has :: in it, between which fsspec looks for "),
        ("file://host/x", "UNROLL_HOME has no host and no relative path after file://, got file:"),
        ("local://x", "UNROLL_HOME has no host and no relative path after local://, got local:"),
        ("zip://a.zip", "UNROLL_HOME must be a place where several processes write, got a zip://"),
        ("memory://a", "UNROLL_HOME must be a place where several processes write, got a memory:"),
        ("github://me:secret@x", "UNROLL_HOME must be a place where several processes write, "),
        ("http://secret@host/x", "UNROLL_HOME must be a place where several processes write, "),
        ("s3:/me:secret@bucket", "UNROLL_HOME must be a folder, or a URL such as "),
        ("ftp://me:sec/secret@host/x", "UNROLL_HOME has a password with a / in it, got ftp://me:"),
    ],
)
def test_a_url_that_cannot_hold_a_store_is_one_line(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLL_HOME", url)
    with pytest.raises(InputError) as caught:
        find_home()
    assert str(caught.value).startswith(said)
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("named", ["a::b", "s3", "s3:b", "a/b", "./file:/x"])
def test_what_only_looks_like_a_url_is_a_folder(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLL_HOME", named)
    assert find_home() == Home(tmp_path / named)


@pytest.mark.parametrize(
    "url", ["local:///srv/a", "hdfs:///a", "abfs://a@b.net/c", "ftp://h:21/a@b"]
)
def test_a_url_of_a_place_is_taken_as_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLL_HOME", url)
    assert find_home().remote == Remote(url)


def test_a_cache_at_a_url_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLL_HOME", "s3://bucket/unroll")
    monkeypatch.setenv("UNROLL_CACHE", "ftp://me:secret@host/cache")
    with pytest.raises(InputError) as caught:
        find_home()
    assert str(caught.value) == (
        "UNROLL_CACHE must be a folder of this machine, such as /var/cache/unroll, got "
        "'ftp://me:***@host/cache'"
    )


def test_a_cache_is_another_folder_than_the_shared_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, link = tmp_path / "shared", tmp_path / "link"
    shared.mkdir()
    link.symlink_to(shared)
    monkeypatch.setenv("UNROLL_HOME", f"{shared.as_uri()}/")
    monkeypatch.setenv("UNROLL_CACHE", str(link))
    with pytest.raises(InputError) as caught:
        find_home()
    assert str(caught.value) == (
        f"UNROLL_CACHE must be another folder than UNROLL_HOME, got {link} for both"
    )
    monkeypatch.setenv("UNROLL_CACHE", str(shared / "own"))
    assert find_home().root == shared / "own"


def test_a_cache_is_of_one_url(tmp_path: Path) -> None:
    """Else what is reused from it would never come to another one."""
    own = tmp_path / "own"
    urls = [(tmp_path / name).as_uri() for name in "ab"]
    homes = [Home(own, Remote(url)) for url in urls]
    for home in homes:  # as long as nothing is there
        home.require_writable()
    homes[1].store.output("stage", KEY, writing())
    homes[1].require_writable()
    for home, others in (
        (homes[0], f"those of {urls[0]}, set UNROLL_CACHE"),
        (Home(own), "outputs that are not, set UNROLL_HOME"),
    ):
        with pytest.raises(InputError) as caught:
            home.require_writable()
        assert str(caught.value) == (
            f"{own} holds what is shared at {urls[1]}; for {others} to another folder"
        )
    plain = Home(tmp_path / "plain")
    plain.store.output("stage", KEY, writing())
    plain.require_writable()
    with pytest.raises(InputError) as caught:
        Home(plain.root, Remote(urls[0])).require_writable()
    assert str(caught.value) == (
        f"{plain.root} holds outputs, and no file shared_at that says where they are shared; if "
        f"that is {urls[0]}, write it into that file, else set UNROLL_CACHE to another folder"
    )
    assert sorted(path.name for path in plain.root.iterdir()) == ["store"]
    (plain.root / "shared_at").write_text(f"{urls[0]}\n")  # as it is written by hand
    Home(plain.root, Remote(urls[0])).require_writable()


@pytest.mark.parametrize("reading", [True, False])
def test_a_mark_of_somebody_else_is_one_line(
    reading: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may read and write anywhere, so that it is refused by hand."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    home = Home(tmp_path, Remote("s3://bucket/unroll"))
    if reading:
        (tmp_path / "shared_at").write_text("s3://bucket/unroll")
    monkeypatch.setattr(Path, "read_text" if reading else "replace", refuse)
    with pytest.raises(InputError) as caught:
        home.require_folder()
    assert str(caught.value) == (
        f"{tmp_path / 'shared_at'} says which URL the folder is for, and cannot be used: "
        "Permission denied; see whose it is, or set UNROLL_CACHE to another folder"
    )


def test_a_changed_password_is_the_same_url(tmp_path: Path) -> None:
    for password in "ab":
        home = Home(tmp_path / "own", Remote(f"ftp://me:{password}@host/unroll"))
        home.require_folder()
        home.reports.mkdir(exist_ok=True)
    assert (home.root / "shared_at").read_text() == "ftp://me:***@host/unroll"


def test_a_password_is_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "ftp://me:secret@host/unroll"
    remote = Remote(url)
    assert "secret" not in f"{remote} {remote!r} {Home(tmp_path, remote)!r}"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("UNROLL_CACHE", raising=False)
    monkeypatch.setenv("UNROLL_HOME", url)
    before = find_home().root
    monkeypatch.setenv("UNROLL_HOME", url.replace("secret", "changed"))
    assert find_home().root == before


@pytest.mark.usefixtures("impatient")
def test_a_password_is_in_no_warning_and_in_no_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("me, secret: no")

    monkeypatch.setitem(known_implementations, "refused", {"class": f"{__name__}.Refused"})
    monkeypatch.setattr(Refused, "__init__", refuse)
    remote = Remote("refused://me:secret@host/a")
    for call in (lambda: remote.read("b"), remote.require_writable):
        with pytest.raises(InputError) as caught:
            call()
        assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert len(caplog.messages) == 2
    assert "secret" not in caplog.text


def test_a_home_that_cannot_be_used_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(known_implementations, "refused", {"class": f"{__name__}.Refused"})
    (tmp_path / "file").write_text("")
    cases = {
        "nosuch://bucket": "nosuch://bucket cannot be used: Protocol not known: nosuch; ",
        # These two connect when they are made; nothing listens at the first port.
        "ftp://me:pw@127.0.0.1:1/a": "ftp://me:***@127.0.0.1:1/a cannot be written: [Errno 111] ",
        "refused://host/a": "refused://host/a cannot be written: who are you?; ",
        (tmp_path / "file").as_uri(): f"{(tmp_path / 'file').as_uri()} cannot be written: ",
    }
    for url, said in cases.items():
        with pytest.raises(InputError) as caught:
            Home(tmp_path / "own", Remote(url)).require_writable()
        assert str(caught.value).startswith(said)
        assert "UNROLL_HOME" in str(caught.value)
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["shared_at"]


def test_a_package_that_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"class": "no_such_package.Bucket", "err": "Install bucketfs to access Bucket"}
    monkeypatch.setitem(known_implementations, "bucket", said)
    with pytest.raises(InputError) as caught:
        Home(tmp_path, Remote("bucket://unroll")).require_writable()
    assert str(caught.value) == (
        "bucket://unroll needs a package that is not there: Install bucketfs to access Bucket; "
        "install it, or let UNROLL_HOME name another place"
    )


def test_a_home_that_can_be_used_is_left_as_it_was(tmp_path: Path, shared: Path) -> None:
    Home(tmp_path / "own", Remote(shared.as_uri())).require_writable()
    assert list(shared.iterdir()) == []
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["shared_at"]


def test_a_folder_costs_no_import(tmp_path: Path) -> None:
    code = (
        "import sys; from components.storage import find_home; home = find_home()\n"
        "home.require_writable(); home.store.output('stage', 'key', lambda folder: None)\n"
        "assert not {'fsspec', 's3fs'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, env={"UNROLL_HOME": str(tmp_path)}
    )
