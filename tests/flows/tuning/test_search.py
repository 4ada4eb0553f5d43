"""Whole searches on tiny data: what they find, prune, leave behind, and never read."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.metrics import metrics_of
from components.records import Tuning
from components.storage import Home
from flows.tuning import session
from flows.tuning.asked import Asked
from params.changed import changed
from params.load import load, to_yaml
from params.schema import Experiment, ForecastExperiment
from params.space import space_of

ROOT = Path(__file__).parents[3]
RATES = "train.learning_rate=[1e-9,1e-2]"


@pytest.fixture
def tune(
    tiny_temperature: ForecastExperiment,
    home: Home,
    prefect: None,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Tuning]:
    """Searches, by one worker, and gives what is printed by `--json`."""

    def call(
        *spaces: str,
        architectures: Sequence[str] = ("gru",),
        num_trials: int = 3,
        experiment: Experiment = tiny_temperature,
        at: Home = home,
        workers: int = 1,
        **values: Any,
    ) -> Tuning:
        values = {"ema_decay": None, "patience": None, **values}
        given = {f"train.{key}": value for key, value in values.items()}
        given["architectures"] = list(architectures)
        params = changed(experiment, given, "here")
        space, where = space_of(params, spaces)
        asked = Asked(
            experiment=params,
            space=space,
            space_from=where,
            metric=metrics_of(params.task)["val/loss"],
            num_trials=num_trials,
            seeds=params.seeds[:1],
            workers=workers,
            command=["unroll", "tune", "temperature"],
        )
        assert session.tune(asked, at, as_json=True) == 0
        return Tuning.model_validate_json(capsys.readouterr().out)

    return call


def runs_of(home: Home, found: Tuning) -> dict[str, Run]:
    """Every trial's run in MLflow, by its name."""
    client = MlflowClient(f"sqlite:///{home.database}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    query = f"tags.`unroll.tuning` = '{found.search.id}'"
    runs = list(client.search_runs(experiments, query, max_results=1000))
    (parent,) = (one for one in runs if one.data.tags["unroll.kind"] == "tuning")
    assert parent.info.run_id == found.run_id
    nested = [one for one in runs if one.data.tags.get("mlflow.parentRunId") == found.run_id]
    assert len(runs) == 1 + len(nested)
    return {one.info.run_name: one for one in nested}


def epochs_of(home: Home, run: Run) -> list[int]:
    client = MlflowClient(f"sqlite:///{home.database}")
    return [one.step for one in client.get_metric_history(run.info.run_id, "val/loss")]


def test_a_search_finds_the_step_size_that_learns(tune: Callable[..., Tuning], home: Home) -> None:
    found = tune(
        RATES, architectures=("gru", "rnn"), num_trials=6, max_epochs=3, learning_rate=1e-9
    )
    # There is no third point to try.
    assert [one.count("complete") for one in found.tuned] == [2, 2]
    for one in found.tuned:
        assert one.as_in_file is not None
        assert one.best is not None
        assert one.as_in_file.values == {"train.learning_rate": 1e-9}
        assert one.best.values == {"train.learning_rate": 1e-2}
        assert one.best.value < one.as_in_file.value
        winner = load(found.files[one.architecture])
        assert winner.train.learning_rate == 1e-2
        assert winner.architectures == (one.architecture,)
    runs = runs_of(home, found)
    places = {f"{name}-trial{place}" for name in ("gru", "rnn") for place in (1, 2)}
    assert set(runs) == places
    assert all(run.info.status == "FINISHED" for run in runs.values())
    marked = {run.info.run_id for run in runs.values() if "unroll.best_trial" in run.data.tags}
    assert marked == {one.best.run_id for one in found.tuned if one.best}
    for one in found.tuned:
        for trial in one.trials:
            assert (
                runs[f"{one.architecture}-trial{trial.place}"].data.metrics["value"] == trial.value
            )
    assert len([path for path in (home.store.root / "train").iterdir() if path.is_dir()]) == 4


def test_a_poor_trial_is_pruned_and_has_fewer_epochs(
    tune: Callable[..., Tuning], home: Home
) -> None:
    found = tune(
        "train.learning_rate=1e-9..1e-2:log", num_trials=10, max_epochs=6, learning_rate=1e-2
    )
    (one,) = found.tuned
    pruned = [trial for trial in one.trials if trial.state == "pruned"]
    assert pruned
    assert one.count("complete") + len(pruned) == 10
    runs = runs_of(home, found)
    for trial in one.trials:
        run = runs[f"gru-trial{trial.place}"]
        assert epochs_of(home, run) == list(range(1, trial.epochs + 1))
        is_pruned = trial.state == "pruned"
        assert (run.info.status == "KILLED") == is_pruned
        assert (run.data.tags["unroll.outcome"] == "pruned") == is_pruned
        assert (trial.epochs < 6) == is_pruned
    trained = [path for path in (home.store.root / "train").iterdir() if path.is_dir()]
    assert len(trained) == one.count("complete")


def test_the_test_split_is_not_read(tune: Callable[..., Tuning], home: Home) -> None:
    first = tune(RATES, max_epochs=1)
    (folder,) = [path for path in (home.store.root / "preprocess").iterdir() if path.is_dir()]
    (test,) = folder.glob("test*")
    test.write_bytes(b"\0" * test.stat().st_size)  # of the size that the store expects
    again = tune(RATES, max_epochs=2)
    assert again.search.id != first.search.id
    assert again.tuned[0].count("complete") == 2


def test_a_search_by_one_worker_is_the_same_again(
    tune: Callable[..., Tuning], home: Home, tmp_path: Path, empty_database: Path
) -> None:
    other = Home(tmp_path / "other")
    other.root.mkdir()
    other.database.write_bytes(empty_database.read_bytes())
    space = "train.learning_rate=1e-5..1e-1:log"
    found = tune(space, num_trials=3)
    again = tune(space, num_trials=3, at=other)

    def known(tuning: Tuning) -> list[tuple[Any, ...]]:
        return [
            (trial.place, trial.state, trial.values, trial.value, trial.epochs)
            for one in tuning.tuned
            for trial in one.trials
        ]

    assert known(found) == known(again)
    more = tune(space, num_trials=4)  # goes on
    assert known(more)[:3] == known(found)
    assert [trial.run_id for trial in more.tuned[0].trials[:3]] == [
        trial.run_id for trial in found.tuned[0].trials
    ]


def test_preprocessing_is_searched_too(
    tune: Callable[..., Tuning], tiny_imdb: Experiment, home: Home
) -> None:
    found = tune("preprocess.max_length=[4,10]", experiment=tiny_imdb, num_trials=3, max_epochs=1)
    lengths = {trial.values["preprocess.max_length"] for trial in found.tuned[0].trials}
    assert lengths == {4, 10}
    runs = runs_of(home, found)
    for trial in found.tuned[0].trials:
        params = runs[f"gru-trial{trial.place}"].data.params
        assert params["preprocess.max_length"] == str(trial.values["preprocess.max_length"])


@pytest.mark.slow
def test_a_killed_search_goes_on_until_every_trial_is_done_once(
    tiny_temperature: ForecastExperiment, home: Home, tmp_path: Path, prefect: None
) -> None:
    params = tmp_path / "tiny.yaml"
    slow = {"train.max_epochs": 60, "train.patience": None}
    params.write_text(to_yaml(changed(tiny_temperature, slow, "here")))
    command = [
        *(sys.executable, "-c", "from flows.cli import main; main()", "tune", str(params)),
        *("--trials", "3", "--architecture", "rnn", "--architecture", "gru"),
        *("--space", "train.learning_rate=1e-4..1e-1:log", "--json"),
    ]
    from prefect.settings import PREFECT_API_URL

    own = {"PYTHONPATH": str(ROOT), "UNROLL_HOME": str(home.root)}
    environment = {**os.environ, **own, "PREFECT_API_URL": str(PREFECT_API_URL.value())}
    for word in ("trial 1: epoch 2/", "trial 2: epoch 9/"):
        said = tmp_path / "said.txt"
        with said.open("w") as file:
            process = subprocess.Popen(command, env=environment, stderr=file, stdout=file)
            end = time.monotonic() + 200
            while word not in said.read_text() and time.monotonic() < end:
                assert process.poll() is None, said.read_text()
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            process.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    assert "was interrupted and is done again" in done.stderr
    found = Tuning.model_validate_json(done.stdout)
    for one in found.tuned:
        assert [trial.place for trial in one.trials] == [1, 2, 3]
    client = MlflowClient(f"sqlite:///{home.database}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments, "tags.`unroll.kind` = 'trial'", max_results=1000)
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    kept = [run for run in runs if run.data.tags["unroll.outcome"] != "interrupted"]
    assert sorted(run.info.run_id for run in kept) == sorted(
        str(trial.run_id) for one in found.tuned for trial in one.trials
    )
    for run in kept:
        epochs = epochs_of(home, run)
        assert epochs == list(range(1, len(epochs) + 1))
