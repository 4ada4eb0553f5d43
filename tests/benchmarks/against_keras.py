"""Seconds of `unroll run imdb` against Keras and a bare PyTorch loop, whole processes, in turn.

    python against_keras.py FOLDER --keras-python KERAS/bin/python --repeats 3 --output table.md

FOLDER holds the IMDB reviews as the Hub has them (plain_text/{train,test}-*.parquet). Without
`--keras-python` an environment is made from `requirements-keras.txt` for the time of the run; that
and the imports that warm the disk's cache are not measured. Then the three sides run in turn,
A B C A B C, each with nothing to reuse: an empty working folder, UNROLL_HOME, PREFECT_HOME and
HF_HOME of its own, no server of the user's. Then Unroll does all of it again in those folders: only
the first run on a machine has to make the tables of Prefect's database. All train on the processor:
Keras with its own default threads, Unroll and the bare loop (`bare_pytorch.py`, in Unroll's
environment) with a process of one thread for each core.
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
TARGET_RATIO = 0.5  # of Keras
TARGET_BARE = 1.1  # of the bare loop, beside the start-up
TARGET_START_UP = 12.0  # seconds
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
class Turn:
    """All sides, measured one straight after the other; `again` is Unroll a second time."""

    keras: Side
    bare: Side
    unroll: Side
    again: Side

    @property
    def sides(self) -> tuple[Side, ...]:
        """In the order in which they were measured."""
        return self.keras, self.bare, self.unroll

    def figures(self) -> tuple[float, ...]:
        """Seconds of Keras, of the bare loop and of Unroll; the ratio of Unroll to Keras, the same
        with text free for Keras, the seconds of Unroll above 1.1 of the bare loop; seconds and
        ratio of Unroll when it does all again.

        Text is free as if the reviews had come to Keras as word indices, tokenised beforehand.
        """
        keras, bare, unroll = (side.process.seconds for side in self.sides)
        text = self.keras.stages["read"] + self.keras.stages["tokenize"]
        again = self.again.process.seconds
        return (
            *(keras, bare, unroll),
            *(unroll / keras, unroll / (keras - text), unroll - TARGET_BARE * bare),
            *(again, again / keras),
        )


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


def measure_bare(options: argparse.Namespace) -> Side:
    """The bare PyTorch loop, measured once."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        command = [sys.executable, str(HERE / "bare_pytorch.py"), str(options.folder)]
        command += ["--output", "bare.json"]
        if options.keras_limit is not None:
            command += ["--limit", str(options.keras_limit)]
        process = finish("Bare PyTorch", command, Path(scratch))
        told = json.loads((Path(scratch) / "bare.json").read_text(encoding="utf-8"))
    networks = told["architectures"]
    return Side(
        process,
        train_seconds={name: networks[name]["train_seconds"] for name in ARCHITECTURES},
        accuracy={name: networks[name]["test_accuracy"] for name in ARCHITECTURES},
        stages={"encode": told["encode_seconds"]},
    )


def measure_unroll(options: argparse.Namespace) -> tuple[Side, Side]:
    """`unroll run imdb` with the same three architectures and one seed, and once more, anew."""
    command = [str(options.unroll), "run", "imdb", "--json"]
    # JSON is YAML as well, which is what an override is read as.
    command += ["--set", f"ingest.source={json.dumps(str(options.folder), ensure_ascii=False)}"]
    command += ["--set", f"architectures=[{','.join(ARCHITECTURES)}]", "--set", "seeds=[1]"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        processes = (
            finish("Unroll", command, Path(scratch)),
            finish("Unroll again", [*command, "--fresh"], Path(scratch)),
        )
    first, again = (Side(one, *read_comparison(one.output), stages={}) for one in processes)
    return first, again


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


def turn_lines(turns: list[Turn]) -> list[str]:
    """Whole-process seconds and ratios, a row for each turn and one for the medians."""
    figures = [turn.figures() for turn in turns]
    middle = [median(column) for column in zip(*figures, strict=True)]
    loads = [
        " / ".join(f"{side.process.load:.2f}" for side in (*turn.sides, turn.again))
        for turn in turns
    ]
    rows = [
        [
            name,
            *(f"{number:.1f}" for number in (keras, bare, unroll)),
            *(f"{number:.2f}" for number in (ratio, lean)),
            *(f"{above:.1f}", f"{again:.1f}", f"{ratio_again:.2f}", load),
        ]
        for name, load, (keras, bare, unroll, ratio, lean, above, again, ratio_again) in [
            *zip(map(str, range(1, len(turns) + 1)), loads, figures, strict=True),
            ("median", "", middle),
        ]
    ]
    header = ["Turn", "Keras, s", "Bare PyTorch, s", "Unroll, s", "Unroll / Keras"]
    header += ["with reading and tokenising free for Keras"]
    header += [f"Unroll - {TARGET_BARE} x bare, s"]
    header += ["Unroll again, s", "Unroll again / Keras", "load before"]
    return table(header, rows)


def architecture_lines(turns: list[Turn]) -> list[str]:
    """Training seconds and test accuracy of every side: medians over the turns."""
    sides = list(zip(*(turn.sides for turn in turns), strict=True))
    rows = [
        [
            label,
            *(f"{median(run.train_seconds[name] for run in side):.1f}" for side in sides),
            *(f"{median(run.accuracy[name] for run in side):.4f}" for side in sides),
        ]
        for name, label in ARCHITECTURES.items()
    ]
    names = ("Keras", "Bare PyTorch", "Unroll")
    seconds = [f"{name} training, s" for name in names]
    return table(["Architecture", *seconds, *(f"{name} accuracy" for name in names)], rows)


def verdict(is_met: bool, *, smoke: bool) -> str:
    """What is said of a target."""
    if smoke:
        return "not tested: the others saw a part of the reviews"
    return "met" if is_met else "missed"


def document(turns: list[Turn], versions: dict[str, str], *, smoke: bool) -> str:
    """The whole Markdown text."""
    *_, ratio, _, above, _, ratio_again = (
        median(column) for column in zip(*(turn.figures() for turn in turns), strict=True)
    )
    stages = ", ".join(
        f"{stage} {median(turn.keras.stages[stage] for turn in turns):.1f}"
        for stage in turns[0].keras.stages
    )
    encode = median(turn.bare.stages["encode"] for turn in turns)
    figure = (
        f"Whole-process seconds, medians of {len(turns)}. Unroll takes **{ratio:.2f}** of Keras; "
        f"the target, at most {TARGET_RATIO}, is {verdict(ratio <= TARGET_RATIO, smoke=smoke)}. "
        f"It takes {TARGET_BARE} of the bare loop and **{above:.1f} s**; the target, a start-up "
        f"under {TARGET_START_UP:.0f} s, is {verdict(above < TARGET_START_UP, smoke=smoke)}. "
        f"When it does all again, the databases being there, it takes **{ratio_again:.2f}** of "
        "Keras."
    )
    notes = (
        f"Keras outside training, s: {stages}; the bare loop reads and encodes for {encode:.1f} s. "
        "Training of Keras is `fit` with validation, one architecture after the other on all "
        "cores; the others train one on each core. Accuracy is that on the official test reviews. "
        "Medians over the turns, one seed on every side. Unroll also fits its baselines, measures "
        "what each row costs, keeps every run in MLflow and writes the report."
    )
    blocks = [
        ["# Unroll against the Keras tutorial and a bare PyTorch loop"],
        [figure],
        [f"- Machine: {machine()}", *(f"- {side}: {named}" for side, named in versions.items())],
        turn_lines(turns),
        architecture_lines(turns),
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
    parser.add_argument("--repeats", type=int, default=1, help="turns to measure (default: 1)")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    # For trying this script out: a stand-in for the command, and fewer reviews for the others.
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
    """The Markdown text of `options.repeats` turns; `folder` is for what comes before them."""
    python = options.keras_python.absolute() if options.keras_python else make_environment(folder)
    versions = {
        "Keras": import_packages(python, KERAS_PACKAGES, folder),
        "Unroll and bare PyTorch": import_packages(Path(sys.executable), UNROLL_PACKAGES, folder),
    }
    for file in options.folder.glob("plain_text/t*-*.parquet"):
        file.read_bytes()
    turns = [
        Turn(measure_keras(options, python), measure_bare(options), *measure_unroll(options))
        for _ in range(options.repeats)
    ]
    return document(turns, versions, smoke=options.keras_limit is not None)


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
