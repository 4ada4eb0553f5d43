"""Params by dotted key, as `--set` takes them."""

import json
from collections.abc import Mapping
from typing import Any

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
