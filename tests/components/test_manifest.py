"""What a finished folder holds, and what is wrong with one that was changed since."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from components.manifest import MANIFEST, damage, seal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished folder with two files."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("whole")
    (tmp_path / "sub" / "b.bin").write_bytes(b"123")
    seal(tmp_path)
    return tmp_path


def test_a_manifest_lists_every_file_with_its_size_and_digest(folder: Path) -> None:
    assert json.loads((folder / MANIFEST).read_text()) == {
        "a.txt": {"size": 5, "sha256": sha256(b"whole").hexdigest()},
        "sub/b.bin": {"size": 3, "sha256": sha256(b"123").hexdigest()},
    }
    assert damage(folder, deep=True) is None


def test_a_folder_can_be_sealed_again(folder: Path) -> None:
    (folder / "a.txt").write_text("whale")
    seal(folder)
    assert set(json.loads((folder / MANIFEST).read_text())) == {"a.txt", "sub/b.bin"}
    assert damage(folder, deep=True) is None


@pytest.mark.parametrize(
    ("change", "shallow", "deep"),
    [
        (lambda path: (path / "a.txt").unlink(), "a.txt is missing", "a.txt is missing"),
        (
            lambda path: (path / "sub" / "b.bin").write_bytes(b""),
            "sub/b.bin has 0 bytes instead of 3",
            "sub/b.bin has 0 bytes instead of 3",
        ),
        (
            lambda path: (path / "a.txt").write_text("whale"),
            None,
            "a.txt is not what was written",
        ),
        (
            lambda path: (path / MANIFEST).unlink(),
            "it has no manifest.json",
            "it has no manifest.json",
        ),
        *(
            (
                lambda path, text=text: (path / MANIFEST).write_text(text),
                "its manifest.json cannot be read",
                "its manifest.json cannot be read",
            )
            for text in ('{"a.txt": 5', "[]", "7", '{"a.txt": null}', '{"a.txt": {"size": 5}}', "é")
        ),
    ],
)
def test_a_change_is_named(
    folder: Path, change: Callable[[Path], object], shallow: str | None, deep: str
) -> None:
    change(folder)
    assert damage(folder, deep=False) == shallow
    assert damage(folder, deep=True) == deep


def test_a_manifest_of_an_older_version_has_sizes_alone(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"a.txt": 5, "sub/b.bin": 3}')
    (folder / "a.txt").write_text("whale")
    assert damage(folder, deep=True) is None
    (folder / "a.txt").write_text("who")
    assert damage(folder, deep=True) == "a.txt has 3 bytes instead of 5"
