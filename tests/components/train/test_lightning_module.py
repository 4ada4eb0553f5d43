"""One step against numbers worked by hand; the network here says what it is told to say."""

import math

import pytest
import torch
from torch import Tensor, nn

from components.preprocess.batches import Batch
from components.train.lightning_module import SequenceModule, TrainingDiverged
from params.load import load
from params.names import Task


class Fixed(nn.Module):
    """Gives `output` for any inputs."""

    def __init__(self, output: list[list[float]]):
        super().__init__()
        self.output = nn.Parameter(torch.tensor(output))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        assert inputs.tolist() == [[5], [6]]
        assert lengths.tolist() == [1, 1]
        return self.output


Logged = dict[str, float]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Logged:
    """What a module tells Lightning, by key."""
    found: Logged = {}

    def log(self: SequenceModule, key: str, value: float, *, sync_dist: bool) -> None:
        found[key] = value

    monkeypatch.setattr(SequenceModule, "log", log)
    return found


def module_and_batch(
    task: Task, output: list[list[float]], targets: list[list[float]]
) -> tuple[SequenceModule, Batch]:
    experiment = load("imdb" if task == "classification" else "temperature")
    module = SequenceModule(Fixed(output), task, experiment.train, scale=10.0)
    ones = torch.ones(2, dtype=torch.long)
    return module, Batch(torch.tensor([[5], [6]]), ones, torch.tensor(targets), ones)


@pytest.mark.parametrize(
    ("task", "output", "targets", "loss", "readable"),
    [
        # -log s(2) = 0.126928 and -log(1 - s(1)) = 1.313262; the first is right, the second not
        ("classification", [[2.0], [1.0]], [[1.0], [0.0]], 0.720095, ("val/accuracy", 0.5)),
        # a logit of 0 counts as 1
        ("classification", [[0.0], [0.0]], [[1.0], [1.0]], math.log(2), ("val/accuracy", 1.0)),
        # (0.5^2 + 1^2 + 0 + 2^2) / 4, and 3.5 / 4 of 10 degrees C
        ("forecast", [[1.5, 1.0], [2.0, 0.0]], [[1, 2], [2, 2.0]], 1.3125, ("val/mae", 8.75)),
    ],
)
def test_a_step_by_hand(
    logged: Logged,
    task: Task,
    output: list[list[float]],
    targets: list[list[float]],
    loss: float,
    readable: tuple[str, float],
) -> None:
    module, batch = module_and_batch(task, output, targets)
    assert module.training_step(batch).item() == pytest.approx(loss, abs=1e-6)
    assert module.validation_step(batch) is None
    assert logged == {}
    module.on_validation_epoch_end()
    expected = {"train/loss": loss, "val/loss": loss, readable[0]: readable[1]}
    assert logged == pytest.approx(expected, abs=1e-6)


def test_the_mean_of_an_epoch_is_that_over_its_examples(logged: Logged) -> None:
    module, batch = module_and_batch("forecast", [[1.0], [3.0]], [[0.0], [0.0]])
    module.training_step(batch)  # its loss is 5
    module.train_means.add("train/loss", torch.tensor(2.0), 1)
    module.training_step(batch._replace(weight=0.0))  # an example for which no share has room
    module.on_validation_epoch_end()
    assert logged["train/loss"] == pytest.approx((2 * 5 + 1 * 2) / 3)
    module.train_means.add("train/loss", torch.tensor(2.0), 1)
    module.on_validation_epoch_end()
    assert logged["train/loss"] == 2  # the epoch before is over


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("key", ["train/loss", "val/loss"])
def test_where_no_step_can_be_asked_the_end_of_the_epoch_tells(
    logged: Logged, bad: float, key: str
) -> None:
    """As on a GPU: one batch of many had a loss that is no number."""
    module, batch = module_and_batch("forecast", [[1.0], [3.0]], [[0.0], [0.0]])
    for _ in range(3):
        module.training_step(batch)
        module.validation_step(batch)
    means = module.train_means if key == "train/loss" else module.val_means
    means.add(key, torch.tensor(bad), 2)
    with pytest.raises(TrainingDiverged, match=rf"^{key} became {bad} in epoch 1; .*learning"):
        module.on_validation_epoch_end()
    assert logged == {}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_training(logged: Logged, bad: float) -> None:
    module, batch = module_and_batch("forecast", [[bad], [0.0]], [[0.0], [0.0]])
    with pytest.raises(TrainingDiverged, match=rf"train/loss became {bad} in epoch 1; .*learning"):
        module.training_step(batch)


def test_the_optimizer_is_the_one_of_the_params() -> None:
    module, _ = module_and_batch("forecast", [[0.0]], [[0.0]])
    module.train_params = module.train_params.model_copy(
        update={"learning_rate": 0.25, "weight_decay": 0.5}
    )
    optimizer = module.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Adam)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.25, 0.5)
    assert group["params"] == list(module.parameters())
