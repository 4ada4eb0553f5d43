"""A params file, or the bare name of a shipped one, plus overrides -> Experiment."""

import contextlib
import difflib
import json
import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from params.errors import InputError
from params.problems import one_line
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

SHIPPED_FOLDER = Path(__file__).parent
MODELS: dict[str, type[BaseModel]] = {
    "classification": ClassificationExperiment,
    "forecast": ForecastExperiment,
}


class ParamsLoader(yaml.SafeLoader):
    """YAML as people mean it: `1e-3` is a number, keys are text, and none is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are all different."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            problem = None
            if not isinstance(key, str):
                problem = f"a key must be text, got {key}"
            elif key in seen:
                problem = f"the key {key!r} is given twice"
            if problem:
                raise yaml.constructor.ConstructorError(
                    problem=problem, problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1, which PyYAML follows, reads 1e-3 as a word; YAML 1.2 and everybody else as a number.
ParamsLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def shipped() -> dict[str, Path]:
    """Name -> params file of every experiment that comes with Unroll, in order of name."""
    return {path.stem: path for path in sorted(SHIPPED_FOLDER.glob("*.yaml"))}


def load(name_or_file: str, overrides: Sequence[str] = ()) -> Experiment:
    """The checked experiment of a params file with `overrides` applied.

    Args:
        name_or_file: The bare name of a shipped experiment, or the path of a YAML file.
        overrides: Any number of `section.key=value`; the value is read as YAML.

    Raises:
        InputError: If the file is not there or not readable, or any value is not allowed.
    """
    path = find(name_or_file)
    values = read(path)
    overridden = set()
    for override in overrides:
        overridden.add(apply(values, override))
    task = values.get("task")
    if not isinstance(task, str) or task not in MODELS:
        found = f"got {task!r}" if "task" in values else "it is missing"
        raise InputError(f"task must be classification or forecast, {found} ({path})")
    return checked(as_json(values, path), task, path, overridden)


def checked(text: bytes, task: str, path: Path, overridden: set[str]) -> Experiment:
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
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=ParamsLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{path} is not readable YAML{where}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # such as the date 2026-13-01
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is not readable YAML: {reason}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(values, dict):
        found = "nothing" if values is None else f"a {type(values).__name__}"
        raise InputError(f"{path} must hold keys and values such as 'name: imdb', got {found}")
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
    *sections, last = key.split(".")
    target = values
    for depth, name in enumerate(sections):
        target = target.setdefault(name, {})
        if not isinstance(target, dict):
            section = ".".join(sections[: depth + 1])
            raise InputError(f"--set {key}: {section} is a value, not a section")
    target[last] = value
    return key


def as_json(values: dict[str, Any], path: Path) -> bytes:
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
