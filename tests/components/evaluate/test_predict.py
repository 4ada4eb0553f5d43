"""A network's outputs come back in the order of its split."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from components.evaluate import predict
from components.preprocess.batches import TokenSplit


class Sums(nn.Module):
    """Twice over, the sum of each text's token ids; notes how many texts it read."""

    read = 0

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        assert not self.training
        assert not torch.is_grad_enabled()
        self.read += len(inputs)
        return inputs.sum(1, keepdim=True).float().repeat(1, 2)


def test_every_example_once_and_in_its_place() -> None:
    lengths = torch.randint(1, 9, (5_000,), generator=torch.Generator().manual_seed(0))
    token_ids = torch.arange(5_000).repeat_interleave(lengths)
    split = TokenSplit(token_ids, lengths.cumsum(0) - lengths, lengths, torch.zeros(5_000, 1))
    network = Sums()
    output = predict.run(network, split)
    assert output.tolist() == [[row * length] * 2 for row, length in enumerate(lengths.tolist())]
    assert output.dtype == torch.float64
    assert network.read == 5_000


def test_on_a_gpu_scores_have_32_bits_whatever_was_trained_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []
    network = SimpleNamespace(to=lambda device: told.append(device))
    monkeypatch.setattr(predict, "load_network", lambda *given: network)
    monkeypatch.setattr(predict, "same_bits", lambda wanted: told.append(wanted))
    monkeypatch.setattr(predict, "forbid_tf32", lambda forbidden: told.append(f"no {forbidden}"))
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    job: Any = SimpleNamespace(num_threads=1, architecture="lstm", model=None)
    job.prepared = SimpleNamespace(spec=None)
    job.resources = SimpleNamespace(deterministic=True, precision="bf16-mixed")
    for job.gpus in ((), (0,)):
        predict.network_of(job, Path("trained"))
    assert told == [True, "no True", "cuda"]
