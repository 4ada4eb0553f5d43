"""Which row a setting is to be chosen by: the best on the validation examples."""

from collections import Counter
from collections.abc import Iterable
from statistics import fmean

from components.metrics import VAL_LOSS
from components.records import Chosen, Trained


def chosen(trained: Iterable[Trained]) -> Chosen | None:
    """The row with the least validation loss, as the mean over its seeds.

    None where every architecture has one row, because nothing is chosen but the architecture then.

    Args:
        trained: All trainings of a comparison, validated on the same examples.
    """
    losses: dict[str, list[float]] = {}
    architectures = {}
    for run in sorted(trained, key=lambda run: run.seed):  # a sum follows the order
        losses.setdefault(run.name, []).append(run.best_metrics[VAL_LOSS])
        architectures[run.name] = run.architecture
    if max(Counter(architectures.values()).values(), default=0) < 2:
        return None
    means = {name: fmean(values) for name, values in losses.items()}
    name = min(means, key=lambda name: (means[name], name))
    return Chosen(name=name, val_loss=means[name])
