"""The registered model: which version is the champion, and that it answers as the network does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from safetensors.torch import save_file
from yaml import safe_load

from components.evaluate.predict import load_network
from components.preprocess.text import PREPARED
from components.records import Epoch, Evidence, Prepared, Scaler, Scored, Trained
from components.tracking import champion
from components.tracking.champion import Candidate, best_run, register
from components.tracking.runs import Parent
from components.tracking.trainings import start_training
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from params.names import Architecture
from params.schema import ForecastExperiment

# Else every test file that comes later would see this test's database.
URIS = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


@pytest.fixture
def prepared(prepared: Prepared) -> Prepared:
    """With the scaler that a real forecast has."""
    found = prepared.model_copy(update={"scaler": Scaler(mean=25.0, scale=7.0)})
    (found.path / PREPARED).write_text(found.model_dump_json())
    return found


@pytest.fixture
def candidate(
    parent: Parent, job: TrainingJob, scored: Scored, tmp_path: Path
) -> Callable[..., Candidate]:
    """Makes a finished run with random weights of an architecture and a seed, and its val/loss."""

    def make(architecture: Architecture, seed: int, val_loss: float) -> Candidate:
        own = job.model_copy(update={"architecture": architecture, "seed": seed})
        folder = tmp_path / f"{architecture}{seed}"
        folder.mkdir(exist_ok=True)
        torch.manual_seed(seed)
        network = RecurrentNetwork(architecture, own.model, own.prepared.spec)
        save_file(network.state_dict(), folder / WEIGHTS)
        trained = Trained(
            path=folder,
            architecture=architecture,
            seed=seed,
            num_parameters=1,
            train_seconds=1.0,
            peak_memory_bytes=1000,
            best_epoch=1,
            epochs=(Epoch(epoch=1, seconds=1.0, metrics={"val/loss": val_loss}),),
        )
        return Candidate(
            run_id=start_training(parent, own).run_id, job=own, trained=trained, scored=scored
        )

    return make


def versions(parent: Parent) -> dict[str, str]:
    """Architecture by number of the version."""
    found = parent.tracking.client().search_model_versions("name = 'temperature'")
    return {str(one.version): one.tags["unroll.architecture"] for one in found}


def holder(parent: Parent) -> str:
    model = parent.tracking.client().get_registered_model("temperature")
    return str(model.aliases["champion"])


def test_the_champion_answers_as_its_network(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    best = candidate("gru", 3, 0.5)
    register(tiny_temperature, parent, best)
    version = parent.tracking.client().get_model_version_by_alias("temperature", "champion")
    assert (str(version.version), version.run_id) == ("1", best.run_id)
    assert version.tags["unroll.fingerprint"] == "abc123"
    assert version.tags["unroll.val_loss"] == "0.5"
    assert "| MAE | 1.750 °C |" in version.description
    for name in URIS:
        monkeypatch.setenv(name, parent.tracking.uri)
    model = mlflow.pyfunc.load_model("models:/temperature@champion")
    assert model.metadata.run_id == best.run_id
    assert model.input_example.shape == (1, 5)
    assert model.input_example[0] == pytest.approx([31.5, 31.6, 31.7, 31.8, 31.9])
    windows = np.array([[20.0, 21.0, 22.0, 23.0, 24.0], [30.0, 30.0, 29.0, 28.0, 27.0]])
    network = load_network("gru", best.job.model, best.job.prepared.spec, best.trained.path)
    scaled = torch.from_numpy(((windows - 25) / 7).astype(np.float32))[:, :, None]
    with torch.inference_mode():
        expected = network(scaled, torch.tensor([5, 5])).double().numpy() * 7 + 25
    assert model.predict(pd.DataFrame(windows)) == pytest.approx(expected)
    assert model.predict(windows) == pytest.approx(expected)
    with pytest.raises(MlflowException, match="Failed to enforce schema"):
        model.predict(windows[:, :4])


def test_no_file_of_the_model_is_a_pickle(
    parent: Parent, candidate: Callable[..., Candidate], tiny_temperature: ForecastExperiment
) -> None:
    register(tiny_temperature, parent, candidate("lstm", 1, 0.5))
    client = parent.tracking.client()
    version = client.get_model_version_by_alias("temperature", "champion")
    folder = Path(version.source.removeprefix("file://"))
    files = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    data = {f"data/run/{name}" for name in ("params.yaml", "prepared.json", "weights.safetensors")}
    others = {"MLmodel", "requirements.txt", "input_example.json"}
    assert files >= data | others
    assert {Path(name).suffix for name in files} <= {"", ".yaml", ".json", ".txt", ".safetensors"}
    params = (folder / "data" / "run" / "params.yaml").read_text()
    assert safe_load(params)["architectures"] == ["lstm"]
    assert "torch==" in (folder / "requirements.txt").read_text()


def test_the_alias_moves_only_to_what_is_better_on_the_same_data(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "components.tracking.champion")
    first = candidate("gru", 1, 0.5)
    register(tiny_temperature, parent, first)
    register(tiny_temperature, parent, first)  # the same training
    assert (versions(parent), holder(parent)) == ({"1": "gru"}, "1")
    register(tiny_temperature, parent, candidate("rnn", 1, 0.5))  # no better
    assert (versions(parent), holder(parent)) == ({"1": "gru", "2": "rnn"}, "1")
    elsewhere = parent.ingested.model_copy(update={"fingerprint": "other"})
    other = parent.model_copy(update={"ingested": elsewhere})
    register(tiny_temperature, other, candidate("bilstm", 1, 0.1))
    assert holder(parent) == "1"
    later = tiny_temperature.preprocess.model_copy(update={"val_fraction": 0.4})
    changed = tiny_temperature.model_copy(update={"preprocess": later})
    register(changed, parent, candidate("bilstm", 2, 0.1))
    assert holder(parent) == "1"
    register(tiny_temperature, parent, candidate("lstm", 1, 0.25))
    assert holder(parent) == "5"
    said = [one.getMessage().removeprefix("champion: ") for one in caplog.records]
    assert said == [
        "now gru seed 1, version 1 of temperature, val/loss 0.5000",
        "still gru seed 1, version 1 of temperature, val/loss 0.5000",
        "still version 1 of temperature, val/loss 0.5000: rnn seed 1, version 2 of temperature, "
        "val/loss 0.5000, is no better",
        "still version 1 of temperature: bilstm seed 1, version 3 of temperature, val/loss 0.1000, "
        "was validated on other data",
        "still version 1 of temperature: bilstm seed 2, version 4 of temperature, val/loss 0.1000, "
        "was validated on other data",
        "now lstm seed 1, version 5 of temperature, val/loss 0.2500",
    ]


def test_without_a_registry_there_is_a_warning(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("this server has no model registry")

    monkeypatch.setattr(MlflowClient, "search_model_versions", refuse)
    register(tiny_temperature, parent, candidate("gru", 1, 0.5))
    (record,) = (one for one in caplog.records if one.name == champion.__name__)
    assert (record.levelname, record.getMessage()) == (
        "WARNING",
        "the best network was not registered as a model: this server has no model registry",
    )


def test_the_best_run_is_the_finished_one_of_least_loss(
    parent: Parent, candidate: Callable[..., Candidate], scored: Scored
) -> None:
    made = [candidate("gru", 1, 0.5), candidate("rnn", 2, 0.4), candidate("lstm", 1, 0.3)]
    made.append(candidate("bilstm", 1, 0.4))
    ended = [
        scored.model_copy(
            update={"name": one.job.architecture, "seed": one.job.seed, "run_id": one.run_id}
        )
        for one in made
        if one.job.architecture != "lstm"  # it was trained, but could not be scored
    ]
    evidence = Evidence(
        ingested=parent.ingested,
        prepared=parent.prepared,
        trained=tuple(one.trained for one in made),
        scored=tuple(ended),
        missing=(),
    )
    found = best_run(evidence, [one.job for one in made])
    assert found is not None
    assert (found.job.name, found.val_loss) == ("bilstm seed 1", 0.4)  # level, and first by name
    assert best_run(evidence.model_copy(update={"scored": ()}), []) is None


def test_usage_names_what_the_model_reads(tiny_imdb: Any, tiny_temperature: Any) -> None:
    assert 'load_model("models:/imdb@champion")' in champion.usage(tiny_imdb)
    assert 'pd.DataFrame({"text": [' in champion.usage(tiny_imdb)
    assert "(N, 5), degrees C" in champion.usage(tiny_temperature)
