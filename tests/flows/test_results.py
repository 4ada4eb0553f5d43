"""The figures that README promises, on the real data; minutes each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from components.ingest.series import generate
from components.predict.series import load_forecaster
from params.load import load

REPOSITORY = Path(__file__).parents[2]
IMDB = Path(os.environ.get("UNROLL_IMDB", REPOSITORY.parent / "shared" / "imdb"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
whole_imdb = pytest.mark.skipif(not IMDB.is_dir(), reason="UNROLL_IMDB names no folder")


def run(tmp_path, *arguments):
    """`comparison.json` of one experiment run as a person runs it, in folders of its own."""
    command = [str(Path(sys.executable).with_name("unroll")), "run", *arguments, "--json"]
    folders = {"UNROLL_HOME": str(tmp_path / "home"), "PREFECT_HOME": str(tmp_path / "prefect")}
    done = subprocess.run(
        command, env=os.environ | folders, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout)


def means(comparison, key):
    """Row name -> mean of a metric."""
    return {row["name"]: row["metrics"][key]["mean"] for row in comparison["rows"]}


@whole_imdb
def test_imdb_reaches_the_tutorial_on_the_official_test(tmp_path):
    comparison = run(tmp_path, "imdb", "--set", f"ingest.source={IMDB}")
    assert (comparison["data"]["train"], comparison["data"]["test"]) == (20_000, 25_000)
    accuracy = means(comparison, "test/accuracy")
    (behind,) = [p for p in comparison["pairs"] if (p["better"], p["worse"]) == ("lstm", "rnn")]
    assert behind["adjusted_p"] < 0.05
    least = {"rnn": 0.81, "lstm": 0.84, "gru": 0.84, "bilstm": 0.84, "tfidf_logistic": 0.88}
    assert {name: value for name, value in least.items() if accuracy[name] < value} == {}
    assert accuracy["majority"] == 0.5
    facts = " ".join(comparison["data"]["facts"])
    assert "96 exact repeats" in facts
    assert "199 exact repeats" in facts
    assert "123 texts stand in both splits" in facts


@whole_imdb
@pytest.mark.parametrize(
    ("name", "least"),
    [("imdb_bidirectional", {"lstm": 0.85, "bilstm": 0.85}), ("imdb_stacked", {"lstm": 0.855})],
)
def test_larger_networks_reach_the_tutorial_on_the_official_test(tmp_path, name, least):
    comparison = run(tmp_path, name, "--set", f"ingest.source={IMDB}")
    accuracy = means(comparison, "test/accuracy")
    assert {name: accuracy[name] for name in least if accuracy[name] < least[name]} == {}


def test_temperature_is_near_its_floor_and_no_difference_is_claimed_that_is_not_there(tmp_path):
    comparison = run(tmp_path, "temperature", "--set", "seeds=[1, 2, 3, 4, 5]")
    mae = means(comparison, "test/mae")
    assert mae["lstm"] <= 1.62
    assert {n: mae[n] for n in ("rnn", "lstm", "gru", "bilstm") if mae[n] > 1.70} == {}
    assert comparison["floor"]["test/mae"] == pytest.approx(1.530, abs=5e-4)
    assert mae["harmonic_regression"] == pytest.approx(1.525, abs=5e-4)
    assert mae["last_value"] == pytest.approx(2.143, abs=5e-4)

    truth = true_mae(comparison, tmp_path / "home")
    pairs = [pair for pair in comparison["pairs"] if {pair["better"], pair["worse"]} <= set(truth)]
    assert len(pairs) == 6
    for pair in pairs:
        low, high = pair["interval"]
        true_difference = truth[pair["worse"]] - truth[pair["better"]]
        assert low <= true_difference <= high, pair
        if abs(true_difference) < (high - low) / 2:  # too little for 213 days to tell
            assert pair["adjusted_p"] >= 0.05, pair


def true_mae(comparison, home):
    """Network -> mean MAE of its runs on 40,000 new days of the same climate, in degrees C."""
    params = load("temperature", [])
    length = params.preprocess.context_length
    climate = params.ingest.model_copy(update={"num_days": 40_000, "seed": 977})
    value = generate(climate)["value"].to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(value[:-1], length)
    found = {}
    for row in comparison["rows"]:
        if row["kind"] == "baseline":
            continue
        of_runs = []
        for run_id in row["run_ids"]:
            artifacts = home / "mlartifacts" / run_id / "artifacts"
            forecaster = load_forecaster(artifacts, row["name"], params)
            network, lengths = forecaster.network, torch.full((1000,), length)
            with torch.inference_mode():
                scaled = torch.from_numpy(forecaster.scaled(windows)).unsqueeze(-1)
                parts = [network(part, lengths[: len(part)])[:, 0] for part in scaled.split(1000)]
            forecast = forecaster.in_degrees(torch.cat(parts).double().numpy())
            of_runs.append(np.abs(forecast - value[length:]).mean())
        found[row["name"]] = np.mean(of_runs)
    return found
