"""Seconds of `unroll run`, from process start to report, against its trainings alone.

    python tests/benchmarks/overhead.py --output tests/benchmarks/overhead.md

The trainings alone are a bare loop: a process that starts children by the same entry point, as many
at a time as `unroll run` does, and nothing else: no Prefect, no MLflow, no scores, no report. Both
sides find the data read and encoded, and `unroll run` the databases of Prefect and MLflow made, as
from the second run on; both train everything. They run in turn. Each of the comparisons that are
measured takes some five minutes of training on two cores: one has a few trainings, one many short
ones, each of which is scored and logged.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BARE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from components.outputs import Store
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
COMPARISONS = {
    "few": ["seeds=[1,2,3]", "train.max_epochs=9"],
    "many": ["seeds=[1,2,3,4,5,6,7,8,9]"],
}
# Reads the data and makes the databases; what is measured then fits its own baselines.
FIRST = [
    *("seeds=[99]", "architectures=[rnn]", "train.max_epochs=1", "evaluate.baselines=[majority]"),
]


Environment = dict[str, str]


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


@contextmanager
def prepared(experiment: str, overrides: Sequence[str] = ()) -> Iterator[tuple[Path, Environment]]:
    """A folder of its own, and an environment in which `experiment` was run once before."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {
            "UNROLL_HOME": str(folder / "home"),
            "PREFECT_HOME": str(folder / "prefect"),
            "USE_TORCH": "0",
        }
        environment.pop("PREFECT_API_URL", None)
        environment.pop("MLFLOW_TRACKING_URI", None)
        seconds(unroll_run(experiment, [*overrides, *FIRST]), environment)
        yield folder, environment


def unroll_run(experiment: str, overrides: Sequence[str]) -> list[str]:
    """The command line that runs `experiment`."""
    unroll = str(Path(sys.executable).with_name("unroll"))
    return [unroll, "run", experiment, *changes(overrides)]


def measure(experiment: str, overrides: list[str]) -> Sides:
    """Both sides once, the bare loop first."""
    with prepared(experiment) as (folder, environment):
        script, trained = folder / "bare.py", folder / "trained"
        script.write_text(BARE)
        trained.mkdir()
        asked = [experiment, json.dumps(overrides), str(folder / "home" / "store"), str(trained)]
        alone = seconds([sys.executable, str(script), *asked], environment)
        return Sides(seconds(unroll_run(experiment, overrides), environment), alone)


def changes(overrides: Sequence[str]) -> list[str]:
    """Overrides as the command line takes them."""
    return [word for override in overrides for word in ("--set", override)]


def rows(found: list[Sides], experiment: str, overrides: list[str]) -> list[str]:
    """What was measured of one comparison, as lines of the table."""
    command = " ".join(["unroll run", experiment, *changes(overrides)])
    return [
        f"| `{command}` | {one.bare:.1f} | {one.unroll:.1f} | {one.unroll - one.bare:.1f} | "
        f"{one.ratio:.3f} |"
        for one in found
    ]


def main() -> None:
    """Measure as often as asked, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="imdb_offline")
    parser.add_argument("--only", choices=COMPARISONS, action="append")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    lines = [
        f"On {os.cpu_count()} cores, {platform.system()} {platform.machine()}.",
        "",
        "| Command | Trainings alone, s | All, s | Added, s | Ratio |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in asked.only or COMPARISONS:
        overrides = COMPARISONS[name]
        found = [measure(asked.experiment, overrides) for _ in range(asked.repeats)]
        lines += rows(found, asked.experiment, overrides)
        sys.stdout.write("\n".join(lines) + "\n")
        if asked.output is not None:
            asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
