"""Dimensions of a search space as Optuna's distributions, and its values as params.

Optuna keeps choices that are plain numbers or texts alone: lists, such as layers, are JSON there.
"""

import json
from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from pydantic import JsonValue

from params.space import rounded
from params.tune import Dimension, as_text

Space = Mapping[str, Dimension]


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Optuna's distribution of every dimension, by dotted key."""
    return {key: distribution(one) for key, one in space.items()}


def distribution(dimension: Dimension) -> BaseDistribution:
    """Whole numbers, any numbers, or choices."""
    if dimension.choices is not None:
        return CategoricalDistribution([as_text(one) for one in dimension.choices])
    low, high = dimension.ends
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, dimension.log, int(dimension.step or 1))
    return FloatDistribution(low, high, dimension.log, dimension.step)


def as_params(space: Space, found: Mapping[str, Any]) -> dict[str, JsonValue]:
    """What Optuna suggests, as values of params; numbers have the digits that a person reads.

    Args:
        space: The dimensions.
        found: Any: numbers, or choices as JSON, as Optuna types them.
    """
    values: dict[str, JsonValue] = {}
    for key, dimension in space.items():
        value = found[key]
        if dimension.choices is not None:
            values[key] = json.loads(value)
        elif isinstance(value, int):
            values[key] = value
        else:
            low, high = dimension.ends
            values[key] = min(max(rounded(value), low), high)
    return values


def as_suggestion(space: Space, values: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Values of params as Optuna keeps them; Any: as it types them."""
    return {
        key: as_text(values[key]) if dimension.choices is not None else values[key]
        for key, dimension in space.items()
    }
