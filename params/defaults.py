"""Params that were not stored: what is left out, or was not there yet, has its default."""

import json
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from params.load import MODELS
from params.names import Task


def filled(params: Mapping[str, str], other: Mapping[str, str], task: Task) -> dict[str, str]:
    """`params` with the defaults of what `other` has and they do not have.

    A key that a grid varies has no value of its own, and so it gets none.

    Args:
        params: By dotted key, as they were stored.
        other: Those beside which they are to be set.
        task: What `params` ask for.
    """
    known = defaults(task)
    sections = {key.rpartition(".")[0] for key in params}
    lacking = {
        key: known[key]
        for key in other
        if key in known and key not in params.keys() | sections and f"grid.{key}" not in params
    }
    return {**params, **lacking}


@cache
def defaults(task: Task) -> Mapping[str, str]:
    """Every key of an experiment that may be left out, with its value then, as `--set` takes it."""
    return defaults_of(MODELS[task])


def defaults_of(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """The same of one section, whose keys begin with `prefix`."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found |= defaults_of(section, f"{prefix}{name}.")
        elif not field.is_required():
            value = to_jsonable_python(field.get_default(call_default_factory=True))
            found[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return found
