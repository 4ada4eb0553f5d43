"""All sections of a page below its table, each absent where the comparison has nothing for it."""

from dataclasses import dataclass

from components.records import Comparison, SeriesErrors, TextErrors
from dashboards.against import AgainstLast, against_last
from dashboards.panel import Panel
from dashboards.sections.across import Chart
from dashboards.sections.confusion import Confusions, confusions
from dashboards.sections.cost import QualityAgainstCost, quality_against_cost
from dashboards.sections.curves import learning_curves, single_runs
from dashboards.sections.forecast import forecast
from dashboards.sections.lengths import lengths
from dashboards.sections.matrix import Matrix, matrix
from dashboards.sections.mistakes import Disagreeing, Mistaken, disagreements, mistakes
from dashboards.sections.reliability import reliability
from dashboards.sections.residuals import autocorrelation, residuals
from dashboards.sections.steps import horizon, seasons


@dataclass(frozen=True)
class TextSection:
    """Where classifications go wrong."""

    confusions: Confusions | None
    lengths: Chart | None
    reliability: Chart | None
    mistakes: tuple[Mistaken, ...]
    disagreements: tuple[Disagreeing, ...]


@dataclass(frozen=True)
class SeriesSection:
    """Where forecasts go wrong; `one_step` where no error by days ahead can be shown."""

    one_step: bool
    horizon: Chart | None
    residuals: Panel | None
    autocorrelation: Panel | None
    seasons: Chart | None


@dataclass(frozen=True)
class Sections:
    """What stands below the table; `runs` has a small chart of single runs for each row."""

    against: AgainstLast | None
    cost: QualityAgainstCost | None
    curves: Panel | None
    runs: tuple[Panel, ...]
    matrix: Matrix | None
    forecast: Panel | None
    texts: TextSection | None
    series: SeriesSection | None


def sections(comparison: Comparison) -> Sections:
    """Every section that the comparison has something for."""
    errors = comparison.errors
    return Sections(
        against=against_last(comparison),
        cost=quality_against_cost(comparison),
        curves=learning_curves(comparison),
        runs=single_runs(comparison),
        matrix=matrix(comparison),
        forecast=forecast(comparison),
        texts=_texts(comparison, errors) if isinstance(errors, TextErrors) else None,
        series=_series(comparison, errors) if isinstance(errors, SeriesErrors) else None,
    )


def _texts(comparison: Comparison, errors: TextErrors) -> TextSection:
    return TextSection(
        confusions=confusions(comparison, errors),
        lengths=lengths(comparison, errors),
        reliability=reliability(comparison, errors),
        mistakes=mistakes(comparison, errors),
        disagreements=disagreements(comparison, errors),
    )


def _series(comparison: Comparison, errors: SeriesErrors) -> SeriesSection:
    return SeriesSection(
        one_step=max(map(len, errors.horizon.values()), default=0) == 1,
        horizon=horizon(comparison, errors),
        residuals=residuals(comparison, errors),
        autocorrelation=autocorrelation(comparison, errors),
        seasons=seasons(comparison, errors),
    )
