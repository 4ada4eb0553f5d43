"""The benchmark of a GPU runs without one, in its small mode."""

import re
from pathlib import Path
from types import ModuleType

import pytest
import torch

from components.train import worker
from components.train.precision import onednn_has_bf16
from params.resources import Resources


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, where its children find what stands beside it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("PL_GLOBAL_SEED", "0")
    import gpu as benchmark

    return benchmark


def test_what_runs_side_by_side_counts_once(gpu: ModuleType) -> None:
    from gpu_child import covered

    assert covered([]) == 0
    assert covered([(5, 6), (0, 2), (1, 3), (1, 1.5), (3, 4)]) == 5


def test_the_bare_loop_is_the_same_network(gpu: ModuleType, tmp_path: Path) -> None:
    from gpu_sides import WORDS, Bare, job_of, made_up

    from components.preprocess.batches import Batches, load_split
    from components.train.networks import RecurrentNetwork

    for architecture in gpu.ARCHITECTURES:
        cell = gpu.SMALL.cell(architecture, 4, 6)
        prepared = made_up(tmp_path, cell, 3)
        job = job_of(cell, prepared, 1, Resources())
        ours = RecurrentNetwork(architecture, job.model, prepared.spec)
        bare = Bare(cell)
        given = [one.detach() for one in ours.parameters()]
        with torch.no_grad():
            for own, value in zip(bare.parameters(), given, strict=True):
                assert own.shape == value.shape
                own.copy_(value)
        batches = list(Batches(load_split(prepared.path, "train"), cell.batch_size, 1))
        assert len(batches) == 3
        assert batches[0].inputs.max() < WORDS
        for batch in batches:
            expected = ours(batch.inputs, batch.lengths)
            torch.testing.assert_close(bare(batch.inputs), expected, atol=1e-6, rtol=0)


def test_a_cell_is_measured_by_the_projects_own_child(gpu: ModuleType) -> None:
    from gpu_sides import measure

    worker.preload()
    cell = gpu.SMALL.cell("lstm", 4, 6)
    found = measure(cell, torch.device("cpu"), 1, Resources(precision="bf16-mixed"))
    first, second = found.looked.pop("epochs")  # of three: the last is profiled
    assert found.ours == second / 5 > 0
    assert first > 0
    assert found.looked == {
        "device": "cpu",
        "batches": "Batches",
        "recurrence": "bfloat16" if onednn_has_bf16() else "float32",
        "busy": None,
    }
    assert found.ratio == found.bare / found.ours > 0
    assert found.busy is None


@pytest.mark.slow
def test_the_small_mode_fills_every_table(gpu: ModuleType, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    gpu.main(["--small", "--output", str(tmp_path / "gpu.md")])
    torch.set_num_threads(threads)
    page = (tmp_path / "gpu.md").read_text()
    assert "In the small mode" in page
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    number = re.compile(r"[\d,]+(\.\d+)?")
    for name in gpu.ARCHITECTURES:
        speed, accuracy = [row for row in rows if row and row[0] == name]
        assert all(number.fullmatch(cell) for cell in speed[1:6])
        assert 0 <= float(accuracy[1]) <= 1
    assert [row[0] for row in rows if row and row[0] in ("2", "4")] == ["2", "4"]
    assert sum("bf16-mixed" in line for line in page.splitlines()) == 1
