"""What a GPU gives: the project's training against a bare loop, side by side, in lower precision.

    python tests/benchmarks/gpu.py --output tests/benchmarks/gpu.md
    python tests/benchmarks/gpu.py --imdb FOLDER --output tests/benchmarks/gpu.md
    python tests/benchmarks/gpu.py --small

Under 8 minutes on a card of the H100's class, without a network. Texts are made up, but for the
accuracy: that is of the official IMDB test in `FOLDER`, which is laid out like `stanfordnlp/imdb`
on the Hub, or without one of the held-out reviews of `imdb_offline`, which come inside a package.
`--small` is over in seconds, and what is done where there is no GPU; its numbers say nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from gpu_sides import Cell, Measured, job_of, made_up, measure

from components.evaluate.score import NetworkJob, evaluate_network
from components.outputs import Store
from components.train import worker
from components.train.run import train, train_on_devices
from flows import data
from flows.jobs import training_jobs
from params.load import load
from params.names import Architecture
from params.resources import Resources

ARCHITECTURES: tuple[Architecture, ...] = ("rnn", "lstm", "gru", "bilstm")
FULL = Resources()
LOWER = {
    "32 bits, deterministic": FULL,
    "32 bits, `deterministic: false`": Resources(deterministic=False),
    "`bf16-mixed`, deterministic": Resources(precision="bf16-mixed"),
}
CELLS_END = 0.65  # of all minutes: what is not measured by then is left out
BESIDE = (2, 4)


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    units: tuple[int, ...]
    steps: tuple[int, ...]
    batch_size: int
    seconds: float  # of an epoch
    most_batches: int
    repeats: int
    beside_epochs: int
    experiment: str

    def cell(self, architecture: Architecture, units: int, steps: int) -> Cell:
        """One of the cells."""
        size = self.batch_size
        return Cell(architecture, units, steps, size, self.seconds, self.most_batches)


LARGE = Scale((64, 256, 1024), (100, 400), 128, 0.8, 1000, 2, 6, "imdb_offline")
SMALL = Scale((4,), (6,), 4, 0.01, 5, 1, 3, "text_pipeline")


def main(given: list[str] | None = None) -> None:
    """Measure one section after the other; the table is written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imdb", type=Path)
    parser.add_argument("--minutes", type=float, default=7.5)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args(given)
    begun = time.perf_counter()
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda", 0) if on_gpu else torch.device("cpu")
    scale = SMALL if asked.small or not on_gpu else LARGE
    torch.set_num_threads(1)  # as each training here has
    worker.preload()
    lines: list[str] = []
    end = begun + CELLS_END * 60 * asked.minutes
    for line in everything(scale, device, end, asked.imdb):
        lines.append(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        if asked.output is not None:
            asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{time.perf_counter() - begun:.0f} s in all\n")


def everything(scale: Scale, device: torch.device, end: float, imdb: Path | None) -> Iterator[str]:
    """The page, line by line, as it is measured."""
    yield from heading(device, scale)
    yield from against_a_bare_loop(scale, device, end)
    yield from in_lower_precision(scale, device)
    yield from side_by_side(scale)
    yield from accuracies(scale, imdb)


def heading(device: torch.device, scale: Scale) -> Iterator[str]:
    """What it was measured on."""
    if device.type == "cuda":
        where = f"On one {torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}, "
        where += f"cuDNN {torch.backends.cudnn.version()}"
    else:
        where = f"On {os.cpu_count()} processor cores, for want of a GPU"
    yield f"{where}, torch {torch.__version__}, batches of {scale.batch_size}."
    if scale is SMALL:
        yield "In the small mode, which shows that everything runs: its numbers say nothing."


def against_a_bare_loop(scale: Scale, device: torch.device, end: float) -> Iterator[str]:
    """Tokens a second of every cell, those of both sides measured in turn."""
    yield from (
        "",
        "| Network | Units | Steps | Bare loop, tokens/s | Unroll, tokens/s | Ratio | Computes |",
        "|---|--:|--:|--:|--:|--:|--:|",
    )
    left_out, where = [], []
    for units in scale.units:
        for steps in scale.steps:
            for architecture in ARCHITECTURES:
                cell = scale.cell(architecture, units, steps)
                if time.perf_counter() > end:
                    left_out.append(f"{architecture} {units} x {steps}")
                    continue
                found = measure(cell, device, scale.repeats, FULL)
                where.append(found.looked["batches"])
                yield f"| {architecture} | {units} | {steps} | {speeds(cell, found)} |"
    yield ""
    resident = where.count("ResidentBatches")
    yield f"The split lay on the card in {resident} of {len(where)} cells."
    if left_out:
        yield f"Not measured, for want of time: {', '.join(left_out)}."


def speeds(cell: Cell, found: Measured) -> str:
    """Both sides, their ratio, and the share of our time in which the card computes."""
    busy = "" if found.busy is None else f"{found.busy:.0%}"
    bare, ours = (cell.tokens / seconds for seconds in (found.bare, found.ours))
    return f"{bare:,.0f} | {ours:,.0f} | {found.ratio:.2f} | {busy}"


def in_lower_precision(scale: Scale, device: torch.device) -> Iterator[str]:
    """One network in other numbers, against the same bare loop in 32 bits."""
    cell = scale.cell("lstm", scale.units[-1], scale.steps[-1])
    yield from (
        "",
        f"LSTM, {cell.units} units, {cell.steps} steps; the bare loop has 32 bits each time.",
        "",
        "| Unroll | Recurrence in | Bare loop, tokens/s | Unroll, tokens/s | Ratio | Computes |",
        "|---|---|--:|--:|--:|--:|",
    )
    for name, resources in LOWER.items():
        found = measure(cell, device, 1, resources)
        yield f"| {name} | {found.looked['recurrence']} | {speeds(cell, found)} |"


def side_by_side(scale: Scale) -> Iterator[str]:
    """Seconds of small trainings one after the other and at once, from start to end."""
    cell = scale.cell("lstm", scale.units[0], scale.steps[0])
    yield from (
        "",
        f"Trainings of an LSTM, {cell.units} units, {cell.steps} steps, each a process of its own.",
        "",
        "| Trainings | One after the other, s | Side by side, s | Times as fast |",
        "|--:|--:|--:|--:|",
    )
    with tempfile.TemporaryDirectory() as name:
        prepared = made_up(Path(name), cell, cell.most_batches)
        job = job_of(cell, prepared, scale.beside_epochs, FULL)
        trained = Path(name) / "one"
        trained.mkdir()

        def seconds(number: int, at_once: int) -> float:
            folders = [Path(tempfile.mkdtemp(dir=trained)) for _ in range(number)]
            start = time.perf_counter()
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(lambda one: train_on_devices(job, one, lambda _: None), folders))
            return time.perf_counter() - start

        seconds(1, 1)  # what it needs of the card is measured here, and everything is loaded once
        for number in BESIDE:
            after_another, at_once = seconds(number, 1), seconds(number, number)
            ratio = after_another / at_once
            yield f"| {number} | {after_another:.1f} | {at_once:.1f} | {ratio:.2f} |"


def accuracies(scale: Scale, imdb: Path | None) -> Iterator[str]:
    """Test accuracy of each network, trained and scored where `unroll run` would."""
    if imdb is not None:
        params, said = load("imdb", [f"ingest.source={imdb.resolve()}"]), "`imdb`, official test"
    else:
        params, said = load(scale.experiment), f"`{scale.experiment}`, not the official test"
    params = params.model_copy(update={"architectures": ARCHITECTURES, "seeds": (1,)})
    yield from (
        "",
        f"{said}, seed 1.",
        "",
        "| Network | Test accuracy | Training, s | Scoring, s |",
        "|---|--:|--:|--:|",
    )
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name))
        ingested = data.ingest(params.ingest, store, fresh=False)
        prepared = data.prepare(ingested, params, store, fresh=False)
        for job in training_jobs(params, prepared):
            trained = train(job, store, lambda _: None)
            start = time.perf_counter()
            network = NetworkJob(ingested=ingested, training=job, trained=trained)
            scored = evaluate_network(network, store)
            accuracy = scored.metrics["test/accuracy"]
            yield (
                f"| {job.architecture} | {accuracy:.3f} | {trained.train_seconds:.1f} | "
                f"{time.perf_counter() - start:.1f} |"
            )


if __name__ == "__main__":
    main()
