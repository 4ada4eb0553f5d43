"""What is computed on a device: the same bits for the same seed, in the numbers asked for.

On the processor this runs everywhere; on a GPU where there is one.
"""

import json
from pathlib import Path
from types import ModuleType

import pytest

from components.train import placing
from components.train.worker import run_in_child

DEVICES = [
    pytest.param("cpu", marks=pytest.mark.slow),
    pytest.param("cuda", marks=pytest.mark.gpu),
]


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_gives_the_same_bits_in_the_numbers_asked_for(
    device: str, run_folder: Path, children: None
) -> None:
    if device == "cuda" and not placing.here().gpus:
        pytest.skip("no GPU here")
    device_work: ModuleType = __import__("device_work")
    run_in_child(device_work.compute, device, run_folder)
    found = json.loads((run_folder / "found.json").read_text())
    assert len(found["weights"]) == 12
    assert {name: len(set(digests)) for name, digests in found["weights"].items()} == dict.fromkeys(
        found["weights"], 1
    )
    assert len({digests[0] for digests in found["weights"].values()}) == 12
    assert found["off"] < 2e-5  # with TF32 some 1e-3
    assert set(found["types"]["none"]) == {"float32"}
    if device == "cuda":
        assert "float16" not in found["types"]["bfloat16"]
        assert set(found["types"]["float16"]) == {"float16"}
