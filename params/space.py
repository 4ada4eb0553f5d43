"""The space of a search: out of the params file, from the command line, or the default one."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

import yaml
from pydantic import JsonValue

from params.changed import changed
from params.errors import InputError
from params.loader import ParamsLoader
from params.schema import Experiment
from params.tune import Dimension

Space = dict[str, Dimension]

IN_FILE, ON_COMMAND_LINE = "tune.space", "--space"
SHAPE = "KEY=LOW..HIGH, KEY=LOW..HIGH:log, KEY=LOW..HIGH:STEP or KEY=[a,b,c]"
RANGE = re.compile(r"(?P<low>[^:]+?)\.\.(?P<high>[^:]+?)(:(?P<scale>[^:]+))?")
MOST_VALUES = 100_000  # of a range with steps; more are as good as any number
MOST_CHECKED = 5_000  # combinations of choices; more would take seconds
DIGITS = 6  # of a number that a search tries; more would say nothing


def space_of(experiment: Experiment, arguments: Sequence[str] = ()) -> tuple[Space, str]:
    """What a search of `experiment` may change, every value of it checked, and where it stands.

    Args:
        experiment: What is searched.
        arguments: The `--space` of the command line; given, they are the whole space.

    Raises:
        InputError: If a dimension cannot be read, or holds a value that the params refuse, or the
            experiment has a grid.
    """
    if experiment.grid:
        raise InputError(
            f"a search varies the params itself, and {experiment.name} has a grid of "
            f"{', '.join(sorted(experiment.grid))}; leave it out with --set 'grid={{}}', and give "
            "--space what is to vary"
        )
    if arguments:
        raw: dict[str, JsonValue] = {}
        for key, dimension in map(read_argument, arguments):
            if key in raw:
                raise InputError(f"--space {key} is given twice")
            raw[key] = dimension
        given = changed(experiment, {"tune": {"space": raw}}, ON_COMMAND_LINE)
        where = ON_COMMAND_LINE
    else:
        given, where = experiment, IN_FILE
    if given.tune is None:
        return default_space(experiment), "the default"
    bare = experiment.model_copy(update={"tune": None})
    space = {key: typed(bare, key, one, where) for key, one in given.tune.space.items()}
    for values in islice(extremes(space), MOST_CHECKED):
        changed(bare, values, where)
    return space, where


def read_argument(argument: str) -> tuple[str, JsonValue]:
    """The dotted key and the dimension of one `--space`.

    Raises:
        InputError: If it has no such form.
    """
    key, equals, text = argument.partition("=")
    found = RANGE.fullmatch(text.strip())
    problem = InputError(f"--space must look like {SHAPE}, got {argument!r}")
    if not equals or not key.strip():
        raise problem
    if found is None:
        choices = read_value(text, problem)
        if not isinstance(choices, list):
            raise problem
        return key.strip(), {"choices": choices}
    dimension = {name: read_value(found[name], problem) for name in ("low", "high")}
    if found["scale"] not in {None, "log"}:
        dimension["step"] = read_value(found["scale"], problem)
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in dimension.values()):
        raise problem
    return key.strip(), {**dimension, "log": found["scale"] == "log"}


def read_value(text: str, problem: InputError) -> JsonValue:
    """A value as a params file would have it.

    Raises:
        InputError: `problem`, if it is no YAML.
    """
    try:
        value: JsonValue = yaml.load(text, Loader=ParamsLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        raise problem from None
    return value


def typed(experiment: Experiment, key: str, dimension: Dimension, where: str) -> Dimension:
    """The dimension with ends as the param takes them: whole numbers, or any between them.

    Raises:
        InputError: If the param does not take its ends.
    """
    if dimension.choices is not None:
        return dimension
    low, high = dimension.ends
    numbers = {"low": low, "high": high, "step": dimension.step}
    given = {name: number for name, number in numbers.items() if number is not None}
    if float(low).is_integer() and float(high).is_integer():
        try:
            changed(experiment, {key: low + 0.5}, where)
        except InputError:  # it takes whole numbers alone, or is refused when its ends are checked
            if not float(given.get("step", 1)).is_integer():
                raise InputError(
                    f"{key} takes whole numbers: the step of its range must be one, "
                    f"got {dimension.step} ({where})"
                ) from None
            return dimension.model_copy(update={name: int(one) for name, one in given.items()})
    return dimension.model_copy(update={name: float(one) for name, one in given.items()})


def extremes(space: Space) -> Iterator[dict[str, JsonValue]]:
    """Every combination of choices, with the least and with the greatest value of every range."""
    ranges = {key: one.ends for key, one in space.items() if one.choices is None}
    choices = {key: one.choices for key, one in space.items() if one.choices is not None}
    for combination in product(*choices.values()):
        chosen = dict(zip(choices, combination, strict=True))
        for end in (0, 1):
            yield chosen | {key: ends[end] for key, ends in ranges.items()}


def default_space(experiment: Experiment) -> Space:
    """The step size, the units and the dropout, around what the experiment has.

    The step size goes from a tenth to ten times of its own, the units of every layer are half, the
    same or twice as many, and the dropout is 0 to 0.5.
    """
    rate = experiment.train.learning_rate
    sizes = experiment.model.hidden_sizes
    units: list[JsonValue] = [list(sizes), [2 * size for size in sizes]]
    if max(sizes) > 1:
        units.insert(0, [max(1, size // 2) for size in sizes])
    return {
        "train.learning_rate": Dimension(
            low=rounded(rate / 10), high=rounded(min(10 * rate, 100.0)), log=True
        ),
        "model.hidden_sizes": Dimension(choices=tuple(units)),
        "model.dropout": Dimension(low=0.0, high=0.5, step=0.1),
    }


def num_points(space: Mapping[str, Dimension]) -> int | None:
    """How many points a space has; none if it has more than can be counted."""
    found = [values_of(one) for one in space.values()]
    sizes = [len(one) for one in found if one is not None]
    return math.prod(sizes) if len(sizes) == len(found) else None


def points(space: Mapping[str, Dimension]) -> Iterator[dict[str, JsonValue]]:
    """Every point of a space that has so few that they can be counted."""
    for values in product(*(values_of(one) or () for one in space.values())):
        yield dict(zip(space, values, strict=True))


def values_of(dimension: Dimension) -> Sequence[JsonValue] | None:
    """Every value of a dimension, the least first; none if there are too many to count."""
    if dimension.choices is not None:
        return dimension.choices
    low, high = dimension.ends
    if isinstance(low, int) and isinstance(high, int):
        return range(low, high + 1, int(dimension.step or 1))
    if dimension.step is None or (high - low) / dimension.step >= MOST_VALUES:
        return None
    number = math.floor((high - low) / dimension.step + 1e-9) + 1
    return [min(low + place * dimension.step, high) for place in range(number)]


def rounded(value: float) -> float:
    """A number in as many digits as a person would read."""
    return float(f"{value:.{DIGITS}g}")
