"""Fitted baselines on disk: their arrays as safetensors, all else as JSON; nothing is pickled."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from components.evaluate.baselines import (
    Climatology,
    Fitted,
    HarmonicRegression,
    LastValue,
    Majority,
    SeasonalLastValue,
    TfidfLogistic,
)
from params.names import SeriesBaseline, TextBaseline

SETTINGS = "baseline.json"
ARRAYS = "baseline.safetensors"  # not there where a baseline has none

KINDS: dict[TextBaseline | SeriesBaseline, type[Fitted]] = {
    "majority": Majority,
    "tfidf_logistic": TfidfLogistic,
    "last_value": LastValue,
    "seasonal_last_value": SeasonalLastValue,
    "climatology": Climatology,
    "harmonic_regression": HarmonicRegression,
}


def keep(fitted: Fitted, folder: Path) -> None:
    """Write into `folder` what a fitted baseline needs to answer, and nothing else."""
    values = {field.name: getattr(fitted, field.name) for field in fields(fitted)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    settings = {name: value for name, value in values.items() if name not in arrays}
    if arrays:
        save_file(arrays, folder / ARRAYS)
    (folder / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")


def restore(name: TextBaseline | SeriesBaseline, folder: Path) -> Fitted:
    """The baseline that `keep` wrote into `folder`; its answers are the same to the last digit."""
    # Any: which values there are depends on the baseline.
    values: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    if (folder / ARRAYS).is_file():
        values |= load_file(folder / ARRAYS)
    return KINDS[name](**values)
