"""Recurrences in bf16, or in 32 bits where there is none: never in float16, nor in TF32."""

import os
import platform
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from components.train import precision
from components.train.precision import chosen, states_in

CELLS = [nn.RNN, nn.LSTM, nn.GRU]
HALF, FULL = torch.bfloat16, torch.float32
GPU = torch.device("cuda")
HERE = torch.device("cpu")

# What a processor of before AVX-512 does.
ON_AVX2 = """
import torch
from components.train.recurrence import states
torch.manual_seed(0)
cell = torch.nn.LSTM(5, 7, batch_first=True)
inputs = torch.randn(3, 11, 5)
with torch.autocast("cpu", torch.bfloat16):
    found = states(cell, inputs)
found.sum().backward()
torch.testing.assert_close(found.float(), cell(inputs)[0], atol=2e-2, rtol=0)
print(found.dtype, cell.weight_hh_l0.grad.dtype)
"""


def gradients(states: Tensor, cell: nn.RNNBase, inputs: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(states.float().square().sum(), [inputs, *cell.parameters()]))


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(("dtype", "near"), [(FULL, 0), (HALF, 2e-2)])
def test_states_are_those_of_the_cell_and_gradients_have_32_bits(
    kind: type[nn.RNNBase], dtype: torch.dtype, near: float
) -> None:
    if dtype is HALF and kind is nn.LSTM and not precision.onednn_has_bf16():
        pytest.skip("no LSTM in bf16 here")
    torch.manual_seed(0)
    cell = kind(5, 7, batch_first=True)
    inputs = torch.randn(3, 11, 5, requires_grad=True)
    expected = cell(inputs)[0]
    with torch.autocast("cpu", HALF):
        found = states_in(dtype, cell, inputs)
    assert found.dtype is dtype
    torch.testing.assert_close(found.float(), expected, atol=near, rtol=0)
    slopes = gradients(expected, cell, inputs)
    for ours, theirs in zip(gradients(found, cell, inputs), slopes, strict=True):
        assert ours.dtype is FULL
        allowed = near * float(theirs.abs().max())
        torch.testing.assert_close(ours, theirs, atol=allowed, rtol=0)


@pytest.mark.parametrize(
    ("version", "capability", "expected"),
    [
        (91300, (8, 0), HALF),
        (92000, (9, 0), HALF),
        (91200, (9, 0), FULL),
        (91300, (7, 5), FULL),
        (None, (9, 0), FULL),
    ],
)
def test_a_gpu_computes_in_bf16_where_cudnn_has_it(
    version: int | None,
    capability: tuple[int, int],
    expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Without a card torch does not switch autocast on for one.
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda kind: kind == "cuda")
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: HALF)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: version)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert [chosen(kind(5, 7), GPU) for kind in CELLS] == [expected] * 3
    assert chosen(nn.LSTM(5, 7), HERE) is None
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: torch.float16)
    assert chosen(nn.LSTM(5, 7), GPU) is None  # as asked for, and with a scaler


def test_without_autocast_nothing_is_chosen() -> None:
    assert [chosen(kind(5, 7), device) for kind in CELLS for device in (GPU, HERE)] == [None] * 6


def test_an_lstm_has_32_bits_on_processors_without_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.autocast("cpu", HALF):
        monkeypatch.setattr(precision, "onednn_has_bf16", lambda: False)
        assert [chosen(kind(5, 7), HERE) for kind in CELLS] == [None, FULL, None]
        monkeypatch.setattr(precision, "onednn_has_bf16", lambda: True)
        assert chosen(nn.LSTM(5, 7), HERE) is None
    with torch.autocast("cpu", torch.float16):
        assert chosen(nn.LSTM(5, 7), HERE) is None


@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN is told of AVX2")
def test_bf16_runs_on_processors_without_avx512() -> None:
    environment = {
        **os.environ,
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", ON_AVX2], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "torch.float32"


def test_trying_draws_no_random_number() -> None:
    precision.onednn_has_bf16.cache_clear()
    before = torch.get_rng_state()
    precision.onednn_has_bf16()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("forbidden", [True, False])
def test_32_bits_are_not_tf32(forbidden: bool) -> None:
    before = torch.backends.cudnn.allow_tf32
    try:
        precision.forbid_tf32(forbidden)
        assert (torch.backends.cudnn.rnn.fp32_precision == "tf32") is not forbidden
    finally:
        torch.backends.cudnn.allow_tf32 = before
