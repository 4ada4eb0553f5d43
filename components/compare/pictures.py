"""What a page shows beside the rows: texts as numbers, new texts, forecasts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from components.compare.rows import spread
from components.evaluate.predictions import read_days, read_predictions
from components.preprocess import explain
from components.records import Evidence, ForecastPicture, NewText, Scored, TextNumbers
from params.schema import ClassificationExperiment, Experiment


def text_numbers(experiment: Experiment, evidence: Evidence) -> TextNumbers | None:
    """How the texts became numbers, where there are texts."""
    if not isinstance(experiment, ClassificationExperiment):
        return None
    return explain.read_numbers(evidence.prepared.path, excerpts=experiment.report.excerpts)


def new_texts(experiment: Experiment, evidence: Evidence) -> tuple[NewText, ...]:
    """The texts that nobody labelled, each with what every network says of it over its seeds."""
    if not isinstance(experiment, ClassificationExperiment) or not experiment.evaluate.texts:
        return ()
    texts = experiment.evaluate.texts
    counts = explain.count_known(texts, evidence.prepared, experiment.preprocess)
    by_name: dict[str, list[tuple[float, ...]]] = {}
    for one in sorted(evidence.scored, key=lambda one: one.seed or 0):
        if one.kind == "network":
            by_name.setdefault(one.name, []).append(one.new_texts)
    return tuple(
        NewText(
            text=text,
            num_words=num_words,
            num_known=num_known,
            said={name: spread([run[place] for run in runs]) for name, runs in by_name.items()},
        )
        for place, (text, (num_words, num_known)) in enumerate(zip(texts, counts, strict=True))
    )


def forecast_picture(scored: Sequence[Scored], num_days: int) -> ForecastPicture | None:
    """The first test days as every row forecasts them one step ahead, with its first seed."""
    first: dict[str, Path] = {}
    for one in sorted(scored, key=lambda one: one.seed or 0):
        first.setdefault(one.name, one.path)
    if not first:
        return None

    def drawn(values: NDArray[Any]) -> tuple[Any, ...]:
        return tuple(values[:num_days, 0].tolist())

    found = {name: read_predictions("forecast", folder) for name, folder in first.items()}
    name, any_row = next(iter(found.items()))
    return ForecastPicture(
        days=drawn(read_days(first[name])),
        truth=drawn(any_row.truth),
        true_mean=None if any_row.true_mean is None else drawn(any_row.true_mean),
        forecasts={name: drawn(one.estimate) for name, one in found.items()},
    )
