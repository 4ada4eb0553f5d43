"""The registered model: which version is the champion, and that it answers as the network does."""

import errno
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
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
from yaml import safe_load

from components import patience as waiting
from components.evaluate.predict import load_network
from components.preprocess.text import PREPARED
from components.records import Evidence, Prepared, Scaler, Scored
from components.tracking import champion
from components.tracking.champion import Candidate, best_run, register
from components.tracking.runs import Parent
from params.schema import ForecastExperiment

# Else every test file that comes later would see this test's database.
URIS = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


@pytest.fixture
def prepared(prepared: Prepared) -> Prepared:
    """With the scaler that a real forecast has."""
    found = prepared.model_copy(update={"scaler": Scaler(mean=25.0, scale=7.0)})
    (found.path / PREPARED).write_text(found.model_dump_json())
    return found


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


def test_on_the_same_data_the_alias_moves_only_to_what_is_better(
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
    register(tiny_temperature, parent, candidate("lstm", 2, 0.1), refused=True)
    assert holder(parent) == "1"
    register(tiny_temperature, parent, candidate("lstm", 1, 0.25))
    assert holder(parent) == "4"
    said = [one.getMessage().removeprefix("champion: ") for one in caplog.records]
    assert said == [
        "now gru seed 1, version 1 of temperature, val/loss 0.5000",
        "still gru seed 1, version 1 of temperature, val/loss 0.5000",
        "still version 1 of temperature, val/loss 0.5000: rnn seed 1, version 2 of temperature, "
        "val/loss 0.5000, is no better",
        "still version 1 of temperature: lstm seed 2, version 3 of temperature, val/loss 0.1000, "
        "was refused by compare.alert",
        "now lstm seed 1, version 4 of temperature, val/loss 0.2500",
    ]


def test_on_other_data_the_newest_best_is_the_champion_unless_it_is_refused(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "components.tracking.champion")
    register(tiny_temperature, parent, candidate("gru", 1, 0.5))
    elsewhere = parent.ingested.model_copy(update={"fingerprint": "other"})
    other = parent.model_copy(update={"ingested": elsewhere})
    worse = candidate("bilstm", 1, 0.9)
    register(tiny_temperature, other, worse, refused=True)
    assert holder(parent) == "1"
    register(tiny_temperature, other, worse)
    assert (versions(parent), holder(parent)) == ({"1": "gru", "2": "bilstm"}, "2")
    later = tiny_temperature.preprocess.model_copy(update={"val_fraction": 0.4})
    changed = tiny_temperature.model_copy(update={"preprocess": later})
    register(changed, other, candidate("bilstm", 2, 1.5))
    assert holder(parent) == "3"
    said = [one.getMessage().removeprefix("champion: ") for one in caplog.records]
    assert said[1:] == [
        "still version 1 of temperature: bilstm seed 1, version 2 of temperature, val/loss 0.9000, "
        "was refused by compare.alert",
        "now bilstm seed 1, version 2 of temperature, val/loss 0.9000; version 1 was validated on "
        "other data",
        "now bilstm seed 2, version 3 of temperature, val/loss 1.5000; version 2 was validated on "
        "other data",
    ]


def test_a_model_of_other_making_keeps_the_alias(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "components.tracking.champion")
    client = parent.tracking.client()
    client.create_registered_model("temperature")
    client.create_model_version("temperature", "file:///elsewhere/model")
    client.set_registered_model_alias("temperature", "champion", "1")
    register(tiny_temperature, parent, candidate("gru", 1, 0.5))
    assert holder(parent) == "1"
    (record,) = caplog.records
    assert record.getMessage() == (
        "champion: still version 1 of temperature: it was not registered by a comparison"
    )


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


def test_an_mlflow_that_was_away_registers_it_as_soon_as_it_answers(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    best = candidate("gru", 1, 0.5)
    away = [True, True, True]  # for two calls, and once more when it is asked whether it is there

    def answering(call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **kwargs: Any) -> Any:
            if away:
                away.pop()
                raise MlflowException("no answer", TEMPORARILY_UNAVAILABLE)
            return call(*args, **kwargs)

        return asked

    monkeypatch.setattr(waiting, "PAUSES", (0, 0, 0))
    for name in ("search_model_versions", "search_experiments"):
        monkeypatch.setattr(MlflowClient, name, answering(getattr(MlflowClient, name)))
    register(tiny_temperature, parent, best)
    assert (versions(parent), holder(parent)) == ({"1": "gru"}, "1")
    assert not [one for one in caplog.records if "was not registered" in one.getMessage()]


def test_on_a_full_disk_it_is_left_to_be_done_again(
    parent: Parent,
    candidate: Callable[..., Candidate],
    tiny_temperature: ForecastExperiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(champion, "package", refuse)
    with pytest.raises(OSError, match="No space left"):
        register(tiny_temperature, parent, candidate("gru", 1, 0.5))


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
