"""A training -> the folder of an MLflow model: what it needs to answer, and how it is asked."""

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from components.ingest.series import SERIES
from components.preprocess.text import PREPARED
from components.preprocess.vocabulary import VOCABULARY
from components.records import Ingested, Trained
from components.train.job import WEIGHTS, TrainingJob
from params.kept import PARAMS
from params.load import to_yaml
from params.schema import Experiment, ForecastExperiment

LOADER = "components.predict.pyfunc"  # MLflow imports it by this name where the model is loaded
# What the loader imports; `unroll` itself is there where it was installed.
NEEDED = (
    *("unroll", "torch", "safetensors", "numpy", "pandas", "pyarrow"),
    *("pydantic", "pyyaml", "filelock"),
)


def package(
    path: Path,
    experiment: Experiment,
    job: TrainingJob,
    trained: Trained,
    ingested: Ingested,
    model: Model,
) -> None:
    """Write the MLflow model of a training to the new folder `path`; nothing in it is a pickle.

    Args:
        path: A folder that is not there yet.
        experiment: Of which it is a run.
        job: What was trained.
        trained: The folder with its weights.
        ingested: The data, whose last days are the example of a forecast.
        model: Says which run and which model of MLflow's it is.
    """
    with TemporaryDirectory(prefix="unroll-") as scratch:
        data = Path(scratch) / "run"
        data.mkdir()
        its_own = {"architectures": (job.architecture,), "seeds": (job.seed,)}
        params = to_yaml(experiment.model_copy(update=its_own))
        (data / PARAMS).write_text(params, encoding="utf-8")
        shutil.copy(trained.path / WEIGHTS, data)
        for name in (PREPARED, VOCABULARY):
            if (job.prepared.path / name).is_file():
                shutil.copy(job.prepared.path / name, data)
        mlflow.pyfunc.save_model(
            path,
            loader_module=LOADER,
            data_path=str(data),
            mlflow_model=model,
            signature=signature(experiment),
            input_example=example(experiment, ingested),
            pip_requirements=requirements(),
        )


def signature(experiment: Experiment) -> ModelSignature:
    """What the model takes and gives: texts and labels, or windows and forecasts in degrees C."""
    if isinstance(experiment, ForecastExperiment):
        read, told = experiment.preprocess.context_length, experiment.preprocess.prediction_length
        kind = np.dtype(np.float64)
        return ModelSignature(
            Schema([TensorSpec(kind, (-1, read))]), Schema([TensorSpec(kind, (-1, told))])
        )
    return ModelSignature(
        Schema([ColSpec("string", "text")]),
        Schema([ColSpec("long", "label"), ColSpec("double", "probability")]),
    )


def example(experiment: Experiment, ingested: Ingested) -> "pd.DataFrame | np.ndarray":
    """What to ask the model: two invented texts, or the last days of the series `(1, T)`."""
    if isinstance(experiment, ForecastExperiment):
        series = pd.read_parquet(ingested.path / f"{SERIES}.parquet")["value"]
        return series.to_numpy(np.float64)[None, -experiment.preprocess.context_length :]
    return pd.DataFrame({"text": ["A great and moving film.", "Boring from beginning to end."]})


def requirements() -> list[str]:
    """The packages that a model needs, in the versions that are installed here."""
    found = []
    for name in NEEDED:
        try:
            found.append(f"{name}=={version(name).partition('+')[0]}")
        except PackageNotFoundError:  # a checkout that was never installed
            continue
    return found
