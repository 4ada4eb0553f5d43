"""The row that the validation examples choose."""

from pathlib import Path

from components.compare.chosen import chosen
from components.records import Chosen, Epoch, Trained
from params.names import Architecture


def run(architecture: Architecture, row: str | None, seed: int, *losses: float) -> Trained:
    """A training with these losses by epoch, of which the least is kept."""
    epochs = [
        Epoch(epoch=place, seconds=1, metrics={"val/loss": loss})
        for place, loss in enumerate(losses, start=1)
    ]
    return Trained(
        path=Path(),
        architecture=architecture,
        seed=seed,
        num_parameters=1,
        train_seconds=1,
        peak_memory_bytes=1,
        best_epoch=losses.index(min(losses)) + 1,
        epochs=tuple(epochs),
        row=row,
    )


def test_the_least_mean_of_the_best_epochs_is_chosen() -> None:
    runs = [
        run("lstm", None, 1, 0.5, 0.9),
        run("lstm", None, 2, 0.7),
        run("lstm", "lstm-2", 1, 0.25),  # the best run of all, but not the best row
        run("lstm", "lstm-2", 2, 1.0, 0.75),
        run("gru", None, 1, 0.625),
    ]
    assert chosen(runs) == Chosen(name="lstm-2", val_loss=0.5)
    assert chosen(runs[::-1]) == chosen(runs)
    assert chosen(runs[:3]) == Chosen(name="lstm-2", val_loss=0.25)


def test_with_one_row_for_each_architecture_nothing_is_chosen() -> None:
    assert chosen([run("lstm", None, 1, 0.5), run("gru", None, 1, 0.25)]) is None
    assert chosen([]) is None
