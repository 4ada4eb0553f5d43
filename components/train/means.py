"""Means of losses and metrics over the examples of an epoch, of all ranks.

Lightning's own `log` takes half of what its loop adds to a step of a small network, and on a GPU a
handful of kernels; it gets an epoch's values alone.
"""

from torch import Tensor

from components.train.ranks import of_all_ranks, ranks


class Means:
    """The mean of each key over all examples that were added since it was last asked for."""

    def __init__(self) -> None:
        """Nothing was added yet."""
        self.totals: dict[str, Tensor] = {}
        self.sizes: dict[str, int] = {}

    def add(self, key: str, mean: Tensor, size: int) -> None:
        """Take in the `mean` `()` of so many examples; where it lies nobody waits for it."""
        part = mean.detach() * size
        self.totals[key] = self.totals[key] + part if key in self.totals else part
        self.sizes[key] = self.sizes.get(key, 0) + size

    def taken(self) -> dict[str, float]:
        """The means, by key, in the order in which keys came; all ranks must ask together."""
        if ranks() == 1:  # divided where and as precisely as they were added up
            found = {key: float(total / self.sizes[key]) for key, total in self.totals.items()}
        else:
            own = {key: (float(total), self.sizes[key]) for key, total in self.totals.items()}
            found = {}
            for key, parts in by_key(of_all_ranks(own)).items():
                found[key] = sum(total for total, _ in parts) / sum(size for _, size in parts)
        self.totals, self.sizes = {}, {}
        return found


def by_key(said: list[dict[str, tuple[float, int]]]) -> dict[str, list[tuple[float, int]]]:
    """What all ranks said, turned round."""
    return {key: [one[key] for one in said] for key in said[0]}
