"""An experiment with some values changed, checked like one from a file."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from params.flat import put
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
        put(raw, key, value, where)
    return checked(json.dumps(raw).encode(), experiment.task, where, set())


def value_at(experiment: Experiment, key: str) -> JsonValue:
    """What stands at a dotted key; null where nothing does."""
    found: Any = experiment.model_dump(mode="json")
    for name in key.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    value: JsonValue = found
    return value
