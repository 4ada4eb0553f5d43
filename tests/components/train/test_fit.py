"""Trainings on tiny data, in this process and on one thread: what they learn and leave."""

import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from safetensors.torch import load_file

from components.evaluate.predict import predict_test, run
from components.preprocess.batches import Batches, load_split
from components.records import Trained
from components.train import data as data_module
from components.train import fit as fit_module
from components.train import history
from components.train.fit import fit
from components.train.job import TrainingJob
from components.train.lightning_module import TrainingDiverged
from components.train.networks import RecurrentNetwork, num_parameters
from params.names import Architecture

KEPT = ["events.jsonl", "trained.json", "weights.safetensors"]


def changed(job: TrainingJob, *, model: dict[str, Any] | None = None, **train: Any) -> TrainingJob:
    """The job with other params of `model` and of `train`."""
    update = {
        "model": job.model.model_copy(update=model or {}),
        "train": job.train.model_copy(update=train),
    }
    return job.model_copy(update=update)


def fitted(job: TrainingJob, folder: Path) -> Trained:
    folder.mkdir(exist_ok=True)
    fit(job, folder)
    return Trained.model_validate_json((folder / "trained.json").read_text())


def network_of(job: TrainingJob, folder: Path) -> RecurrentNetwork:
    network = RecurrentNetwork(job.architecture, job.model, job.prepared.spec)
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    return network


def measured(job: TrainingJob, folder: Path, split: str) -> dict[str, float]:
    """Loss and readable metric of the saved weights on one split, computed directly."""
    data = load_split(job.prepared.path, split)
    output, targets = run(network_of(job, folder), data), data.targets.double()
    if job.task == "classification":
        probability = output.sigmoid()
        likelihood = torch.where(targets == 1, probability, 1 - probability)
        right = (probability >= 0.5) == (targets == 1)
        return {
            f"{split}/loss": -likelihood.log().mean().item(),
            f"{split}/accuracy": right.double().mean().item(),
        }
    assert job.prepared.scaler is not None
    error = output - targets
    return {
        f"{split}/loss": error.square().mean().item(),
        f"{split}/mae": error.abs().mean().item() * job.prepared.scaler.scale,
    }


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a callback of a test look on while `fit` trains."""

    def attach(callback: Callback) -> None:
        make = fit_module.trainer_for
        monkeypatch.setattr(
            fit_module,
            "trainer_for",
            lambda job, folder, callbacks: make(job, folder, [*callbacks, callback]),
        )

    return attach


@pytest.mark.parametrize("architecture", ["rnn", "lstm", "gru", "bilstm"])
def test_a_few_reviews_can_be_learned_by_heart(
    architecture: Architecture, text_job: TrainingJob, run_folder: Path
) -> None:
    job = changed(text_job, batch_size=36, max_epochs=60, learning_rate=0.03)
    trained = fitted(job.model_copy(update={"architecture": architecture}), run_folder)
    losses = [epoch.metrics["train/loss"] for epoch in trained.epochs]
    assert losses[0] == pytest.approx(0.693, abs=0.1)
    assert losses[-1] < 0.02


def test_a_few_windows_can_be_learned_by_heart(series_job: TrainingJob, run_folder: Path) -> None:
    model = {"hidden_sizes": (32,), "dropout": 0.0, "head_sizes": (32,)}
    job = changed(series_job, model=model, batch_size=128, learning_rate=0.03, max_epochs=250)
    trained = fitted(changed(job, patience=None, ema_decay=None), run_folder)
    assert trained.epochs[-1].metrics["train/loss"] < 0.03  # of which 0.07 is noise


@pytest.mark.parametrize("ema_decay", [None, 0.5])
@pytest.mark.parametrize("task", ["text_job", "series_job"])
def test_the_weights_of_the_best_epoch_stay(
    task: str,
    ema_decay: float | None,
    run_folder: Path,
    request: pytest.FixtureRequest,
    watch: Any,
) -> None:
    class Damage(Callback):
        def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            if trainer.current_epoch >= 3:
                torch.nn.init.constant_(pl_module.network.head[-1].bias, 5.0)

    watch(Damage())
    job: TrainingJob = request.getfixturevalue(task)
    job = changed(job, max_epochs=5, learning_rate=0.01, patience=None, ema_decay=ema_decay)
    trained = fitted(job, run_folder)
    losses = [epoch.metrics["val/loss"] for epoch in trained.epochs]
    assert [epoch.epoch for epoch in trained.epochs] == [1, 2, 3, 4, 5]
    assert trained.best_epoch == losses.index(min(losses)) + 1 == 3
    direct = measured(job, run_folder, "val")
    logged = {key: trained.best_metrics[key] for key in direct}
    assert logged == pytest.approx(direct, abs=1e-5)
    assert losses[-1] > direct["val/loss"] + 1e-3
    assert trained.num_parameters == num_parameters(network_of(job, run_folder))
    assert sorted(path.name for path in run_folder.iterdir()) == KEPT


def test_training_metrics_are_means_over_examples(
    series_job: TrainingJob, run_folder: Path
) -> None:
    """With a step size that changes nothing, and batches of unequal size."""
    model = {"dropout": 0.0}
    job = changed(series_job, model=model, learning_rate=1e-12, ema_decay=None, batch_size=48)
    trained = fitted(job, run_folder)
    assert job.prepared.train % 48
    direct = measured(job, run_folder, "train")["train/loss"]
    assert trained.epochs[0].metrics["train/loss"] == pytest.approx(direct, abs=1e-5)


def test_averaged_weights_are_what_is_validated_and_kept(
    series_job: TrainingJob, tmp_path: Path, watch: Any
) -> None:
    job = changed(series_job, max_epochs=2, learning_rate=0.01, patience=None, ema_decay=None)
    steps: list[dict[str, torch.Tensor]] = []

    class AfterEachStep(Callback):
        def on_train_batch_end(
            self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object
        ) -> None:
            state = pl_module.network.state_dict()
            steps.append({name: value.clone() for name, value in state.items()})

    watch(AfterEachStep())
    fitted(job, tmp_path / "plain")
    average = steps[0]
    for step in steps[1:]:
        average = {name: 0.9 * average[name] + 0.1 * step[name] for name in average}
    averaged = changed(job, ema_decay=0.9)
    trained = fitted(averaged, tmp_path / "averaged")
    assert trained.best_epoch == 2
    kept = load_file(tmp_path / "averaged" / "weights.safetensors")
    torch.testing.assert_close(kept, average, rtol=0, atol=1e-6)
    assert any(not torch.equal(kept[name], steps[-1][name]) for name in kept)


def test_same_seed_same_result(text_job: TrainingJob, tmp_path: Path) -> None:
    job = changed(text_job, model={"dropout": 0.3}, max_epochs=2)
    weights = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        trained = fitted(job.model_copy(update={"seed": seed}), tmp_path / name)
        metrics = [epoch.metrics for epoch in trained.epochs]
        weights[name] = ((tmp_path / name / "weights.safetensors").read_bytes(), metrics)
    assert weights["first"] == weights["again"]
    assert weights["first"][0] != weights["other"][0]
    assert weights["first"][1] != weights["other"][1]


@pytest.mark.parametrize("task", ["text_job", "series_job"])
@pytest.mark.parametrize("room", [10**9, 0])
def test_batches_that_lie_on_the_device_change_no_bit(
    task: str,
    room: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a GPU, with the processor as the device and so much room."""
    job: TrainingJob = request.getfixturevalue(task)
    job = changed(job, max_epochs=2, model={"dropout": 0.3})
    usual = fitted(job, tmp_path / "usual")
    asked: list[torch.device] = []
    monkeypatch.setattr(data_module, "DELIVERED_TO", ("cpu",))
    monkeypatch.setattr(data_module, "room_on", lambda device: asked.append(device) or room)
    found = fitted(job, tmp_path / "found")
    assert [device.type for device in asked] == ["cpu"]
    for one, other in zip(found.epochs, usual.epochs, strict=True):
        assert one.metrics == other.metrics
    ours, theirs = ((tmp_path / name / "weights.safetensors") for name in ("usual", "found"))
    assert ours.read_bytes() == theirs.read_bytes()


def test_every_epoch_has_an_order_of_its_own(
    text_job: TrainingJob, run_folder: Path, watch: Any
) -> None:
    seen: list[list[int]] = [[], []]

    class Rows(Callback):
        def on_train_batch_start(
            self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, *_: object
        ) -> None:
            seen[trainer.current_epoch] += batch.rows.tolist()

    watch(Rows())
    fitted(changed(text_job, max_epochs=2), run_folder)
    assert seen[0] != seen[1]
    assert sorted(seen[0]) == sorted(seen[1]) == list(range(36))


def test_training_stops_when_validation_no_longer_gets_better(
    series_job: TrainingJob, run_folder: Path
) -> None:
    job = changed(series_job, max_epochs=40, learning_rate=0.5, patience=2, ema_decay=None)
    trained = fitted(job, run_folder)
    assert len(trained.epochs) == trained.best_epoch + 2 < 40


@pytest.mark.parametrize("limit", [0.01, None])
def test_gradients_are_clipped(
    limit: float | None, text_job: TrainingJob, run_folder: Path, watch: Any
) -> None:
    norms: list[float] = []

    class Norms(Callback):
        def on_before_zero_grad(
            self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object
        ) -> None:
            gradients = [one.grad for one in pl_module.parameters() if one.grad is not None]
            if gradients:
                norms.append(torch.stack([one.norm() for one in gradients]).norm().item())

    watch(Norms())
    fitted(changed(text_job, gradient_clip_val=limit), run_folder)
    assert len(norms) == 4  # the last of the five steps is not followed by another
    if limit is None:
        assert min(norms) > 0.02
    else:
        assert norms == pytest.approx([limit] * 4, rel=1e-3)


def test_a_training_that_diverges_says_when(series_job: TrainingJob, run_folder: Path) -> None:
    deep = {"head_sizes": (8,) * 30}
    job = changed(series_job, model=deep, learning_rate=100.0, gradient_clip_val=None)
    with pytest.raises(
        TrainingDiverged, match=r"^train/loss became (nan|inf) in epoch [12]; a sma"
    ):
        fit(changed(job, max_epochs=3), run_folder)
    assert not (run_folder / "trained.json").exists()
    assert not (run_folder / "weights.safetensors").exists()


def test_a_validation_loss_that_is_no_number_ends_the_training(
    series_job: TrainingJob, run_folder: Path, watch: Any
) -> None:
    class Damage(Callback):
        def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            for weight in pl_module.parameters():
                weight.data.fill_(torch.nan)

    watch(Damage())
    with pytest.raises(TrainingDiverged, match=r"^val/loss became nan in epoch 1; "):
        fit(changed(series_job, max_epochs=1, ema_decay=None), run_folder)
    assert not (run_folder / "trained.json").exists()


def test_the_history_is_written_as_it_happens(
    text_job: TrainingJob, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "STEP_EVENT_SECONDS", 0)
    trained = fitted(changed(text_job, max_epochs=2), run_folder)
    events = [json.loads(line) for line in (run_folder / "events.jsonl").read_text().splitlines()]
    steps = [
        {"kind": "step", "epoch": 1 + step // 5, "step": step + 1, "num_steps": 10}
        for step in range(10)
    ]
    epochs = [{"kind": "epoch", "max_epochs": 2, **one.model_dump()} for one in trained.epochs]
    assert events == [*steps[:5], epochs[0], *steps[5:], epochs[1]]
    assert set(trained.epochs[0].metrics) == {"train/loss", "val/loss", "val/accuracy"}
    assert 0 < sum(epoch.seconds for epoch in trained.epochs) <= trained.train_seconds


@pytest.mark.parametrize("task", ["text_job", "series_job"])
def test_a_saved_network_says_what_it_said_in_memory(
    task: str, run_folder: Path, request: pytest.FixtureRequest, watch: Any
) -> None:
    job: TrainingJob = request.getfixturevalue(task)
    split = load_split(job.prepared.path, "test")
    in_memory = torch.full((len(split.lengths), 1), torch.nan)

    class Predict(Callback):
        def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            pl_module.eval()
            with torch.no_grad():
                for batch in Batches(split, 3):
                    in_memory[batch.rows] = pl_module.network(batch.inputs, batch.lengths)

    watch(Predict())
    fitted(job, run_folder)
    said = torch.from_numpy(predict_test(job, run_folder))
    if job.prepared.scaler is None:
        expected = in_memory.sigmoid()
    else:
        expected = in_memory * job.prepared.scaler.scale + job.prepared.scaler.mean
    torch.testing.assert_close(said, expected.double(), rtol=0, atol=1e-5)
