"""Seconds an epoch of `imdb_stacked` takes against the same network in Keras, side by side.

    python against_keras_stacked.py FOLDER --keras-python KERAS/bin/python --output table.md

Options and rules are those of `against_keras.py`. Each side trains the tutorial's stacked network
to its own end, early stopping included, and an epoch is its training time over its epochs; both
validate after each.
"""

import argparse
import json
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from against_keras import (
    HERE,
    KERAS_PACKAGES,
    UNROLL_PACKAGES,
    ProcessError,
    finish,
    import_packages,
    machine,
    make_environment,
    parse,
    table,
)

TARGET_RATIO = 0.5


@dataclass(frozen=True)
class Training:
    """One training of the stacked network; accuracy, 0 to 1, is that on the test reviews."""

    seconds: float
    epochs: int
    accuracy: float

    @property
    def epoch_seconds(self) -> float:
        """Wall-clock seconds of one epoch, with its validation."""
        return self.seconds / self.epochs


def measure_keras(options: argparse.Namespace, python: Path) -> Training:
    """The tutorial's page, once."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        command = [str(python), str(HERE / "keras_tutorial.py"), str(options.folder)]
        command += ["--page", "stacked", "--output", "keras.json"]
        if options.keras_limit is not None:
            command += ["--limit", str(options.keras_limit)]
        finish("Keras", command, Path(scratch))
        told = json.loads((Path(scratch) / "keras.json").read_text(encoding="utf-8"))
    network = told["architectures"]["stacked"]
    return Training(network["train_seconds"], network["epochs"], network["test_accuracy"])


def measure_unroll(options: argparse.Namespace) -> Training:
    """`unroll run imdb_stacked` with one seed, once."""
    source = json.dumps(str(options.folder), ensure_ascii=False)
    command = [str(options.unroll), "run", "imdb_stacked", "--json"]
    command += ["--set", f"ingest.source={source}", "--set", "seeds=[1]"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        told = json.loads(finish("Unroll", command, Path(scratch)).output)
    (row,) = (row for row in told["rows"] if row["kind"] == "network")
    (curve,) = told["curves"]
    accuracy = row["metrics"]["test/accuracy"]["mean"]
    return Training(row["train_seconds"], len(curve["epochs"]), accuracy)


def document(pairs: list[tuple[Training, Training]], versions: dict[str, str]) -> str:
    """The whole Markdown text."""
    ratios = [unroll.epoch_seconds / keras.epoch_seconds for keras, unroll in pairs]
    verdict = "met" if median(ratios) <= TARGET_RATIO else "missed"
    rows = [
        [
            str(place),
            *(f"{side.epoch_seconds:.1f}" for side in pair),
            f"{ratio:.2f}",
            *(str(side.epochs) for side in pair),
            *(f"{side.accuracy:.4f}" for side in pair),
        ]
        for place, (pair, ratio) in enumerate(zip(pairs, ratios, strict=True), 1)
    ]
    header = ["Pair", "Keras, s an epoch", "Unroll, s an epoch", "Unroll / Keras", "Keras, epochs"]
    header += ["Unroll, epochs", "Keras accuracy", "Unroll accuracy"]
    blocks = [
        ["# The stacked network against Keras"],
        [
            f"Seconds an epoch, Unroll over Keras: **{median(ratios):.2f}** (median of "
            f"{len(pairs)}); the target, at most {TARGET_RATIO}, is {verdict}."
        ],
        [f"- Machine: {machine()}", *(f"- {side}: {named}" for side, named in versions.items())],
        table(header, rows),
        ["One seed on either side, both with all cores; accuracy on the official test reviews."],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def measure(options: argparse.Namespace, folder: Path) -> str:
    """The Markdown text of `options.repeats` pairs; `folder` is for what comes before them."""
    python = options.keras_python.absolute() if options.keras_python else make_environment(folder)
    versions = {
        "Keras": import_packages(python, KERAS_PACKAGES, folder),
        "Unroll": import_packages(Path(sys.executable), UNROLL_PACKAGES, folder),
    }
    pairs = [
        (measure_keras(options, python), measure_unroll(options)) for _ in range(options.repeats)
    ]
    return document(pairs, versions)


def main() -> int:
    """Measures and writes the table; 1 when a process failed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    options = parse()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            text = measure(options, Path(scratch))
    except ProcessError as error:
        logging.getLogger("against_keras").error("%s", error)
        return 1
    print(text, end="")
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
