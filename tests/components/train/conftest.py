"""Small data, encoded and ready to be trained on in this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from components.ingest.series import ingest_series
from components.ingest.text import ingest_text
from components.outputs import Store
from components.preprocess.series import preprocess_series
from components.preprocess.text import preprocess_text
from components.records import Prepared
from components.train import worker
from components.train.job import TrainingJob
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment


@pytest.fixture(autouse=True)
def torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread and a known seed; what a training sets for its process is set back."""
    monkeypatch.setenv("PL_GLOBAL_SEED", "0")
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def job_of(experiment: Experiment, prepared: Prepared) -> TrainingJob:
    return TrainingJob(
        task=experiment.task,
        architecture="gru",
        seed=1,
        model=experiment.model,
        train=experiment.train,
        prepared=prepared,
        num_threads=1,
    )


@pytest.fixture
def text_job(tiny_imdb: ClassificationExperiment, store: Store) -> TrainingJob:
    """A GRU on 36 training and 12 validation reviews: one epoch, batches of 8."""
    ingested = ingest_text(tiny_imdb.ingest, store)
    return job_of(tiny_imdb, preprocess_text(ingested, tiny_imdb.preprocess, store))


@pytest.fixture
def series_job(tiny_temperature: ForecastExperiment, store: Store) -> TrainingJob:
    """A GRU on a noisy series of 120 days: one epoch, batches of 32."""
    ingested = ingest_series(tiny_temperature.ingest, store)
    return job_of(tiny_temperature, preprocess_series(ingested, tiny_temperature.preprocess, store))


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """An empty folder for a training or a child to fill."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children may be started, and find the module `child_work` that stands beside these tests."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    worker.preload()
