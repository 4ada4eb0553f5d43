"""Seconds of `unroll run`, from process start to report, against its trainings alone.

    python tests/benchmarks/overhead.py --seeds 10 --repeats 1 --output tests/benchmarks/overhead.md

The trainings alone are a bare loop: a process that starts children by the same entry point, as many
at a time as `unroll run` does, and nothing else: no Prefect, no MLflow, no scores, no report. Both
sides find the data read and encoded, each in folders of its own, and train everything. They run in
turn; with ten seeds the trainings of `imdb_offline` take some five minutes on two cores.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BARE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from components.storage import Store
from components.train import worker
from components.train.run import fit_in_child
from flows import data
from flows.jobs import num_workers, training_jobs
from params.load import load

if __name__ == "__main__":
    worker.preload()
    params, store = load(sys.argv[1], json.loads(sys.argv[2])), Store(Path(sys.argv[3]))
    ingested = data.ingest(params.ingest, store, fresh=False)
    prepared = data.prepare(ingested, params, store, fresh=False)

    def train(job):
        folder = Path(sys.argv[4]) / job.key
        folder.mkdir()
        worker.run_in_child(fit_in_child, job.model_dump_json(), folder)

    with ThreadPoolExecutor(num_workers(params)) as pool:
        list(pool.map(train, training_jobs(params, prepared)))
"""
READ = """
import json, sys
from pathlib import Path
from components.storage import Store
from flows import data
from params.load import load

if __name__ == "__main__":
    params, store = load(sys.argv[1], json.loads(sys.argv[2])), Store(Path(sys.argv[3]))
    ingested = data.ingest(params.ingest, store, fresh=False)
    data.prepare(ingested, params, store, fresh=False)
"""


@dataclass(frozen=True)
class Sides:
    """Seconds of the two, measured one after the other."""

    unroll: float
    bare: float

    @property
    def ratio(self) -> float:
        """What `unroll run` takes of the time of the trainings alone."""
        return self.unroll / self.bare


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a process that must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[:3]} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def measure(experiment: str, overrides: list[str]) -> Sides:
    """Both sides once, the bare loop first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {
            "UNROLL_HOME": str(folder / "home"),
            "PREFECT_HOME": str(folder / "prefect"),
            "USE_TORCH": "0",
        }
        environment.pop("PREFECT_API_URL", None)
        environment.pop("MLFLOW_TRACKING_URI", None)
        store = str(folder / "home" / "store")
        asked = [experiment, json.dumps(overrides)]
        scripts = {}
        for script, text in (("read", READ), ("bare", BARE)):
            scripts[script] = folder / f"{script}.py"
            scripts[script].write_text(text)
        seconds([sys.executable, str(scripts["read"]), *asked, store], environment)
        trained = folder / "trained"
        trained.mkdir()
        bare = [sys.executable, str(scripts["bare"]), *asked, store, str(trained)]
        alone = seconds(bare, environment)
        changes = [word for override in overrides for word in ("--set", override)]
        unroll = [str(Path(sys.executable).with_name("unroll")), "run", experiment, *changes]
        return Sides(seconds(unroll, environment), alone)


def table(found: list[Sides], experiment: str, overrides: list[str]) -> str:
    """The measured sides as Markdown."""
    lines = [
        f"`unroll run {experiment} {' '.join(f'--set {one}' for one in overrides)}` on "
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}.",
        "",
        "| | Trainings alone, s | `unroll run`, s | Added, s | Ratio |",
        "|---|---:|---:|---:|---:|",
    ]
    for number, one in enumerate(found, 1):
        lines.append(
            f"| {number} | {one.bare:.1f} | {one.unroll:.1f} | {one.unroll - one.bare:.1f} | "
            f"{one.ratio:.3f} |"
        )
    lines.append(f"| median | | | | **{median(one.ratio for one in found):.3f}** |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure as often as asked, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="imdb_offline")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    overrides = [f"seeds={list(range(1, asked.seeds + 1))}"]
    found = [measure(asked.experiment, overrides) for _ in range(asked.repeats)]
    text = table(found, asked.experiment, overrides)
    sys.stdout.write(text)
    if asked.output is not None:
        asked.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
