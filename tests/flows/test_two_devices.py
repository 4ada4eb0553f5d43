"""Two processes that share a training under a flow: what one does, once, and after a loss too."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from mlflow import MlflowClient
from prefect.client.orchestration import get_client

from components.storage import Home

REPOSITORY = Path(__file__).parents[2]
IMDB = Path(os.environ.get("UNROLL_IMDB", REPOSITORY.parent / "shared" / "imdb"))

pytestmark = [
    *(pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.usefixtures("prefect")),
    pytest.mark.skipif(not IMDB.is_dir(), reason="UNROLL_IMDB names no folder"),
]
UNROLL = [str(Path(sys.executable).with_name("unroll"))]
RUN = ["run", "imdb", "--set", f"ingest.source={IMDB}", "--set", "seeds=[1]"]
RUN += ["--set", "architectures=[lstm]", "--set", "train.max_epochs=2"]
TWO = ["--set", "resources.devices=2"]


def environment(home: Home) -> dict[str, str]:
    from prefect.settings import PREFECT_API_URL

    return {
        **os.environ,
        "UNROLL_HOME": str(home.root),
        "PREFECT_API_URL": str(PREFECT_API_URL.value()),
    }


def unroll(home: Home, *arguments: str) -> dict[str, Any]:
    """`comparison.json` of what the command line makes."""
    done = subprocess.run(
        [*UNROLL, *arguments, "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return dict(json.loads(done.stdout))


def history(home: Home) -> list[dict[str, float]]:
    """The metrics of every epoch of the only training."""
    (path,) = (home.store.root / "train").glob("*/trained.json")
    return [epoch["metrics"] for epoch in json.loads(path.read_text())["epochs"]]


def metrics(comparison: dict[str, Any]) -> dict[str, float]:
    (row,) = [row for row in comparison["rows"] if row["name"] == "lstm"]
    return {key: spread["mean"] for key, spread in row["metrics"].items()}


def num_flow_runs() -> int:
    with get_client(sync_client=True) as client:
        return len(client.read_flow_runs())


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, prefect: None) -> list[dict[str, float]]:
    """The epochs of one process."""
    home = Home(tmp_path_factory.mktemp("alone"))
    unroll(home, *RUN)
    return history(home)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory, prefect: None) -> tuple[Home, Any]:
    """Where two processes trained, and the comparison; one flow run was made."""
    home, before = Home(tmp_path_factory.mktemp("together")), num_flow_runs()
    comparison = unroll(home, *RUN, *TWO)
    assert num_flow_runs() == before + 1
    return home, comparison


def test_one_run_everywhere_and_every_test_example_once(together: tuple[Home, Any]) -> None:
    home, comparison = together
    client = MlflowClient(home.tracking_uri)
    (one,) = client.search_experiments(filter_string="name = 'imdb'")
    runs = client.search_runs([one.experiment_id])
    nested = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert len(runs) - len(nested) == 1
    assert [run.info.status for run in nested] == ["FINISHED"]
    (training,) = nested
    steps = client.get_metric_history(training.info.run_id, "val/loss")
    assert [metric.step for metric in steps] == [1, 2]

    assert comparison["data"]["test"] == 25_000
    (trained,) = [
        path.parent
        for path in (home.store.root / "evaluate").glob("*/scored.json")
        if json.loads(path.read_text())["kind"] == "network"
    ]
    predictions = pd.read_parquet(trained / "predictions.parquet")
    assert len(predictions) == 25_000
    right = (predictions["probability"] > 0.5) == predictions["label"].astype(bool)
    assert right.mean() == pytest.approx(metrics(comparison)["test/accuracy"])


def test_losses_are_those_of_one_process(
    together: tuple[Home, Any], alone: list[dict[str, float]]
) -> None:
    for one, other in zip(alone, history(together[0]), strict=True):
        for key in ("train/loss", "val/loss"):
            assert other[key] == pytest.approx(one[key], abs=1e-3)


def test_a_killed_rank_ends_the_run_and_what_goes_on_is_as_if_nothing_had_been(
    together: tuple[Home, Any], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    with subprocess.Popen(
        [*UNROLL, *RUN, *TWO], env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "epoch 1/2" in line:
                rank_1(process.pid).kill()
    assert process.returncode == 1
    assert "lstm seed 1: rank 1 was ended by SIGKILL" in said
    assert metrics(unroll(home, "resume")) == metrics(together[1])
    assert history(home) == history(together[0])


def rank_1(parent: int) -> psutil.Process:
    """The second of the processes that share the training."""
    (found,) = [
        one
        for one in psutil.Process(parent).children(recursive=True)
        if "components.train.torchrun" in one.cmdline() and one.environ().get("RANK") == "1"
    ]
    return found
