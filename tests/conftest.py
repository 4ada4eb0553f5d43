"""Small data and small experiments for every test."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.outputs import Store
from components.storage import Home
from components.train import worker
from params.load import load
from params.schema import ClassificationExperiment, ForecastExperiment

Columns = Mapping[str, Sequence[object]]

README = """---
configs:
- config_name: plain_text
  default: true
  data_files:
  - split: train
    path: plain_text/train-*
  - split: test
    path: plain_text/test-*
---
"""
PRAISE, SCORN, FILLER = "good great fine", "bad awful dull", "the film isn't what you think, it was"


@pytest.fixture(autouse=True, scope="session")
def hugging_face_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches of Hugging Face, which are placed when it is imported, lie among the test's files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hugging_face")))
        yield


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without a run; making its tables takes seconds."""
    path = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(autouse=True)
def followed_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever kills a child by what it says hears of it soon enough."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A folder for all outputs, with an empty MLflow database."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    home = Home(tmp_path / "outputs")
    home.root.mkdir()
    shutil.copy(empty_database, home.database)
    return home


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def write_reviews(tmp_path: Path) -> Callable[..., Path]:
    """Writes splits, each a mapping of columns, as the Hub data set has them; gives the folder."""

    def write(name: str = "reviews", **splits: Columns) -> Path:
        folder = tmp_path / name
        (folder / "plain_text").mkdir(parents=True)
        (folder / "README.md").write_text(README, encoding="utf-8")
        for split, columns in splits.items():
            path = folder / "plain_text" / f"{split}-00000-of-00001.parquet"
            pd.DataFrame(columns).to_parquet(path, index=False)
        return folder

    return write


@pytest.fixture
def reviews(write_reviews: Callable[..., Path]) -> Path:
    """48 training and 16 test reviews of 3 to 14 words; one word of each tells its label."""
    random = np.random.default_rng(0)

    def split(number: int) -> Columns:
        label = np.arange(number) % 2
        texts = []
        for one in label:
            words = list(random.choice(FILLER.split(), random.integers(2, 14)))
            words.append(random.choice((PRAISE if one else SCORN).split()))
            texts.append(" ".join(words) + ".")
        return {"text": texts, "label": label}

    return write_reviews(train=split(48), test=split(16))


@pytest.fixture
def tiny_imdb(reviews: Path) -> ClassificationExperiment:
    """The shipped imdb with small networks, one epoch and one seed, on `reviews`."""
    overrides = [
        *(f"ingest.source={reviews}", "seeds=[1]", "train.max_epochs=1", "train.batch_size=8"),
        *("preprocess.vocab_size=40", "preprocess.max_length=10", "preprocess.val_fraction=0.25"),
        *("model.embedding_size=4", "model.hidden_sizes=[4]"),
    ]
    experiment = load("imdb", overrides)
    assert isinstance(experiment, ClassificationExperiment)
    return experiment


@pytest.fixture(scope="session")
def tiny_temperature() -> ForecastExperiment:
    """The shipped temperature with small networks, one epoch, one seed and 120 days."""
    overrides = [
        *("ingest.num_days=120", "ingest.period=30.0", "evaluate.seasonal_period=30"),
        *("preprocess.context_length=5", "seeds=[1]", "train.max_epochs=1", "report.num_days=10"),
        *("model.hidden_sizes=[4,3]", "model.head_sizes=[2]"),
    ]
    experiment = load("temperature", overrides)
    assert isinstance(experiment, ForecastExperiment)
    return experiment
