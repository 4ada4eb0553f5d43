"""What an MLflow model says of itself: what it takes, what it gives, and what it needs."""

import re
from pathlib import Path

import pytest
import torch
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc import load_model
from safetensors.torch import save_file

from components.preprocess.text import PREPARED, VOCABULARY
from components.records import Ingested, Prepared, SequenceSpec, Trained
from components.tracking.packaging import package, requirements, signature
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from params.schema import ClassificationExperiment, ForecastExperiment


def test_texts_go_in_and_labels_come_out(tiny_imdb: ClassificationExperiment) -> None:
    found = signature(tiny_imdb).to_dict()
    assert found["inputs"] == '[{"type": "string", "name": "text", "required": true}]'
    assert re.findall(r'"name": "(\w+)"', found["outputs"]) == ["label", "probability"]


def test_windows_go_in_and_forecasts_come_out(tiny_temperature: ForecastExperiment) -> None:
    longer = tiny_temperature.preprocess.model_copy(update={"prediction_length": 2})
    found = signature(tiny_temperature.model_copy(update={"preprocess": longer}))
    assert [one.shape for one in (*found.inputs.inputs, *found.outputs.inputs)] == [
        *((-1, 5), (-1, 2))
    ]


def test_packages_are_pinned_as_an_index_knows_them() -> None:
    found = dict(one.split("==") for one in requirements())
    assert found["torch"] == torch.__version__.partition("+")[0]
    assert {"safetensors", "numpy", "pandas", "pyarrow"} <= found.keys()


def test_a_packaged_classifier_answers_its_own_example(
    tiny_imdb: ClassificationExperiment,
    ingested: Ingested,
    prepared: Prepared,
    trained: Trained,
    tmp_path: Path,
) -> None:
    spec = SequenceSpec(num_embeddings=6, input_size=1, output_size=1)
    words = prepared.model_copy(update={"spec": spec})
    (words.path / PREPARED).write_text(words.model_dump_json())
    (words.path / VOCABULARY).write_text('["great", "boring", "film", "and"]')
    job = TrainingJob(
        task="classification",
        architecture="rnn",
        seed=1,
        model=tiny_imdb.model,
        train=tiny_imdb.train,
        prepared=words,
        num_threads=1,
    )
    network = RecurrentNetwork("rnn", tiny_imdb.model, spec)
    save_file(network.state_dict(), trained.path / WEIGHTS)
    package(tmp_path / "model", tiny_imdb, job, trained, ingested, Model())
    model = load_model(str(tmp_path / "model"))
    answers = model.predict(model.input_example)
    assert answers["label"].tolist() == (answers["probability"] >= 0.5).astype(int).tolist()
    assert answers["probability"].between(0, 1).tolist() == [True, True]
    with pytest.raises(MlflowException, match="Model is missing inputs"):
        model.predict(model.input_example.rename(columns={"text": "review"}))
