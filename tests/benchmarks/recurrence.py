"""Our recurrence against torch's modules, in one process, on one thread, side by side.

    PYTHONPATH=. python tests/benchmarks/recurrence.py --seconds 4

Ours and torch's run in turn, A B A B; a ratio is the median over the pairs. When torch's LSTM wants
some 30 MB or more, glibc asks the system for fresh pages at every call, and the page faults take
half of its time; `--keep-memory` has glibc keep what is freed, for both sides.
"""

import argparse
import ctypes
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from components.train.recurrence import states

CELLS: tuple[type[nn.RNN] | type[nn.LSTM] | type[nn.GRU], ...] = (nn.RNN, nn.LSTM, nn.GRU)
SIZES = [  # B, T, E, H
    (128, 100, 32, 64),
    (32, 30, 1, 64),
    (32, 30, 64, 32),
    (32, 100, 32, 64),
    (64, 400, 32, 64),
    (64, 100, 64, 128),
    (64, 100, 64, 256),
]
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h
WARM_UPS = 3
LEAST_PAIRS = 5

Run = Callable[[], object]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="for each cell, size and mode")
    parser.add_argument("--keep-memory", action="store_true", help="no memory back to the system")
    args = parser.parse_args()
    if args.keep_memory:
        libc = ctypes.CDLL(None)
        for option, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1)):
            assert libc.mallopt(option, value), "glibc's malloc is wanted"
    torch.set_num_threads(1)
    print(
        "| Cell | B | T | E | H | Train: torch, ms | ours, ms | ratio | Read: torch, ms | ratio |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for size in SIZES:
        totals = [0.0, 0.0]
        shown = " | ".join(map(str, size))
        for kind in CELLS:
            batch, steps, input_size, hidden_size = size
            cell = kind(input_size, hidden_size, batch_first=True)
            inputs = torch.randn(batch, steps, input_size, requires_grad=True)
            grad = torch.randn(batch, steps, hidden_size)
            train = compare(
                training(torch_states, cell, inputs, grad),
                training(states, cell, inputs, grad),
                args.seconds,
            )
            read = compare(
                reading(torch_states, cell, inputs), reading(states, cell, inputs), args.seconds / 2
            )
            totals = [total + ms for total, ms in zip(totals, train, strict=False)]
            print(
                f"| {kind.__name__} | {shown} | {train[0]:.2f} | {train[1]:.2f} | {train[2]:.2f} "
                f"| {read[0]:.2f} | {read[2]:.2f} |",
                flush=True,
            )
        ratio = totals[1] / totals[0]
        print(f"| all | {shown} | {totals[0]:.2f} | {totals[1]:.2f} | {ratio:.2f} | | |")


def torch_states(cell: nn.RNNBase, inputs: Tensor) -> Tensor:
    """What the module itself gives, `(B, T, H)`."""
    found: Tensor = cell(inputs)[0]
    return found


def training(
    function: Callable[[nn.RNNBase, Tensor], Tensor], cell: nn.RNNBase, inputs: Tensor, grad: Tensor
) -> Run:
    """A forward and backward pass with gradients of inputs and parameters."""
    wanted = [inputs, *cell.parameters()]
    return lambda: torch.autograd.grad(function(cell, inputs), wanted, grad)


def reading(
    function: Callable[[nn.RNNBase, Tensor], Tensor], cell: nn.RNNBase, inputs: Tensor
) -> Run:
    """A forward pass without gradients."""
    return torch.inference_mode()(lambda: function(cell, inputs))


def compare(reference: Run, ours: Run, seconds: float) -> tuple[float, float, float]:
    """Median milliseconds of both, and the median ratio of ours to the reference's."""
    for _ in range(WARM_UPS):
        reference(), ours()
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(pairs) < LEAST_PAIRS:
        pairs.append((milliseconds(reference), milliseconds(ours)))
    references, all_ours = zip(*pairs, strict=True)
    ratios = [mine / other for other, mine in pairs]
    return statistics.median(references), statistics.median(all_ours), statistics.median(ratios)


def milliseconds(run: Run) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
