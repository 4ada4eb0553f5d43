"""A made-up folder of outputs: what the store, MLflow and the reports hold, as runs leave it."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.evaluate.cost import ANSWERING, MEASURED
from components.outputs import key_of
from components.storage import Home
from components.tracking.opening import open_tracking
from components.tracking.owner import owner

DAY = 86400.0


@dataclass
class World:
    """A folder for everything, and what is put into it."""

    home: Home
    runs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.home.own_tracking_uri)

    def output(self, stage: str, name: str, *, size: int = 1000, days: float = 1.0) -> str:
        """A complete output that was last used so many days ago; gives its `stage/key`."""

        def make(folder: Path) -> None:
            (folder / "data.bin").write_bytes(bytes(size))

        made = self.home.store.output(stage, key_of(name), make)
        aged(made.path, days)
        return f"{stage}/{made.key}"

    def answers(self, *measured: str, known: bool = True) -> str:
        """How fast the rows of those outputs answer."""

        def make(folder: Path) -> None:
            (folder / ANSWERING).write_text("[]")
            if known:
                (folder / MEASURED).write_text(json.dumps(measured))

        made = self.home.store.output("evaluate", key_of("answers", *measured), make)
        aged(made.path, 1)
        return f"evaluate/{made.key}"

    def partial(self, name: str, *, days: float = 1.0, checkpoint: bool = False) -> str:
        """A folder of a training whose process was killed so long ago."""
        path = self.home.store.root / "train" / f"{key_of(name)}.partial"
        path.mkdir(parents=True)
        (path / "events.jsonl").write_text("{}\n")
        if checkpoint:
            (path / "epoch-3-0123456789abcdef.ckpt").write_bytes(bytes(50))
        aged(path, days)
        return f"train/{key_of(name)}"

    def comparison(
        self,
        id: str,
        own: Sequence[str] = (),
        nested: Sequence[Sequence[str]] = (),
        *,
        status: str = "FINISHED",
        gone: bool = True,
        experiment: str = "heat",
        days: float = 1.0,
        tagged: bool = True,
    ) -> str:
        """A comparison in MLflow with a report; it is complete if its status is FINISHED.

        `own` and `nested` are the outputs that its runs name; `gone` says whether the process of
        one that is RUNNING is.
        """
        tracking = open_tracking(self.home, experiment)
        self.runs[id] = []
        for number, outputs in enumerate((*nested, own)):
            is_own = number == len(nested)
            then = time.time() - days * DAY
            # No process has that number.
            dead = {"unroll.pid": "4194304", "unroll.process_started": repr(then)}
            tags = {
                **owner(),
                **(dead if gone else {}),
                "unroll.kind": "comparison" if is_own else "run",
                "unroll.comparison": id,
                **({"unroll.outputs": " ".join(outputs)} if tagged else {}),
            }
            run = self.client.create_run(
                tracking.experiment_id,
                start_time=int(1000 * then),
                run_name=id if is_own else f"lstm-seed{number}",
                tags=tags,
            )
            run_id = run.info.run_id
            self.runs[id].append(run_id)
            self.client.log_text(run_id, "name: heat\n", "params.yaml")
            aged(self.home.artifacts / run_id, days)
            if status != "RUNNING":
                self.client.set_terminated(run_id, status, end_time=int(1000 * then))
            if status == "FINISHED":
                if is_own:
                    self.client.set_tag(run_id, "unroll.missing", "0")
                self.client.set_tag(run_id, "unroll.complete", "true")
        aged(self.report(id), days)
        return run_id

    def report(self, id: str) -> Path:
        """A report, with no more in it than tells it apart from other folders."""
        folder = self.home.reports / id
        folder.mkdir(parents=True)
        (folder / "comparison.json").write_text("{}")
        (folder / "report.html").write_text("<html></html>")
        aged(folder, 1)
        return folder

    def listing(self) -> dict[str, tuple[int, float]]:
        """Every file and folder but MLflow's database and locks, with its size and its time.

        The size of a folder counts as nothing.
        """
        return {
            str(path.relative_to(self.home.root)): (
                path.lstat().st_size if path.is_file() else 0,
                path.lstat().st_mtime,
            )
            for path in sorted(self.home.root.rglob("*"))
            if path != self.home.database and path.suffix != ".lock"
        }

    def states(self) -> list[tuple[str, str, str]]:
        """Every run in MLflow, and how it stands."""
        from mlflow.entities import ViewType

        every = [one.experiment_id for one in self.client.search_experiments()]
        runs = self.client.search_runs(every, run_view_type=ViewType.ALL)
        return sorted((one.info.run_id, one.info.status, one.info.lifecycle_stage) for one in runs)

    def there(self, name: str) -> bool:
        return (self.home.store.root / name).is_dir()


def aged(folder: Path, days: float) -> None:
    """Let a folder and all that is in it have been written so many days ago."""
    then = time.time() - days * DAY
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))


@pytest.fixture
def world(home: Home) -> World:
    return World(home)
