"""Where the rows of a forecast go wrong: how far ahead, when, and in which part of the season.

Everything comes from what each run left of its predictions; the data themselves are not needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.compare.errors.intervals import spread_on
from components.compare.evidence.bootstrap import block_length
from components.evaluate.predictions import read_days, read_predictions
from components.records import Residuals, Row, SeasonBin, SeriesErrors, Spread

NUM_PARTS = 4  # of a season
MOST_LAGS = 30  # of an autocorrelation
MOST_DAYS = 2_000  # whose residuals are kept one by one
MOST_NETWORKS = 8  # whose residuals are kept
CONFIDENCE = 1.96  # standard deviations within which noise lies 95 times in 100

Values = NDArray[np.float64]
Days = NDArray[np.int64]


@dataclass(frozen=True)
class TestDays:
    """The days that N windows of P days forecast: the `first` of each, `(N,)`.

    `days` are the different ones, `(D,)`, and `place` is where each forecast's day stands in them,
    `(N * P,)`.
    """

    first: Days
    days: Days
    place: Days


def series_errors(
    rows: Sequence[Row], folders: Mapping[str, Sequence[Path]], *, seasonal_period: int
) -> SeriesErrors:
    """The error analysis of a forecast.

    Residuals are those of the best eight networks and of all baselines, day by day on the first
    2,000 test days; their autocorrelation is that on all of them.

    Args:
        rows: At least one, the best first within each kind.
        folders: Where the predictions of each run lie, by the name of its row, in order of seed.
        seasonal_period: Length of a season, in days.
    """
    test = days_of(folders[rows[0].name][0])
    parts = season_parts(test.days, seasonal_period)
    networks = [row.name for row in rows if row.kind == "network"]
    horizon, residuals, seasons = {}, {}, {}
    for name in (row.name for row in rows):
        runs = [read_predictions("forecast", folder) for folder in folders[name]]
        error = np.stack([one.estimate - one.truth for one in runs])
        horizon[name] = mae_by_step(error)
        seasons[name] = mae_by_part(error, test, parts)
        if name not in networks[MOST_NETWORKS:]:
            residuals[name] = residuals_of(error[:, :, 0].mean(axis=0))
    return SeriesErrors(
        horizon=horizon,
        days=tuple(test.first[:MOST_DAYS].tolist()),
        residuals=residuals,
        band=CONFIDENCE / float(np.sqrt(len(test.first))),
        seasons=tuple(
            SeasonBin(
                label=label,
                num_days=len(inside),
                mae={name: of_row[place] for name, of_row in seasons.items()},
            )
            for place, (label, inside) in enumerate(parts.items())
        ),
    )


def days_of(folder: Path) -> TestDays:
    """What the predictions in `folder` know of the test days."""
    forecast_days = read_days(folder)
    days, place = np.unique(forecast_days, return_inverse=True)
    return TestDays(forecast_days[:, 0], days, place.ravel())


def mae_by_step(error: Values) -> tuple[Spread, ...]:
    """The MAE of each forecast step, from the errors `(S, N, P)`."""
    _, num_windows, steps = error.shape
    length = block_length(num_windows, steps)
    return tuple(spread_on(np.abs(error[:, :, step]), block_length=length) for step in range(steps))


def residuals_of(values: Values) -> Residuals:
    """The residuals `(N,)`, with their autocorrelation unless they never vary."""
    lags = min(MOST_LAGS, len(values) // 4)
    correlated: tuple[float, ...] = ()
    if lags and np.ptp(values) > 0:
        from statsmodels.tsa.stattools import acf  # half a second to import

        correlated = tuple(acf(values, nlags=lags, fft=True)[1:].tolist())
    return Residuals(values=tuple(values[:MOST_DAYS].tolist()), autocorrelation=correlated)


def season_parts(days: Days, period: int) -> dict[str, Days]:
    """For each quarter of the season that occurs, what it is called and where its days stand.

    The first quarter begins with day 0, as in the seasonal baselines; people count from 1.
    """
    borders = [part * period // NUM_PARTS for part in range(NUM_PARTS + 1)]
    of_season = days % period
    found = {}
    for start, end in pairwise(borders):
        inside = np.flatnonzero((start <= of_season) & (of_season < end))
        if len(inside):
            which = f"day {end}" if end - start == 1 else f"days {start + 1} to {end}"
            found[f"{which} of {period}"] = inside
    return found


def mae_by_part(error: Values, test: TestDays, parts: Mapping[str, Days]) -> list[Spread]:
    """The MAE on the days of each part of the season, from the errors `(S, N, P)`.

    Every forecast counts, from whichever step; a day that was forecast several times counts once,
    with the mean of its errors.
    """
    number = np.bincount(test.place)
    totals = [np.bincount(test.place, np.abs(run).ravel()) for run in error]
    by_day = np.stack(totals) / number  # (S, D)
    return [
        spread_on(by_day[:, inside], block_length=block_length(len(inside), error.shape[2]))
        for inside in parts.values()
    ]
