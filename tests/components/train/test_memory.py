"""The peak memory of a child: what it held itself, and what it began with."""

import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

from components.train import memory
from components.train.worker import run_in_child

MEGABYTE = 1_000_000


def peaks(work: ModuleType, folder: Path, held: int) -> tuple[int, int]:
    folder.mkdir()
    run_in_child(work.hold, str(held), folder)
    before, after = json.loads((folder / "peaks.json").read_text())
    return before, after


@pytest.mark.usefixtures("children")
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


def test_the_systems_own_counters_say_that_memory_ran_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = tmp_path / "vmstat", tmp_path / "memory.events", tmp_path / "missing"
    monkeypatch.setattr(memory, "COUNTERS", counters)
    counters[0].write_text("pgfault 12\noom_kill 3\noom_kill_more 9\n")
    counters[1].write_text("oom 7\noom_kill 1\n")
    assert memory.times_memory_ran_out() == 4


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError("out of memory"), False),
    ],
)
def test_memory_that_could_not_be_had_is_told_from_other_errors(
    error: BaseException, expected: bool
) -> None:
    assert memory.is_out_of_memory(error) == expected


def test_torch_says_it_in_these_words() -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(2**60)
    assert memory.is_out_of_memory(failed.value)
