"""`unroll doctor`: each fault is found and named, with how to mend it, and never a traceback."""

import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock
from rich.console import Console

from components.remote import Remote
from components.storage import Home
from flows.upkeep import devices, environment, stored
from flows.upkeep.devices import Gpu, Seen, judged
from flows.upkeep.doctor import doctor, findings, tell
from flows.upkeep.findings import Finding, good, isolated, note
from flows.upkeep.tracked import mlflow
from params.errors import plural

World = Any  # the one of conftest.py, which is not imported

ID = "heat-20260102-030405-{}"
ONE, TWO = (ID.format(end) for end in ("aaaa", "bbbb"))


def faults(found: Iterable[Finding]) -> list[tuple[str, str]]:
    """What is not well: its mark and what was found."""
    return [(one.mark, one.found) for one in found if one.mark != "ok"]


def test_a_healthy_installation_has_nothing_wrong(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    trained = world.output("train", "trained")
    world.comparison(ONE, nested=[[trained]])
    assert doctor(world.home, deep=True, as_json=True) == 0
    found = [Finding(**one) for one in json.loads(capsys.readouterr().out)]
    assert [one for one in found if one.mark == "wrong"] == []
    checked = {one.checked for one in found}
    assert checked >= {"Python", "packages", "machine", "disk", "store", "MLflow", "Prefect"}
    assert checked >= {"comparisons", "reports", "processor", "GPU", "Hugging Face"}
    said = {one.found for one in found}
    assert "1 output, 1.1 kB, every file is what was written" in said
    assert "1 finished comparison" in said
    assert f"1 report in {world.home.reports}" in said


def test_a_fault_has_a_line_for_it_and_one_for_its_mending_and_the_status_is_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    name = world.output("train", "trained")
    (world.home.store.root / name / "data.bin").unlink()
    assert doctor(world.home, deep=False, as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("wrong"))
    path = world.home.store.root / name
    assert lines[at] == f"wrong store           {name} is damaged: data.bin is missing ({path})"
    assert (
        lines[at + 1].strip() == "-> nothing to do: it is made again at the next run that needs it"
    )
    assert lines[-1].startswith("1 thing wrong, ")


def test_lines_are_folded_where_the_terminal_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = note("disk", f"a disk at /{'x' * 50} is here\nand full", "free some of the space now")
    tell(finding)
    whole = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert whole[1] == ["->", finding.mend]
    assert len(whole) == 2  # no line of a file or a pipe is folded
    monkeypatch.setattr("flows.upkeep.doctor.stdout", lambda: Console(width=46))
    tell(finding)
    assert capsys.readouterr().out.splitlines() == [
        "note  disk            a disk at",
        f"                      /{'x' * 50}",
        "                      is here and full",
        "                      -> free some of the",
        "                         space now",
    ]


def test_a_check_that_fails_is_itself_a_finding() -> None:
    def check() -> Iterable[Finding]:
        yield good("disk", "fine")
        raise RuntimeError("on\nfire")

    first, second = isolated("disk", check)
    assert first.mark == "ok"
    assert (second.mark, second.found) == ("wrong", "could not be checked: RuntimeError: on fire")


def test_the_process_that_looks_at_devices_is_waited_for_however_the_checks_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    monkeypatch.setattr(devices, "start", lambda: process)
    checking = findings(world.home, deep=False, as_json=True)
    next(checking)
    checking.close()
    assert process.returncode == -signal.SIGKILL


def test_half_written_folders_are_named(world: World) -> None:
    goes_on, nothing = world.partial("one", checkpoint=True), world.partial("two")
    (world.home.store.root / "train" / ".x.12ab.removed").mkdir()
    found = list(stored.store(world.home, deep=False))
    assert sorted(faults(found), reverse=True) == [
        ("note", f"{goes_on} is half written, 53 B; its training can go on from a checkpoint"),
        ("note", f"{nothing} is half written, 3 B; nothing reads it"),
        ("note", "0 B whose removal was interrupted"),
    ]
    with FileLock(world.home.store.root / f"{nothing}.lock"):
        said = [one.found for one in stored.store(world.home, deep=False)]
    assert f"being made now by a running process: {nothing}" in said
    assert not any("nothing reads it" in one for one in said)


def test_a_changed_byte_is_found_by_digest_alone(world: World) -> None:
    name = world.output("train", "trained")
    path = world.home.store.root / name / "data.bin"
    path.write_bytes(b"\x01" + path.read_bytes()[1:])
    assert faults(stored.store(world.home, deep=False)) == []
    ((mark, found),) = faults(stored.store(world.home, deep=True))
    assert mark == "wrong"
    assert found.startswith(f"{name} is damaged: data.bin is not what was written")


def test_of_many_damaged_outputs_the_first_are_named(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        name = world.output("train", f"trained {number}")
        (world.home.store.root / name / "data.bin").unlink()
    found = [one.found for one in stored.store(world.home, deep=True) if one.mark == "wrong"]
    assert len(found) == 6
    assert all("is damaged: data.bin is missing" in one for one in found[:5])
    assert found[5] == "and 3 more outputs that are damaged"
    assert doctor(world.home, deep=True, as_json=False) == 1
    capsys.readouterr()


def test_a_truncated_database_is_named(world: World) -> None:
    data = world.home.database.read_bytes()
    world.home.database.write_bytes(data[: len(data) // 2])
    (found,) = mlflow(world.home)
    assert found.mark == "wrong"
    assert found.found == f"{world.home.database} is damaged: database disk image is malformed"
    assert found.mend.startswith("put a copy of mlflow.db in its place")
    world.home.database.write_bytes(b"not a database at all" * 100)
    (found,) = mlflow(world.home)
    assert found.found.endswith("is damaged: file is not a database")


@pytest.mark.parametrize(
    ("version", "found", "mend"),
    [
        ("75868b020152", "has tables of version 75868b020152, this MLflow needs", "db upgrade"),
        ("0123456789ab", "version 0123456789ab, which this MLflow does not know", "newer MLflow"),
        (None, "has tables of version none, this MLflow needs", "db upgrade"),
    ],
)
def test_tables_of_another_version_are_named(
    world: World, version: str | None, found: str, mend: str
) -> None:
    with sqlite3.connect(world.home.database) as database:
        if version is None:
            database.execute("DELETE FROM alembic_version")
        else:
            database.execute("UPDATE alembic_version SET version_num = ?", (version,))
    (finding,) = mlflow(world.home)
    assert finding.mark == "wrong"
    assert found in finding.found
    assert mend in finding.mend


def test_no_database_yet_is_no_fault(world: World) -> None:
    world.home.database.unlink()
    (found,) = mlflow(world.home)
    assert (found.mark, found.found) == (
        "note",
        f"no runs yet: {world.home.database} is not there; the first run makes it",
    )
    assert not world.home.database.exists()


@pytest.mark.parametrize(
    ("uri", "said", "mend"),
    [
        ("http://127.0.0.1:9", "no MLflow server answers at http://127.0.0.1:9: ", "start it"),
        ("postgresql+psycopg2://me:secret@127.0.0.1:9/db", ":***@127.0.0.1:9/db cannot be", "see"),
        ("postgresql+pg8000://me:secret@127.0.0.1:9/db", "needs the package pg8000", "pip"),
        ("postgresql+nonesuch://me:secret@127.0.0.1:9/db", "db cannot be read", "see"),
    ],
)
def test_a_server_that_does_not_answer_is_named_without_its_password(
    world: World, monkeypatch: pytest.MonkeyPatch, uri: str, said: str, mend: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    (found,) = mlflow(world.home)
    assert found.mark == "wrong"
    assert said in found.found
    assert "secret" not in found.found
    assert found.mend.startswith(mend)


def test_dead_runs_unfinished_comparisons_and_orphaned_reports_are_named(world: World) -> None:
    world.comparison(ONE, nested=[[]], status="RUNNING")
    world.comparison(TWO, status="KILLED", days=2)
    world.comparison(ID.format("cccc"), status="RUNNING", gone=False)
    world.report(ID.format("dddd"))
    lacking = world.comparison(ID.format("eeee"))
    world.client.set_tag(lacking, "unroll.missing", "2")
    found = list(mlflow(world.home))
    assert faults(found) == [
        ("note", "2 runs still RUNNING by MLflow, but their process is gone"),
        ("note", f"1 comparison without some of the runs: {ID.format('eeee')}"),
        ("note", f"{ONE} is not finished: its process is gone"),
        ("note", f"{TWO} is not finished: it ended KILLED"),
        ("note", f"1 report of no comparison in MLflow: {ID.format('dddd')}"),
    ]
    mends = [one.mend for one in found if one.mark != "ok"]
    assert mends[2] == f"unroll resume {ONE}; or `unroll clean --unfinished` removes it"


def test_a_finished_run_without_its_files_is_named(world: World) -> None:
    run_id = world.comparison(ONE)
    shutil.rmtree(world.home.artifacts / run_id)
    ((mark, found),) = faults(mlflow(world.home))
    assert mark == "wrong"
    assert found.startswith(f"the files of 1 finished run are gone: {ONE} ({run_id[:8]}); such as ")


def test_packages_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["fastapi~=0.150.0", "numpy>=2", "nonesuch>=1", "psycopg2; extra == 'postgres'"]
    versions = {"fastapi": "0.165.1", "numpy": "2.3.0", "prefect": "3.8.8"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    monkeypatch.setattr(metadata, "metadata", lambda name: {"Requires-Python": ">=3.99"})
    found = [one for one in environment.packages() if one.mark == "wrong"]
    assert [one.found.partition(",")[0] for one in found[1:]] == [
        "fastapi 0.165.1",
        "nonesuch is not installed",
    ]
    assert found[0].found.endswith(", >=3.99 is needed")
    assert "Prefect's server does not start with every FastAPI" in found[1].found
    assert found[1].mend == "pip install 'fastapi~=0.150.0'"


def test_the_installed_packages_fit() -> None:
    assert faults(environment.packages()) == []


@pytest.mark.parametrize(
    ("files", "mark"), [(100, "wrong"), (512, "note"), (4096, None), (resource.RLIM_INFINITY, None)]
)
def test_too_few_files_and_too_little_memory_are_named(
    monkeypatch: pytest.MonkeyPatch, files: int, mark: str | None
) -> None:
    memory = type("Memory", (), {"available": 10**6, "total": 10**9})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (files, files))
    found = list(environment.machine())
    assert found[0].mark == "note"
    assert "1.0 MB of 1.0 GB memory free" in found[0].found
    assert [one.mark for one in found[1:]] == ([mark] if mark else [])


def refuse(path: Path) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def test_a_full_disk_and_an_unwritable_folder_are_named(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free = {"now": 10**8}
    usage = type("Usage", (), {"free": property(lambda _: free["now"])})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage())
    found = {one.checked: one for one in environment.folders(world.home)}
    assert found["output folder"].mark == "ok"
    assert (found["disk"].mark, found["disk"].mend) == ("wrong", "`unroll clean` shows what can go")
    free["now"] = 10**9
    assert [one.mark for one in environment.folders(world.home)] == ["ok", "note"]
    free["now"] = 10**11
    (tmp_path / "file").write_text("")
    blocked = list(environment.folders(type(world.home)(tmp_path / "file" / "outputs")))
    assert blocked[0].mark == "wrong"
    assert "is not a folder that can be written" in blocked[0].found
    assert blocked[0].mend == "set UNROLL_HOME to another folder"
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(Path, "touch", refuse)
    at_url = list(environment.folders(Home(tmp_path / "own", Remote("memory://shared"))))
    assert (at_url[0].mark, at_url[0].mend) == ("wrong", "set UNROLL_CACHE to one that is")
    assert at_url[0].checked == "own folder"
    assert at_url[0].found.startswith(f"this machine's folder {tmp_path / 'own'} is not writable: ")
    fresh = list(environment.folders(type(world.home)(tmp_path / "new")))
    assert fresh[0].found.endswith("is not there yet; the first run makes it")
    assert not (tmp_path / "new").exists()


def test_an_offline_hub_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (found,) = environment.hugging_face()
    assert found.mark == "note"
    assert found.found.startswith("HF_HUB_OFFLINE is set: only what lies in ")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    (found,) = environment.hugging_face()
    assert found.mark == "ok"


H100 = Gpu("NVIDIA H100", 80 * 10**9)


@pytest.mark.parametrize(
    ("seen", "mark", "found"),
    [
        ({"nvml_error": "LibraryNotFound"}, "ok", "none; training is on the processor"),
        (
            {"nvml_error": "LibraryNotFound", "built_for": "12.8"},
            "note",
            "no NVIDIA driver is loaded; training is on the processor",
        ),
        (
            {"nvml_error": "LibRmVersionMismatch", "built_for": "12.8"},
            "wrong",
            "the driver's library is of another version than the driver that is loaded",
        ),
        (
            {"nvml_gpus": (H100,), "driver": "550"},
            "wrong",
            "NVIDIA H100 is here, but torch 2.13.0 is built without CUDA",
        ),
        (
            {"nvml_gpus": (H100, H100), "driver": "470", "built_for": "12.8", "torch_said": "old"},
            "wrong",
            "NVIDIA H100 is here with driver 470, but torch 2.13.0 for CUDA 12.8 does not see it: "
            "old",
        ),
        (
            {"gpus": (H100,), "nvml_gpus": (H100,), "built_for": "12.8"},
            "ok",
            "NVIDIA H100, 80 GB",
        ),
        (
            {"gpus": (H100,), "nvml_error": "NoPermission", "built_for": "12.8"},
            "note",
            "NVML does not answer (NoPermission); a GPU's load is not logged",
        ),
        (
            {"gpus": (H100,), "nvml_gpus": (H100, H100), "built_for": "12.8"},
            "note",
            "1 more that torch does not see",
        ),
    ],
)
def test_what_torch_and_nvml_see_is_judged(seen: dict[str, Any], mark: str, found: str) -> None:
    values = {"torch": "2.13.0", "built_for": None, "threads": 2, **seen}
    findings = list(judged(Seen(**values)))
    assert findings[0].found == "torch 2.13.0 computes on 2 threads"
    assert (findings[-1].mark, findings[-1].found) == (mark, found)
    assert all(one.mend for one in findings if one.mark == "wrong")


def test_devices_that_cannot_be_asked_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "torch.py"
    broken.write_text("raise ImportError('libcuda is of yesterday')")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    monkeypatch.setenv("PYTHONPATH", path)
    (found,) = devices.devices(devices.start())
    assert found.mark == "wrong"
    assert found.found == ("torch cannot be asked (status 1): ImportError: libcuda is of yesterday")


def test_words_for_numbers() -> None:
    assert [plural(number, "copy", "copies") for number in (1, 2000)] == ["1 copy", "2,000 copies"]
