"""The points of a grid: the experiment at every combination of the values that are asked for."""

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import yaml
from pydantic import ValidationError

from params.errors import InputError, listed, plural
from params.flat import flatten, put
from params.loader import ParamsLoader
from params.problems import one_line
from params.schema import ClassificationExperiment, Experiment
from params.section import Section

MOST_POINTS = 1_000
# They leave the test and the validation examples as they are, so that points can be compared.
OF_TEXTS = ("vocab_size", "max_length", "truncation_side")
REFUSED = {
    "architectures": "every point trains all of them, so change architectures itself",
    "seeds": "every point is trained with all of them, so change seeds itself",
    "ingest": "points on other data cannot be compared",
    "preprocess": "points would be validated or tested on other examples",
    "resources": "where a training runs changes no result",
    **dict.fromkeys(("name", "task", "evaluate", "compare", "report"), "it changes no training"),
}


def points(experiment: Experiment, where: str = "grid") -> tuple[Experiment, ...]:
    """The experiment at each point of its grid, without the grid; itself alone if it has none.

    The keys are taken in alphabetical order, of which the first changes slowest, and the values of
    each in the order in which they are given.

    Args:
        experiment: What is asked.
        where: Where a person mends the grid.

    Raises:
        InputError: If a key may not vary, or the experiment may not be as it is at some point.
    """
    if not experiment.grid:
        return (experiment,)
    for key in experiment.grid:
        require_allowed(experiment, key, where)
    number = math.prod(map(len, experiment.grid.values()))
    if number > MOST_POINTS:
        raise InputError(f"grid must have at most {MOST_POINTS:,} points, got {number:,} ({where})")
    found = tuple(at(experiment, changes, where) for changes in combined(experiment.grid))
    require_different(experiment.grid, found, where)
    return found


def combined(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """What every point of `grid` changes, in the order of `points`."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def at(experiment: Experiment, changes: Mapping[str, Any], where: str) -> Experiment:
    """The experiment with `changes`, by dotted key, and without its grid.

    Raises:
        InputError: If it may not be so.
    """
    values = experiment.model_dump(mode="json", exclude={"grid"})
    for key, value in changes.items():
        put(values, key, value, where)
    model = type(experiment)
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        found = error.errors()
        for problem in found:  # which is told in the same way as that of a params file
            problem["loc"] = (experiment.task, *problem["loc"])
        place = f"{where}, at {described(changes)}"
        raise InputError(one_line(found, model, place, set())) from None


def described(changes: Mapping[str, Any]) -> str:
    """What sets a point apart, such as `train.learning_rate 0.0003, model.hidden_sizes [128]`."""
    return ", ".join(f"{key} {value}" for key, value in flatten(changes).items())


def require_allowed(experiment: Experiment, key: str, where: str) -> None:
    """See that `key` is one of those that may vary.

    Raises:
        InputError: If it is not; it says why, or what was meant.
    """
    known = varying(experiment)
    if key in known:
        return
    section = key.partition(".")[0]
    others = [one for one in known if one.startswith("preprocess.")]
    takes = f"it takes keys of {listed(['train', 'model', *others])}"
    if section in REFUSED and key in {section, *keys_of(experiment, section)}:
        raise InputError(f"grid must not have {key}: {REFUSED[section]}; {takes} ({where})")
    close = difflib.get_close_matches(key, known, n=1)
    near = [one for one in known if one.startswith(f"{section}.")]
    meant = f"known here are {', '.join(near)}" if near else takes
    meant = f"did you mean {close[0]}?" if close else meant
    raise InputError(f"grid.{key} is not a known key; {meant} ({where})")


def varying(experiment: Experiment) -> list[str]:
    """Every key that a grid may have."""
    found = [*keys_of(experiment, "train"), *keys_of(experiment, "model")]
    if isinstance(experiment, ClassificationExperiment):
        found += [f"preprocess.{name}" for name in OF_TEXTS]
    return found


def keys_of(experiment: Experiment, section: str) -> list[str]:
    """The dotted keys of a section; none if it is a value."""
    found = getattr(experiment, section)
    names = type(found).model_fields if isinstance(found, Section) else ()
    return [f"{section}.{name}" for name in names]


def require_different(
    grid: Mapping[str, Sequence[Any]], found: Sequence[Experiment], where: str
) -> None:
    """See that no value of a key stands there twice, however it is written.

    Raises:
        InputError: If one does.
    """
    step = len(found)
    for key, values in grid.items():
        step //= len(values)
        for one, other in combinations(range(len(values)), 2):
            if found[one * step] == found[other * step]:  # all other keys have their first value
                raise InputError(
                    f"grid.{key} must not repeat a value, got {list(values)} ({where})"
                )


def num_trainings(experiment: Experiment) -> str:
    """How many trainings it will be, such as `2 x 2 x 4 architectures x 3 seeds = 48 trainings`."""
    sizes = [len(values) for values in experiment.grid.values()]
    networks, seeds = len(experiment.architectures), len(experiment.seeds)
    total = math.prod(sizes) * networks * seeds
    parts = [*map(str, sizes), plural(networks, "architecture"), plural(seeds, "seed")]
    return f"{' x '.join(parts)} = {plural(total, 'training')}"


def lists_of(grid: Sequence[str]) -> dict[str, Any]:
    """What the options `--grid section.key=value,value` ask for, by dotted key.

    Raises:
        InputError: If one of them has no such form, or two have the same key.
    """
    lists: dict[str, Any] = {}
    for option in grid:
        key, equals, text = option.partition("=")
        key = key.strip()
        if not equals or not all(key.split(".")):
            raise InputError(f"--grid must look like section.key=value,value, got {option!r}")
        if key in lists:
            raise InputError(f"--grid {key} is given twice; give all its values at once")
        try:
            lists[key] = yaml.load(f"[{text}]", Loader=ParamsLoader)  # noqa: S506 - a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError):
            raise InputError(f"--grid {key}: {text!r} is not readable as a YAML list") from None
        if not lists[key]:
            raise InputError(f"--grid {key} must have a value or several, such as 1e-3,3e-4")
    return lists


def require_grid(experiment: Experiment, overridden: set[str], where: str) -> None:
    """See that the grid, where there is one, can be gone through.

    Raises:
        InputError: If it cannot, or `--set` changes what it varies.
    """
    if both := sorted(overridden & experiment.grid.keys()):
        raise InputError(f"{both[0]} is given by --set and by the grid ({where}); leave one out")
    points(experiment, where)
