"""An experiment with some values changed, checked like one from a file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from params.load import checked
from params.schema import Experiment


def changed(experiment: Experiment, values: Mapping[str, JsonValue], where: str) -> Experiment:
    """`experiment` with `values` by dotted key in place of its own.

    Args:
        experiment: What is changed.
        values: By keys such as `train.learning_rate`.
        where: What a person has to mend if a value is not allowed, such as `--space`.

    Raises:
        InputError: If a key or a value is not allowed.
    """
    raw = experiment.model_dump(mode="json")
    for key, value in values.items():
        put(raw, key.split("."), value)
    return checked(json.dumps(raw).encode(), experiment.task, Path(where), set())


def put(raw: dict[str, Any], path: list[str], value: JsonValue) -> None:
    """Set the value at `path`, in sections that are made if they are not there."""
    *sections, last = path
    for name in sections:
        inner = raw.get(name)
        if not isinstance(inner, dict):
            inner = raw[name] = {}
        raw = inner
    raw[last] = value


def value_at(experiment: Experiment, key: str) -> JsonValue:
    """What stands at a dotted key; null where nothing does."""
    found: Any = experiment.model_dump(mode="json")
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    value: JsonValue = found
    return value
