"""What is searched: the params of an experiment, and what may change of them."""

from collections.abc import Sequence

from pydantic import JsonValue

from components.metrics import Metric, metrics_of
from components.outputs import key_of
from components.records import Prepared, Search
from components.train import job
from params.changed import value_at
from params.errors import InputError
from params.names import Task
from params.schema import Experiment
from params.space import Space
from params.tune import as_text

VERSION = 1  # of how a search is done; a change of it begins every search anew

WARM_UP = 10  # an epoch of so many is too early to judge a trial by


def search_for(
    experiment: Experiment,
    *,
    prepared: Prepared,
    space: Space,
    metric: Metric,
    num_trials: int,
    seeds: Sequence[int],
    space_from: str,
) -> Search:
    """The search of `experiment`, under the id by which it goes on.

    Args:
        experiment: With the architectures to be searched.
        prepared: The data as its own params prepare them.
        space: What may change.
        metric: What is to become better, on validation data.
        num_trials: Of each architecture.
        seeds: Of every trial.
        space_from: Where the space stands, for people.
    """
    return Search(
        id=id_of(experiment, prepared, space, metric, seeds),
        experiment=experiment.name,
        task=experiment.task,
        metric=metric.key,
        better=metric.better,
        architectures=experiment.architectures,
        num_trials=num_trials,
        seeds=tuple(seeds),
        space=space,
        space_from=space_from,
        warm_up=max(1, most_epochs(experiment, space) // WARM_UP),
        first=as_it_is(experiment, space),
    )


def id_of(
    experiment: Experiment, prepared: Prepared, space: Space, metric: Metric, seeds: Sequence[int]
) -> str:
    """The id of a search, which depends on all that its values depend on.

    Neither the number of trials nor the choice of architectures are part of it: a search goes on
    with more of them.
    """
    digest = key_of(
        *("tune", VERSION, job.VERSION, prepared.key, metric.key),
        *(experiment.preprocess.digest(), experiment.model.digest(), experiment.train.digest()),
        *seeds,
        *(f"{key}={as_text(one.model_dump(mode='json'))}" for key, one in sorted(space.items())),
    )
    return f"{experiment.name}-{digest[:8]}"


def most_epochs(experiment: Experiment, space: Space) -> int:
    """The most epochs that a trial can have."""
    known = space.get("train.max_epochs")
    if known is None:
        return experiment.train.max_epochs
    values = known.choices if known.choices is not None else known.ends
    return max(value for value in values if isinstance(value, int))


def as_it_is(experiment: Experiment, space: Space) -> dict[str, JsonValue] | None:
    """The experiment's own values, with which a search begins; none if not all are in the space."""
    values = {key: value_at(experiment, key) for key in space}
    inside = all(space[key].holds(value) for key, value in values.items())
    return values if inside else None


def validation_metric(task: Task, key: str) -> Metric:
    """The metric by which trials are judged.

    Raises:
        InputError: If it is none of the task's, or one of the test split.
    """
    known = {name: one for name, one in metrics_of(task).items() if name.startswith("val/")}
    if key in known:
        return known[key]
    if key.startswith("test/"):
        raise InputError(
            f"--metric must be one of {', '.join(known)}, got {key!r}: a search that looks at the "
            "test split leaves nothing to say how good its winner is"
        )
    raise InputError(f"--metric must be one of {', '.join(known)} for a {task}, got {key!r}")
