"""What a search was asked to do, checked before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from components.metrics import Metric
from params.changed import changed
from params.errors import InputError
from params.schema import Experiment
from params.space import Space


@dataclass(frozen=True)
class Asked:
    """A search as it was asked for.

    `experiment` has the architectures that are searched, `seeds` are those of every trial,
    `workers` is how many trials go on at a time if somebody said so, `command` is what was typed.
    """

    experiment: Experiment
    space: Space
    space_from: str
    metric: Metric
    num_trials: int
    seeds: tuple[int, ...]
    workers: int | None
    command: Sequence[str]


def with_architectures(experiment: Experiment, names: Sequence[str]) -> Experiment:
    """The experiment with those of its architectures that are searched, by default all of them.

    Raises:
        InputError: If it does not have one.
    """
    if not names:
        return experiment
    for name in names:
        if name not in experiment.architectures:
            raise InputError(
                f"--architecture must be one of {', '.join(experiment.architectures)}, which "
                f"{experiment.name} compares, got {name!r}"
            )
    return changed(experiment, {"architectures": list(dict.fromkeys(names))}, "--architecture")


def chosen_seeds(experiment: Experiment, text: str | None) -> tuple[int, ...]:
    """The seeds of every trial out of `1,2,3`; the first of the experiment if none are given.

    Raises:
        InputError: If they are no seeds.
    """
    if text is None:
        return experiment.seeds[:1]
    try:
        values = yaml.safe_load(f"[{text}]")
    except yaml.YAMLError:
        raise InputError(f"--seeds must look like 1,2,3, got {text!r}") from None
    return changed(experiment, {"seeds": values}, "--seeds").seeds
