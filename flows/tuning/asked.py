"""What a search was asked to do, checked before anything starts."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from components.metrics import Metric
from components.tune.search import validation_metric
from flows.checks import check
from flows.options import listed_seeds, repeated
from params.changed import changed
from params.errors import InputError
from params.load import load
from params.schema import Experiment
from params.space import Space, space_of


@dataclass(frozen=True)
class Words:
    """What a person typed: the experiment, and what each option of `unroll tune` was given."""

    experiment: str
    trials: int
    metric: str
    space: Sequence[str] = ()
    architecture: Sequence[str] = ()
    seeds: str | None = None
    overrides: Sequence[str] = ()
    workers: int | None = None

    @property
    def command(self) -> list[str]:
        """The command that asks the same again."""
        return [
            *("unroll", "tune", self.experiment),
            *("--trials", str(self.trials), "--metric", self.metric),
            *repeated("--space", self.space),
            *repeated("--architecture", self.architecture),
            *repeated("--seeds", [] if self.seeds is None else [self.seeds]),
            *repeated("--set", self.overrides),
            *repeated("--workers", [] if self.workers is None else [str(self.workers)]),
        ]


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

    @property
    def again(self) -> str:
        """The command in one line, as a shell takes it."""
        return shlex.join(self.command)


def asked(words: Words) -> Asked:
    """The search that was asked for.

    Raises:
        InputError: If there is no such experiment, or it cannot be searched so.
    """
    params = with_architectures(load(words.experiment, words.overrides), words.architecture)
    if params.resources.cluster is not None:
        raise InputError(
            "a search runs on this machine alone; leave resources.cluster out, or add --set "
            "resources.cluster=null"
        )
    check(params)
    space, where = space_of(params, words.space)
    return Asked(
        experiment=params,
        space=space,
        space_from=where,
        metric=validation_metric(params.task, words.metric),
        num_trials=words.trials,
        seeds=chosen_seeds(params, words.seeds),
        workers=words.workers,
        command=words.command,
    )


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
    return changed(experiment, {"seeds": [*listed_seeds(text)]}, "--seeds").seeds
