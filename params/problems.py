"""What pydantic finds wrong with a params file -> one line that is enough to mend it."""

import difflib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from params.errors import safe_json

MAX_SHOWN = 200  # characters of a wrong value; a list of texts can be long
UNION_ARMS = {"int", "float", "constrained-float", "constrained-int"}
EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a section with keys",
    "dict_type": "keys with lists of values",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "text of at least {min_length} character",
    "string_pattern_mismatch": "text like {pattern}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
}


def one_line(
    found: Sequence[ErrorDetails], model: type[BaseModel], path: Path | str, overridden: set[str]
) -> str:
    """The problem that helps most, and how many more there are.

    Args:
        found: What is wrong.
        model: The experiment that the values were held against.
        path: The params file, or where else the values stand.
        overridden: The dotted keys that `--set` changed.
    """
    # A value that fits neither arm of a union is reported for each; one line a key is enough,
    # and the arm that got furthest into the value is the one that was meant.
    problems: dict[str, str] = {}
    for problem in sorted(found, key=lambda problem: -len(problem["loc"])):
        problems.setdefault(key_of(problem), describe(problem, model, path, overridden))
    # A misspelt key is missing as well; its nearest right one is what helps.
    told = min(found, key=lambda problem: problem["type"] != "extra_forbidden")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return problems[key_of(told)] + more


def key_of(problem: ErrorDetails) -> str:
    """The dotted key a problem is about, without the marks of list items and union arms."""
    # The first part names the task that chose the model; numbers are places in a list.
    parts = [part for part in problem["loc"][1:] if isinstance(part, str)]
    if problem["type"] == "extra_forbidden":  # found in a section, so that no part is a mark
        return ".".join(parts)
    return ".".join(part for part in parts if part not in UNION_ARMS and "[" not in part)


def describe(
    problem: ErrorDetails, model: type[BaseModel], path: Path | str, overridden: set[str]
) -> str:
    """One line on one problem: the key, what was expected, what came, where to mend it."""
    key = key_of(problem)
    file = shown(path)
    related = [
        name
        for name in overridden
        if f"{name}.".startswith(f"{key}.") or key.startswith(f"{name}.")
    ] or given_there(problem, key, overridden)
    if problem["type"] == "value_error":
        message = str(problem["ctx"]["error"])
        related = [
            name
            for name in overridden
            if name.rpartition(".")[2] in message or f"{key}.".startswith(f"{name}.")
        ]
        section = f"{key}." if key else ""
        return f"{section}{message} ({said_where(related, file)})"
    where = f"{place_of(problem)}({said_where(related, file)})"
    if problem["type"] == "extra_forbidden":
        return f"{key} is not a known key{suggestion(problem, model)} {where}"
    if problem["type"] == "missing":
        return f"{key} is missing {where}"
    template = EXPECTED.get(problem["type"])
    expected = (
        template.format(**problem.get("ctx", {}))
        if template
        else problem["msg"].removeprefix("Input should be ")
    )
    got = json.dumps(problem["input"], default=str)
    if key.startswith("resources"):
        got = safe_json(problem["input"])
    got = got if len(got) <= MAX_SHOWN else f"{got[:MAX_SHOWN]}…"
    return f"{key} must be {expected}, got {got} {where}"


def given_there(problem: ErrorDetails, key: str, overridden: set[str]) -> list[str]:
    """The overrides that a missing or unknown key comes from, though they do not name it.

    They gave all else that its section has, or the task, which chooses the known keys.
    """
    found = problem["input"]
    if problem["type"] == "missing" and isinstance(found, dict) and found:
        section = key.rpartition(".")[0]
        if (given := {f"{section}.{name}" for name in found}) <= overridden:
            return list(given)
    unknown = problem["type"] in {"missing", "extra_forbidden"}
    return ["task"] if unknown and "task" in overridden else []


def shown(path: Path | str) -> str:
    """A path as a person reads it: from here, where that is shorter; other names as they are."""
    if isinstance(path, str):
        return path
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def place_of(problem: ErrorDetails) -> str:
    """`in place 3 `, counted from 1, for a problem inside a section that is one of a list."""
    loc = problem["loc"]
    for number, part in pairwise(loc):
        if isinstance(number, int) and isinstance(part, str):
            return f"in place {number + 1} "
    return ""


def said_where(related: list[str], file: str) -> str:
    """The place to mend: the overrides that bear on the problem, or else the file."""
    return f"--set {', '.join(sorted(related))}" if related else file


def suggestion(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """`; did you mean train.learning_rate?`, or the known keys where nothing is close."""
    *sections, last = (part for part in problem["loc"][1:] if isinstance(part, str))
    for section in sections:
        if section in model.model_fields:  # else it is a key of `tune.space`
            model = section_in(model.model_fields[section].annotation)
    close = difflib.get_close_matches(last, model.model_fields, n=1)
    if close:
        return f"; did you mean {'.'.join([*sections, close[0]])}?"
    return f"; known here are {', '.join(model.model_fields)}"


def section_in(annotation: Any) -> type[BaseModel]:  # Any: pydantic's own type of an annotation
    """The model that a field holds, alone, or none, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = [part for part in get_args(annotation) if part not in (type(None), ..., str)]
    assert inside, "a section is a model"
    return section_in(inside[0])
