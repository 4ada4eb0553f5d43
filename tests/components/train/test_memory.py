"""The peak memory of a child: what it held itself, and what it began with."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from components.train.worker import run_in_child

MEGABYTE = 1_000_000

pytestmark = pytest.mark.usefixtures("children")


def peaks(work: ModuleType, folder: Path, held: int) -> tuple[int, int]:
    folder.mkdir()
    run_in_child(work.hold, str(held), folder)
    before, after = json.loads((folder / "peaks.json").read_text())
    return before, after


def test_what_a_child_holds_is_seen_and_no_other_child_inherits_it(
    tmp_path: Path, children: None
) -> None:
    import child_work

    before, after = peaks(child_work, tmp_path / "one", 100 * MEGABYTE)
    assert 95 * MEGABYTE < after - before < 110 * MEGABYTE
    again, little = peaks(child_work, tmp_path / "two", MEGABYTE)
    assert little - again < 10 * MEGABYTE
    assert abs(again - before) < 10 * MEGABYTE
    assert again > 100 * MEGABYTE  # torch, Lightning and scikit-learn
