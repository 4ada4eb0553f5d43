"""The predictions of every run, read once -> what each row scored, and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from components.compare.evidence.bootstrap import Values, are_enough, block_length
from components.compare.evidence.estimates import Doubt, doubt
from components.evaluate.predictions import read_predictions
from components.metrics import Metric, values_of_examples
from components.scores import absolute_error, correct


class Answered(Protocol):
    """A run that answered the test examples: whose it is, its seed, and where its answers lie."""

    @property
    def name(self) -> str: ...  # noqa: D102 - the class says what these are
    @property
    def seed(self) -> int | None: ...  # noqa: D102 - the class says what these are
    @property
    def path(self) -> Path: ...  # noqa: D102 - the class says what these are


@dataclass(frozen=True)
class RowSample:
    """What one row scored on the test examples.

    `doubts` are by metric and `ranked` is the ranking metric of each example `(N,)`, mean over the
    seeds. `runs` has what the tests of single runs look at, by seed: which examples are right, or
    the absolute error of each window.
    """

    doubts: dict[str, Doubt]
    ranked: Values
    runs: dict[int | None, Values]


@dataclass(frozen=True)
class Sample:
    """All rows on the same test examples, which go together in blocks of `length`."""

    rows: dict[str, RowSample]
    num_examples: int
    horizon: int
    length: int


def read_sample(scored: Iterable[Answered], metric: Metric) -> Sample | None:
    """What every row scored, by name; None where there are too few test examples to say more."""
    groups: dict[str, list[Answered]] = {}
    for one in sorted(scored, key=lambda one: one.seed or 0):
        groups.setdefault(one.name, []).append(one)
    if not groups:
        return None
    first = read_predictions(metric.task, next(iter(groups.values()))[0].path)
    number = len(first.truth)
    horizon = first.truth.shape[1] if metric.task == "forecast" else 1
    length = block_length(number, horizon) if metric.task == "forecast" else 1
    if not are_enough(number, length):
        return None
    rows = {name: read_row(group, metric, length) for name, group in groups.items()}
    return Sample(rows, number, horizon, length)


def read_row(group: Sequence[Answered], metric: Metric, length: int) -> RowSample:
    """What one row scored. Its predictions are let go: those of a thousand runs fill a memory."""
    of_metric: dict[str, list[Values]] = {}
    runs: dict[int | None, Values] = {}
    for one in group:
        predictions = read_predictions(metric.task, one.path)
        for key, values in values_of_examples(metric.task, predictions).items():
            of_metric.setdefault(key, []).append(values)
        runs[one.seed] = (
            correct(predictions).astype(np.float32)
            if metric.task == "classification"
            else absolute_error(predictions)
        )
    return RowSample(
        doubts={key: doubt(np.stack(values), length) for key, values in of_metric.items()},
        ranked=np.mean(of_metric[metric.key], axis=0),
        runs=runs,
    )
