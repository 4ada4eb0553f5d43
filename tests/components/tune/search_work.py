"""Trials without training, in this process or in one of their own.

`python search_work.py ROOT SEARCH [EPOCHS]` does all trials of the search; it is killed by itself
when it has reported so many epochs.
"""

import math
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from components.records import Claimed, Search
from components.storage import Home
from components.tune.studies import Studies, working_at
from components.tune.trial import ended

EPOCHS = 3


def loss(claimed: Claimed) -> float:
    """Least at a learning rate of 0.01 and one unit, where it is 1."""
    rate, (units,) = claimed.values["train.learning_rate"], claimed.values["model.hidden_sizes"]
    return abs(math.log10(rate) + 2) + units


def nothing() -> None:
    """What is done after each epoch, by default."""


def do_trial(studies: Studies, claimed: Claimed, after: Callable[[], None] = nothing) -> None:
    """Report three epochs that approach the loss, and end as the study says."""
    study = studies.of[claimed.architecture]
    state = "complete"
    for epoch in range(1, EPOCHS + 1):
        value = loss(claimed) + 1 / epoch
        poor = study.report(claimed, epoch, value)
        after()
        if poor and epoch < EPOCHS:
            state = "pruned"
            break
    study.end(claimed, ended(claimed, state, epochs=epoch, value=value, seconds=0.5))


def do_all(studies: Studies, after: Callable[[], None] = nothing) -> int:
    """Do trials until there is none left; gives their number."""
    number = 0
    while claimed := studies.claim(Counter()):
        do_trial(studies, claimed, after)
        number += 1
    return number


def main(root: str, search: str, epochs: int) -> None:
    """Do all trials, or be killed on the way."""
    left = epochs

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with working_at(Search.model_validate_json(search), Home(Path(root))) as studies:
        print(do_all(studies, count))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
