"""Params by dotted key, as `--set` takes them."""

import json
from collections.abc import Mapping
from typing import Any

from params.errors import InputError
from params.section import Section


def flat_sections(**sections: Section) -> dict[str, str]:
    """`{"train.batch_size": "32"}` and so on, of the sections by their names."""
    return flatten({name: one.model_dump(mode="json") for name, one in sections.items()})


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`{"train": {"batch_size": 32}}` -> `{"train.batch_size": "32"}`.

    A value reads as `--set` takes it: `null`, `true`, `[64, 32]`.
    """
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            flat[f"{prefix}{key}"] = text
    return flat


def put(values: dict[str, Any], key: str, value: Any, where: str) -> None:  # Any: raw YAML
    """Set what stands at a dotted key, in sections that are made if they are not there.

    Args:
        values: Raw values of an experiment, which are changed.
        key: Such as `train.learning_rate`.
        value: What is to stand there.
        where: What a person has to mend if that cannot be.

    Raises:
        InputError: If what should be a section is a value.
    """
    *sections, last = key.split(".")
    for depth, name in enumerate(sections, 1):
        if values.get(name) is None:  # a section that was left out, or that null stands for
            values[name] = {}
        values = values[name]
        if not isinstance(values, dict):
            section = ".".join(sections[:depth])
            raise InputError(f"{where}: {section} is a value, not a section")
    values[last] = value
