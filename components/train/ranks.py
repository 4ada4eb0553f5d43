"""What a process knows of the others that share its training: each has a rank, and 0 writes."""

import os
from typing import Any, TypeVar

AWAY_SECONDS = 30.0  # after which ranks that do not answer are taken to be dead

Value = TypeVar("Value")


def rank() -> int:
    """Which of the processes that share a training this is; 0 if it has the training alone."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """How many processes share this training."""
    from torch import distributed  # whoever only starts ranks stays light

    return distributed.get_world_size() if distributed.is_initialized() else 1


def of_all_ranks(value: Value) -> list[Value]:
    """The `value` of every process that shares this training, by its rank."""
    from torch import distributed

    if ranks() == 1:
        return [value]
    found: list[Any] = [None] * ranks()
    distributed.all_gather_object(found, value)
    return found
