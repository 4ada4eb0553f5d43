"""Runs that keep everything in PostgreSQL, which is restarted under them."""

from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from params.load import to_yaml
from params.schema import ForecastExperiment

EPOCHS = 150


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_runs_stand_a_restart_of_postgresql_and_lose_and_repeat_nothing(
    up_in_postgres: Any, postgres: Any, tiny_temperature: ForecastExperiment
) -> None:
    changed = {"max_epochs": EPOCHS, "patience": None, "batch_size": 2}
    train = tiny_temperature.train.model_copy(update=changed)
    commands = []
    for seed, name in enumerate(("one", "two")):  # of one seed the second would wait for the first
        params = tiny_temperature.model_copy(
            update={
                "name": name,
                "architectures": ("rnn", "gru"),
                "seeds": (seed,),
                "train": train,
            }
        )
        (up_in_postgres.folder / "here" / f"{name}.yaml").write_text(to_yaml(params))
        commands.append(up_in_postgres.start("run", f"{name}.yaml"))
    for command in commands:
        command.wait_until_said(f"epoch 3/{EPOCHS}", 200)
    postgres.control("-m", "fast", "restart")
    # It was restarted in the middle of both.
    assert all(f"epoch {EPOCHS}/{EPOCHS}" not in command.said() for command in commands)
    for command in commands:
        assert command.process.wait(600) == 0, command.said()

    client = MlflowClient(up_in_postgres.mlflow)
    for name in ("one", "two"):
        known = client.get_experiment_by_name(name)
        assert known is not None
        runs = client.search_runs([known.experiment_id])
        assert {run.info.status for run in runs} == {"FINISHED"}
        trained = [run for run in runs if run.data.tags["unroll.kind"] == "run"]
        assert len(trained) == 2
        for run in trained:
            for metric in ("val/loss", "train/loss"):
                history = client.get_metric_history(run.info.run_id, metric)
                assert sorted(one.step for one in history) == list(range(1, EPOCHS + 1))
    found = httpx.post(f"{up_in_postgres.prefect}/flow_runs/filter", json={}).json()
    assert [run["state_name"] for run in found] == ["Completed", "Completed"]
    for log in (up_in_postgres.folder / "outputs" / "servers").glob("*.log"):
        assert "p%40ss" not in log.read_text()
        assert "p@ss" not in log.read_text()
