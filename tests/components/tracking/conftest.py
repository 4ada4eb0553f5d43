"""A comparison that has begun and a training that has ended, in a database of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import torch
from mlflow.entities import Run
from safetensors.torch import save_file

from components.records import (
    ComparisonEvidence,
    Epoch,
    Ingested,
    Prepared,
    Provenance,
    Scored,
    SequenceSpec,
    Trained,
)
from components.storage import Home
from components.tracking.champion import Candidate
from components.tracking.comparison import start_comparison
from components.tracking.opening import Tracking, open_tracking
from components.tracking.runs import Parent
from components.tracking.trainings import start_training
from components.train.job import WEIGHTS, TrainingJob
from components.train.networks import RecurrentNetwork
from params.names import Architecture
from params.schema import ForecastExperiment

CREATED = "2026-01-02T03:04:05+00:00"
PROVENANCE = Provenance(
    params="name: tiny\n",
    params_digest="9f2c41d07be3a815",
    command="unroll run tiny",
    code_revision="4be71ce+changes",
    versions={"torch": "2.13.0"},
    machine="two cores",
)


@dataclass(frozen=True)
class Seen:
    """What a reader finds in MLflow."""

    opened: Tracking

    def run(self, run_id: str) -> Run:
        return self.opened.client().get_run(run_id)

    def artifacts(self, run_id: str, folder: str | None = None) -> set[str]:
        return {one.path for one in self.opened.client().list_artifacts(run_id, folder)}

    def text(self, run_id: str, path: str) -> str:
        return Path(self.opened.client().download_artifacts(run_id, path)).read_text()

    def is_complete(self, run_id: str) -> bool:
        return self.run(run_id).data.tags.get("unroll.complete") == "true"


def write(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)


@pytest.fixture
def opened(home: Home) -> Tracking:
    return open_tracking(home, "tiny")


@pytest.fixture
def seen(opened: Tracking) -> Seen:
    return Seen(opened)


@pytest.fixture
def ingested(tmp_path: Path) -> Ingested:
    (tmp_path / "ingested").mkdir()
    value = [20.0 + day / 10 for day in range(120)]
    pd.DataFrame({"value": value}).to_parquet(tmp_path / "ingested" / "series.parquet")
    return Ingested(
        path=tmp_path / "ingested",
        source="a series",
        fingerprint="abc123",
        splits={},
        repeats_across=0,
    )


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    write(tmp_path / "prepared", "prepared.json", "manifest.json", "train.safetensors")
    return Prepared(
        path=tmp_path / "prepared",
        key="k",
        fingerprint="abc123",
        train=70,
        val=20,
        test=10,
        spec=SequenceSpec(num_embeddings=None, input_size=1, output_size=1),
    )


@pytest.fixture
def parent(
    opened: Tracking, tiny_temperature: ForecastExperiment, ingested: Ingested, prepared: Prepared
) -> Parent:
    """The run of a comparison that has just begun."""
    begun = ComparisonEvidence(
        id="tiny-1", ingested=ingested, prepared=prepared, provenance=PROVENANCE, created=CREATED
    )
    return start_comparison(opened, experiment=tiny_temperature, begun=begun, tags={})


@pytest.fixture
def job(parent: Parent, tiny_temperature: ForecastExperiment) -> TrainingJob:
    return TrainingJob(
        task="forecast",
        architecture="gru",
        seed=7,
        model=tiny_temperature.model,
        train=tiny_temperature.train,
        prepared=parent.prepared,
        num_threads=1,
    )


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """A finished training, the first of whose epochs was the best."""
    write(tmp_path / "trained", "weights.safetensors", "trained.json", "last.ckpt")
    epochs = tuple(
        Epoch(epoch=epoch, seconds=epoch / 4, metrics={"train/loss": 2 / epoch, "val/loss": loss})
        for epoch, loss in ((1, 0.5), (2, 0.75))
    )
    return Trained(
        path=tmp_path / "trained",
        architecture="gru",
        seed=7,
        num_parameters=1234,
        train_seconds=4.5,
        peak_memory_bytes=1000,
        best_epoch=1,
        epochs=epochs,
    )


@pytest.fixture
def scored(tmp_path: Path) -> Scored:
    """The scores of that training."""
    write(
        tmp_path / "scored",
        *("predictions.parquet", "mistakes.parquet", "scored.json", "manifest.json"),
    )
    return Scored(
        path=tmp_path / "scored",
        fingerprint="abc123",
        kind="network",
        name="gru",
        seed=7,
        num_parameters=1234,
        train_seconds=4.5,
        peak_memory_bytes=1000,
        metrics={"test/mae": 1.75, "val/mae": 1.5},
        run_id="r",
    )


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
