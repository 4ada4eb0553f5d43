"""The same files under the path that each machine has them at."""

from pathlib import Path

import pytest

from components.records import Prepared, SequenceSpec
from components.storage import Home
from flows.cluster.paths import ID, home_here, id_of, moved
from params.errors import InputError

THERE, HERE = Path("/there/outputs"), Path("/here")


def prepared(path: Path, points: tuple[Prepared, ...] = ()) -> Prepared:
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    return Prepared(
        path=path, key="k", fingerprint="f", train=1, val=1, test=1, spec=spec, points=points
    )


def test_every_path_in_the_folder_is_moved_and_no_other() -> None:
    point = prepared(THERE / "store/preprocess/b")
    whole = prepared(THERE / "store/preprocess/a", (point, prepared(Path("/elsewhere/c"))))
    found = moved(whole, THERE, HERE)
    assert found.path == HERE / "store/preprocess/a"
    assert [one.path for one in found.points] == [
        HERE / "store/preprocess/b",
        Path("/elsewhere/c"),
    ]
    assert moved(found, HERE, THERE) == whole
    assert moved(THERE / "x", THERE, HERE) == HERE / "x"


def test_on_a_folder_of_the_same_name_nothing_changes() -> None:
    whole = prepared(THERE)
    assert moved(whole, THERE, THERE) is whole


def test_the_folder_is_known_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, root = tmp_path / "shared", tmp_path / "not here"
    shared.mkdir()
    known = id_of(Home(shared))
    assert len(known) == 16
    assert id_of(Home(shared)) == known
    monkeypatch.delenv("UNROLL_HOME", raising=False)
    with pytest.raises(InputError, match=f"does not see the output folder at {root}; UNROLL_HOME"):
        home_here(root, known)
    monkeypatch.setenv("UNROLL_HOME", str(shared))
    assert home_here(root, known) == Home(shared)
    with pytest.raises(InputError, match=f"nor at its own UNROLL_HOME {shared}; UNROLL_HOME must"):
        home_here(root, "another")
    root.mkdir()
    (root / ID).write_text(known)
    assert home_here(root, known) == Home(root)
