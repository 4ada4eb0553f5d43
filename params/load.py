"""A params file, or the bare name of a shipped one, plus overrides -> Experiment."""

import contextlib
import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from params.errors import InputError
from params.flat import put
from params.grid import lists_of, require_grid
from params.loader import ParamsLoader
from params.problems import one_line, shown
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

SHIPPED_FOLDER = Path(__file__).parent
MODELS: dict[str, type[BaseModel]] = {
    "classification": ClassificationExperiment,
    "forecast": ForecastExperiment,
}


def shipped() -> dict[str, Path]:
    """Name -> params file of every experiment that comes with Unroll, in order of name."""
    return {path.stem: path for path in sorted(SHIPPED_FOLDER.glob("*.yaml"))}


def to_run(name: str) -> str:
    """What can be done about an experiment that was not run: by its name only if it is shipped."""
    return f"run `unroll run {name}` first" if name in shipped() else "run its params file first"


def load(name_or_file: str, overrides: Sequence[str] = (), grid: Sequence[str] = ()) -> Experiment:
    """The checked experiment of a params file with `overrides` and `grid` applied.

    Args:
        name_or_file: The bare name of a shipped experiment, or the path of a YAML file.
        overrides: Any number of `section.key=value`; the value is read as YAML.
        grid: Any number of `section.key=value,value`, as in a YAML list; each replaces that key of
            the grid in the file.

    Raises:
        InputError: If the file is not there or not readable, or any value is not allowed.
    """
    path = find(name_or_file)
    return with_overrides(read(path), overrides, path, grid)


def load_stored(text: str, overrides: Sequence[str], where: str) -> Experiment:
    """The same of a params file that is kept somewhere else, such as with a run.

    Args:
        text: The file.
        overrides: As for `load`.
        where: What a person calls it.

    Raises:
        InputError: If it is not readable, or any value is not allowed.
    """
    return with_overrides(parse(text, where), overrides, where)


def with_overrides(
    values: dict[str, Any],
    overrides: Sequence[str],
    where: Path | str,
    grid: Sequence[str] = (),
) -> Experiment:
    """The checked experiment of raw values with `overrides` and `grid` applied to them.

    Raises:
        InputError: If any value is not allowed.
    """
    overridden = set()
    for override in overrides:
        overridden.add(apply(values, override))
    grid_where = "--set grid" if "grid" in overridden else shown(where)
    if lists := lists_of(grid):
        known = values.get("grid")
        values["grid"] = {**(known if isinstance(known, dict) else {}), **lists}
        grid_where = "--grid"
    task = values.get("task")
    if not isinstance(task, str) or task not in MODELS:
        found = f"got {task!r}" if "task" in values else "it is missing"
        place = "--set task" if "task" in overridden else where
        raise InputError(f"task must be classification or forecast, {found} ({place})")
    experiment = checked(as_json(values, where), task, where, overridden)
    require_grid(experiment, overridden, grid_where)
    return experiment


def checked(text: bytes, task: str, path: Path | str, overridden: set[str]) -> Experiment:
    """The experiment that `text` describes, in JSON: there a list is the only sequence.

    Args:
        text: Its values; strict types need no tuples there.
        task: What they were asked for.
        path: Where they are to be mended.
        overridden: The dotted keys that are to be mended by `--set`.

    Raises:
        InputError: If any value is not allowed.
    """
    adapter: TypeAdapter[Experiment] = TypeAdapter(
        Annotated[Experiment, Field(discriminator="task")]
    )
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise InputError(one_line(error.errors(), MODELS[task], path, overridden)) from None


def find(name_or_file: str) -> Path:
    """The params file meant by a bare name or a path.

    Raises:
        InputError: If there is none.
    """
    known = shipped()
    if name_or_file in known:
        return known[name_or_file]
    path = Path(name_or_file)
    with contextlib.suppress(RuntimeError):  # no such user
        path = path.expanduser()
    if path.is_file():
        return path
    if path.suffix in {".yaml", ".yml"} or "/" in name_or_file:
        raise InputError(f"no params file at {name_or_file}")
    close = difflib.get_close_matches(name_or_file, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise InputError(
        f"no experiment is called {name_or_file!r}; {hint}shipped are {', '.join(known)}; "
        "or give the path of a params file"
    )


def read(path: Path) -> dict[str, Any]:
    """The raw values of a params file.

    Raises:
        InputError: If it cannot be read as a YAML mapping.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not readable YAML: {error}") from None


def parse(text: str, where: Path | str) -> dict[str, Any]:
    """The raw values of the text of a params file.

    Raises:
        InputError: If it is no YAML mapping; it says `where`.
    """
    try:
        values = yaml.load(text, Loader=ParamsLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{where} is not readable YAML{place}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # such as the date 2026-13-01
        reason = " ".join(str(error).split())
        raise InputError(f"{where} is not readable YAML: {reason}") from None
    if not isinstance(values, dict):
        found = "nothing" if values is None else f"a {type(values).__name__}"
        raise InputError(f"{where} must hold keys and values such as 'name: imdb', got {found}")
    return values


def apply(values: dict[str, Any], override: str) -> str:
    """Set one `section.key=value` in `values`; returns the dotted key.

    Raises:
        InputError: If the override has no such form.
    """
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise InputError(f"--set must look like section.key=value, got {override!r}")
    try:
        value = yaml.load(text, Loader=ParamsLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError(f"--set {key}: the value {text!r} is not readable YAML") from None
    put(values, key, value, f"--set {key}")
    return key


def as_json(values: dict[str, Any], path: Path | str) -> bytes:
    """The raw values as JSON.

    Raises:
        InputError: If one of them holds itself, or is text that no file can hold.
    """
    try:
        return json.dumps(values, default=str, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not readable YAML: {error}") from None


def to_yaml(experiment: Experiment) -> str:
    """The resolved params as a YAML file that `load` reads back to an equal experiment."""
    values = experiment.model_dump(mode="json")
    first = {key: values.pop(key) for key in ("name", "task", "architectures", "seeds")}
    return yaml.safe_dump({**first, **values}, sort_keys=False, allow_unicode=True)
