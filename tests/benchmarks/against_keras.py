"""Seconds of `unroll run imdb` against the Keras tutorial, whole processes, side by side.

    python against_keras.py FOLDER --keras-python KERAS/bin/python --repeats 3 --output table.md

FOLDER holds the IMDB reviews as the Hub has them (plain_text/{train,test}-*.parquet). Without
`--keras-python` an environment is made from `requirements-keras.txt` for the time of the run; that
and the imports that warm the disk's cache are not measured. Then the two sides run in turn,
A B A B, each with nothing to reuse: an empty working folder, UNROLL_HOME, PREFECT_HOME and HF_HOME
of its own, no server of the user's. Both train on the processor, with their own default threads.
"""

import argparse
import json
import logging
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent.absolute()
ARCHITECTURES = {"rnn": "Vanilla RNN", "lstm": "LSTM", "gru": "GRU"}
TARGET_RATIO = 0.6
HOMES = ("UNROLL_HOME", "PREFECT_HOME", "HF_HOME")
# Settings that would let a run find, or write to, what lies outside its own folders.
FOREIGN_SETTINGS = {
    *("PREFECT_API_URL", "PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_PROFILES_PATH"),
    *("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "HF_DATASETS_CACHE", "PYTHONPATH"),
}
# Module to import -> distribution whose version is named.
KERAS_PACKAGES = {"tensorflow": "tensorflow-cpu"} | {n: n for n in ("keras", "pandas", "pyarrow")}
UNROLL_PACKAGES = {"params": "unroll", "pytorch_lightning": "pytorch-lightning"}
UNROLL_PACKAGES |= {name: name for name in ("torch", "prefect", "mlflow", "datasets", "pandas")}
IMPORT_AND_NAME_VERSIONS = """
import importlib, json, platform, sys
from importlib import metadata
versions = [f"Python {platform.python_version()}"]
for module, package in json.loads(sys.argv[1]).items():
    try:
        importlib.import_module(module)
        versions.append(f"{package} {metadata.version(package)}")
    except ImportError:
        versions.append(f"{package} not installed")
print(", ".join(versions))
"""

logger = logging.getLogger("against_keras")


class ProcessError(Exception):
    """A process failed, or did not answer in the agreed shape."""


@dataclass(frozen=True)
class Finished:
    """A whole process: wall-clock seconds, its standard output, 1-minute load average before it."""

    seconds: float
    output: str
    load: float


@dataclass(frozen=True)
class Side:
    """A measured process with what it tells of itself.

    Training seconds and accuracy (0 to 1, on the test reviews) are per architecture; `stages` are
    the seconds of its other stages, as far as it tells them.
    """

    process: Finished
    train_seconds: dict[str, float]
    accuracy: dict[str, float]
    stages: dict[str, float]


@dataclass(frozen=True)
class Pair:
    """Both sides, measured one straight after the other."""

    keras: Side
    unroll: Side

    def figures(self) -> tuple[float, float, float, float]:
        """Seconds of Keras and of Unroll, their ratio, and the ratio with text free for Keras.

        The last one is as if the reviews had come to Keras as word indices, tokenised beforehand.
        """
        keras, unroll = self.keras.process.seconds, self.unroll.process.seconds
        text = self.keras.stages["read"] + self.keras.stages["tokenize"]
        return keras, unroll, unroll / keras, unroll / (keras - text)


def finish(name: str, command: list[str], folder: Path) -> Finished:
    """The process after its end; it worked in `folder`, with every home and cache inside it.

    Raises:
        ProcessError: It ended with another status than 0.
    """
    kept = {key: text for key, text in os.environ.items() if key not in FOREIGN_SETTINGS}
    homes = {key: str(folder / key.lower()) for key in HOMES}
    forced = {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    load = os.getloadavg()[0]
    logger.info("%s: started at a load of %.2f", name, load)
    started = time.perf_counter()
    process = subprocess.run(
        command, cwd=folder, env=kept | homes | forced, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        tail = "\n".join((process.stdout + process.stderr).splitlines()[-30:])
        raise ProcessError(f"{name} ended with status {process.returncode}:\n{tail}")
    logger.info("%s: %.1f s", name, seconds)
    return Finished(seconds, process.stdout, load)


def make_environment(folder: Path) -> Path:
    """The interpreter of a new virtual environment in `folder` with Keras."""
    python = folder / "keras" / "bin" / "python"
    finish("Making an environment", [sys.executable, "-m", "venv", "keras"], folder)
    requirements = str(HERE / "requirements-keras.txt")
    finish("Installing", [str(python), "-m", "pip", "install", "-r", requirements], folder)
    return python


def import_packages(python: Path, packages: dict[str, str], folder: Path) -> str:
    """Names and versions of `packages`, after importing them.

    Importing brings their files into the disk's cache, so that neither side pays for being first.
    """
    command = [str(python), "-c", IMPORT_AND_NAME_VERSIONS, json.dumps(packages)]
    return finish("Warming up", command, folder).output.splitlines()[-1]


def measure_keras(options: argparse.Namespace, python: Path) -> Side:
    """The tutorial, measured once."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        command = [str(python), str(HERE / "keras_tutorial.py"), str(options.folder)]
        command += ["--output", "keras.json"]
        if options.keras_limit is not None:
            command += ["--limit", str(options.keras_limit)]
        process = finish("Keras", command, Path(scratch))
        told = json.loads((Path(scratch) / "keras.json").read_text(encoding="utf-8"))
    networks = told["architectures"]
    stages = {stage: told[f"{stage}_seconds"] for stage in ("import", "read", "tokenize")}
    return Side(
        process,
        train_seconds={name: networks[name]["train_seconds"] for name in ARCHITECTURES},
        accuracy={name: networks[name]["test_accuracy"] for name in ARCHITECTURES},
        stages=stages | {"test": sum(networks[name]["test_seconds"] for name in ARCHITECTURES)},
    )


def measure_unroll(options: argparse.Namespace) -> Side:
    """`unroll run imdb` with the same three architectures and one seed, measured once."""
    command = [str(options.unroll), "run", "imdb", "--json"]
    # JSON is YAML as well, which is what an override is read as.
    command += ["--set", f"ingest.source={json.dumps(str(options.folder), ensure_ascii=False)}"]
    command += ["--set", f"architectures=[{','.join(ARCHITECTURES)}]", "--set", "seeds=[1]"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        process = finish("Unroll", command, Path(scratch))
    train_seconds, accuracy = read_comparison(process.output)
    return Side(process, train_seconds, accuracy, stages={})


def read_comparison(text: str) -> tuple[dict[str, float], dict[str, float]]:
    """Training seconds and test accuracy per architecture from the text of a comparison.json.

    Raises:
        ProcessError: It is no such text, or an architecture has no row of its own.
    """
    try:
        networks = {
            row["name"]: row for row in json.loads(text)["rows"] if row["kind"] == "network"
        }
        train_seconds = {name: float(networks[name]["train_seconds"]) for name in ARCHITECTURES}
        metrics = {name: networks[name]["metrics"] for name in ARCHITECTURES}
        accuracy = {name: float(metrics[name]["test/accuracy"]["mean"]) for name in ARCHITECTURES}
    except (ValueError, KeyError, TypeError) as error:
        raise ProcessError(
            f"unroll --json: expected a comparison with a network row for each of "
            f"{', '.join(ARCHITECTURES)}, got {error!r} from {text[:200]!r}"
        ) from error
    return train_seconds, accuracy


def machine() -> str:
    """Cores this process may use, the processor's model, and the system."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    information = Path("/proc/cpuinfo")
    text = information.read_text(encoding="utf-8") if information.exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, flags=re.MULTILINE)
    model = named[1] if named else platform.processor() or platform.machine()
    return f"{cores} cores, {model}, {platform.system()} {platform.release()}"


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a Markdown table: the first column to the left, numbers to the right."""
    marks = ["---", *["---:"] * (len(header) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (header, marks, *rows)]


def pair_lines(pairs: list[Pair]) -> list[str]:
    """Whole-process seconds and ratios, a row for each pair and one for the medians."""
    figures = [pair.figures() for pair in pairs]
    middle = [median(column) for column in zip(*figures, strict=True)]
    loads = [f"{pair.keras.process.load:.2f} / {pair.unroll.process.load:.2f}" for pair in pairs]
    rows = [
        [name, f"{keras:.1f}", f"{unroll:.1f}", f"{ratio:.2f}", f"{lean:.2f}", load]
        for name, load, (keras, unroll, ratio, lean) in [
            *zip(map(str, range(1, len(pairs) + 1)), loads, figures, strict=True),
            ("median", "", middle),
        ]
    ]
    header = ["Pair", "Keras, s", "Unroll, s", "Unroll / Keras"]
    return table([*header, "with reading and tokenising free for Keras", "load before"], rows)


def architecture_lines(pairs: list[Pair]) -> list[str]:
    """Training seconds and test accuracy of both sides: medians over the pairs."""
    sides = ([pair.keras for pair in pairs], [pair.unroll for pair in pairs])
    rows = [
        [
            label,
            *(f"{median(run.train_seconds[name] for run in side):.1f}" for side in sides),
            *(f"{median(run.accuracy[name] for run in side):.4f}" for side in sides),
        ]
        for name, label in ARCHITECTURES.items()
    ]
    seconds = ["Keras training, s", "Unroll training, s"]
    return table(["Architecture", *seconds, "Keras accuracy", "Unroll accuracy"], rows)


def document(pairs: list[Pair], versions: dict[str, str], *, smoke: bool) -> str:
    """The whole Markdown text."""
    ratio = median(pair.figures()[2] for pair in pairs)
    verdict = "met" if ratio <= TARGET_RATIO else "missed"
    if smoke:
        verdict = "not tested: Keras saw a part of the reviews"
    stages = ", ".join(
        f"{stage} {median(pair.keras.stages[stage] for pair in pairs):.1f}"
        for stage in pairs[0].keras.stages
    )
    figure = (
        f"The figure is the ratio of whole-process seconds: **{ratio:.2f}** "
        f"(median of {len(pairs)}); the target, at most {TARGET_RATIO}, is {verdict}."
    )
    notes = (
        f"Keras outside training, s: {stages}. Its training is `fit` with validation; accuracy "
        "is that on the official test reviews. Medians over the pairs, one seed on either side."
    )
    blocks = [
        ["# Unroll against the Keras tutorial"],
        [figure],
        [f"- Machine: {machine()}", *(f"- {side}: {named}" for side, named in versions.items())],
        pair_lines(pairs),
        architecture_lines(pairs),
        [notes],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's options, paths absolute."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="holds plain_text/{train,test}-*.parquet")
    parser.add_argument("--keras-python", type=Path, help="interpreter with the packages")
    parser.add_argument("--repeats", type=int, default=1, help="pairs to measure (default: 1)")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    # For trying this script out: a stand-in for the command, and fewer reviews for Keras.
    script = Path(sys.executable).parent / "unroll"
    parser.add_argument("--unroll", type=Path, default=script, help=argparse.SUPPRESS)
    parser.add_argument("--keras-limit", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {options.repeats}")
    if not (options.folder / "plain_text").is_dir():
        parser.error(f"FOLDER must hold a folder plain_text, got {options.folder}")
    for path in filter(None, (options.unroll, options.keras_python)):
        if not path.is_file():
            parser.error(f"expected a program at {path}, found none")
    options.folder, options.unroll = options.folder.resolve(), options.unroll.absolute()
    return options


def measure(options: argparse.Namespace, folder: Path) -> str:
    """The Markdown text of `options.repeats` pairs; `folder` is for what comes before them."""
    python = options.keras_python.absolute() if options.keras_python else make_environment(folder)
    versions = {
        "Keras": import_packages(python, KERAS_PACKAGES, folder),
        "Unroll": import_packages(Path(sys.executable), UNROLL_PACKAGES, folder),
    }
    for file in options.folder.glob("plain_text/t*-*.parquet"):
        file.read_bytes()
    pairs = [
        Pair(keras=measure_keras(options, python), unroll=measure_unroll(options))
        for _ in range(options.repeats)
    ]
    return document(pairs, versions, smoke=options.keras_limit is not None)


def main() -> int:
    """Measures and writes the table; 1 when a process failed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    options = parse()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            text = measure(options, Path(scratch))
    except ProcessError as error:
        logger.error("%s", error)
        return 1
    print(text, end="")
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
