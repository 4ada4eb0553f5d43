"""The point that a study is to try next: none is tried twice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from components.outputs import key_of
from components.tune.distributions import as_params, as_suggestion, distributions
from params.space import num_points, points
from params.tune import Dimension, as_text

Suggestion = dict[str, Any]  # Any: numbers, or choices as JSON, as Optuna types them

# Suggestions that may all have been tried, before what is left is listed.
BY_TPE = 10
BY_CHANCE = 20
MOST_LISTED = 100_000  # points
SEEDS = 2**32


def next_point(
    space: Mapping[str, Dimension],
    study: optuna.Study,
    tried: Iterable[Suggestion],
    seed: Sequence[str | int],
) -> Suggestion | None:
    """What TPE suggests and was not tried, as Optuna keeps it; none if all was.

    Suggestions come from a copy of the study, so that one that was tried leaves nothing behind.

    Args:
        space: What may change.
        study: From whose trials TPE learns.
        tried: What no trial is to have again.
        seed: What names the trial; the same is suggested whenever the rest is the same.
    """

    def read(suggestion: Suggestion) -> str:
        """As trials have it: numbers have few digits there."""
        return as_text(as_params(space, suggestion))

    known = set(map(read, tried))
    number = num_points(space)
    if number is not None and len(known) >= number:
        return None
    copy = optuna.create_study(direction=study.direction)
    copy.add_trials(study.get_trials(deepcopy=False))
    for attempt in range(BY_TPE + BY_CHANCE):
        copy.sampler = sampler(seed, attempt)
        trial = copy.ask(distributions(space))
        if read(trial.params) not in known:
            return trial.params
        copy.tell(trial, state=TrialState.FAIL)  # of which TPE takes no notice
    if number is None or number > MOST_LISTED:
        return None
    every = (as_suggestion(space, one) for one in points(space))
    left = [one for one in every if read(one) not in known]
    return left[int(key_of(*seed), 16) % len(left)] if left else None


def sampler(seed: Sequence[str | int], attempt: int) -> BaseSampler:
    """TPE; chance, where all that TPE likes best was tried."""
    number = int(key_of(*seed, *([attempt] if attempt else [])), 16) % SEEDS
    return TPESampler(seed=number) if attempt < BY_TPE else RandomSampler(seed=number)
