"""What a child computes on a device in `test_devices.py`, which imports this module by its name."""

import hashlib
import json
from pathlib import Path

import torch
from torch import nn

from components.preprocess.batches import Batches, TokenSplit
from components.preprocess.on_device import Delivery
from components.records import SequenceSpec
from components.train.determinism import same_bits
from components.train.networks import RecurrentNetwork
from components.train.precision import forbid_tf32
from components.train.recurrence import states
from params.load import load
from params.names import Architecture

ARCHITECTURES: tuple[Architecture, ...] = ("rnn", "lstm", "gru", "bilstm")
POOLINGS = ("last", "max", "mean")
ROOMS = (10**9, 10**9, 0)  # lying there, the same once more, copied one ahead
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def compute(job: str, folder: Path) -> None:
    """Write down what small trainings on the device `job` end with, and types of recurrences."""
    same_bits(True)
    forbid_tf32(True)
    torch.set_num_threads(1)
    device = torch.device(job)
    weights = {
        f"{architecture} {pooling}": [
            trained(architecture, pooling, device, room) for room in ROOMS
        ]
        for architecture in ARCHITECTURES
        for pooling in POOLINGS
    }
    found = {"weights": weights, "types": types(device), "off": difference(device)}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


def trained(architecture: Architecture, pooling: str, device: torch.device, room: int) -> str:
    """A digest of the weights after two epochs, with dropout and clipping."""
    torch.manual_seed(0)
    sizes = {"hidden_sizes": (16, 8), "dropout": 0.2, "pooling": pooling}
    model = load("imdb").model.model_copy(update=sizes)
    spec = SequenceSpec(num_embeddings=99, input_size=1, output_size=1)
    network = RecurrentNetwork(architecture, model, spec).to(device)
    fused = device.type == "cuda" or None
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2, fused=fused)
    split = texts()
    delivery = Delivery([split], device, room)
    for epoch in range(2):
        for batch in delivery.of(Batches(split, 16, epoch)):
            output = network(batch.inputs.to(device), batch.lengths.to(device))
            targets = batch.targets.to(device)
            loss = nn.functional.binary_cross_entropy_with_logits(output, targets)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimizer.step()
    digest = hashlib.sha256()
    for one in network.parameters():
        assert torch.isfinite(one).all()
        digest.update(one.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def texts() -> TokenSplit:
    """Texts of 1 to 20 tokens."""
    random = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 21, (60,), generator=random)
    ids = torch.randint(1, 99, (int(lengths.sum()),), generator=random, dtype=torch.int32)
    labels = torch.randint(2, (60, 1), generator=random).float()
    return TokenSplit(ids, lengths.cumsum(0) - lengths, lengths, labels)


def types(device: torch.device) -> dict[str, list[str]]:
    """The types of states under each precision; their gradients have 32 bits."""
    found: dict[str, list[str]] = {"none": [], "bfloat16": []}
    if device.type == "cuda":
        found["float16"] = []  # on the processor torch has no RNN in it
    for asked, seen in found.items():
        for kind in CELLS.values():
            cell = kind(5, 7, batch_first=True).to(device)
            dtype = getattr(torch, asked, torch.bfloat16)
            with torch.autocast(device.type, dtype, enabled=asked != "none"):
                computed = states(cell, torch.randn(3, 11, 5, device=device))
            computed.sum().backward()
            assert cell.weight_hh_l0.grad.dtype is torch.float32
            seen.append(str(computed.dtype).removeprefix("torch."))
    return found


def difference(device: torch.device) -> float:
    """How far states in 32 bits are from those of the processor in 64, at most."""
    torch.manual_seed(0)
    found = 0.0
    for kind in CELLS.values():
        cell = kind(64, 256, batch_first=True, dtype=torch.float64)
        inputs = torch.randn(8, 50, 64, dtype=torch.float64)
        with torch.no_grad():
            expected = cell(inputs)[0]
            ours = states(cell.float().to(device), inputs.float().to(device))
        found = max(found, float((ours.cpu().double() - expected).abs().max()))
    return found
