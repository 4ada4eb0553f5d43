"""Params that a run left, as a file or as its text."""

from pathlib import Path

import pytest

from params.errors import InputError
from params.kept import PARAMS, load_kept
from params.load import load, to_yaml


def test_what_was_kept_is_what_was_run(tmp_path: Path) -> None:
    experiment = load("imdb", ["train.max_epochs=4"])
    text = to_yaml(experiment)
    (tmp_path / PARAMS).write_text(text)
    assert load_kept(text, "imdb-1") == load_kept(tmp_path / PARAMS, "imdb-1") == experiment
    assert load_kept(text, "imdb-1", ["seeds=[9]"]).seeds == (9,)


@pytest.mark.parametrize("as_file", [False, True])
def test_what_another_version_left_says_whose_it_is(tmp_path: Path, as_file: bool) -> None:
    path = tmp_path / PARAMS
    path.write_text("task: dance")
    with pytest.raises(InputError) as caught:
        load_kept(path if as_file else "task: dance", "imdb-1")
    where = str(path) if as_file else "its params.yaml"
    assert str(caught.value) == (
        "the params of imdb-1 cannot be used by this version: task must be classification or "
        f"forecast, got 'dance' ({where})"
    )


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"by this version: no params file at {tmp_path}/none.y"):
        load_kept(tmp_path / "none.yaml", "imdb-1")
