"""The error analysis of a comparison, whatever its task."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from components.compare.errors.series import series_errors
from components.compare.errors.texts import text_errors
from components.records import Row, Scored, SeriesErrors, TextErrors
from params.schema import ClassificationExperiment, Experiment


def errors(
    experiment: Experiment, rows: Sequence[Row], scored: Iterable[Scored]
) -> TextErrors | SeriesErrors | None:
    """Where the rows go wrong; there is nothing to say without a row.

    Args:
        experiment: What was asked.
        rows: The best first within each kind.
        scored: The runs and baselines behind them, on the same test examples.
    """
    if not rows:
        return None
    folders: dict[str, list[Path]] = {}
    for one in sorted(scored, key=lambda one: one.seed or 0):
        folders.setdefault(one.name, []).append(one.path)
    if isinstance(experiment, ClassificationExperiment):
        return text_errors(
            rows,
            folders,
            max_length=experiment.preprocess.max_length,
            excerpts=experiment.report.excerpts,
        )
    return series_errors(rows, folders, seasonal_period=experiment.evaluate.seasonal_period)
