"""The error of forecasts by how far ahead they look, and by the part of the season."""

from components.records import Comparison, SeriesErrors
from dashboards.sections.across import Across, Chart, draw

DIGITS = 2  # of an MAE on a part of the test days
SURE = (
    "Lower is better. {what} are 95 % intervals over test days and seeds, or lowest to highest "
    "seed where there is none."
)


def horizon(comparison: Comparison, errors: SeriesErrors) -> Chart | None:
    """MAE by forecast step; absent where there is one step only."""
    num_steps = max(map(len, errors.horizon.values()), default=0)
    if num_steps < 2:
        return None
    what = Across(
        id="horizon",
        title="Error by days ahead",
        x_title="Days ahead",
        y_title="MAE",
        unit="°C",
        digits=DIGITS,
        places=tuple(str(step + 1) for step in range(num_steps)),
        counts=(),
        values={
            name: (*spreads, *(None,) * (num_steps - len(spreads)))
            for name, spreads in errors.horizon.items()
        },
        joined=True,
        caption=SURE.format(what="Bands"),
    )
    return draw(comparison, what)


def seasons(comparison: Comparison, errors: SeriesErrors) -> Chart | None:
    """MAE by the part of the season; absent where no part has a forecast day."""
    parts = [part for part in errors.seasons if part.mae]
    names = dict.fromkeys(name for part in parts for name in part.mae)
    what = Across(
        id="seasons",
        title="Error by season",
        x_title="Part of the season",
        y_title="MAE",
        unit="°C",
        digits=DIGITS,
        places=tuple(part.label for part in parts),
        counts=tuple(f"{part.num_days:,} day{'' if part.num_days == 1 else 's'}" for part in parts),
        values={name: tuple(part.mae.get(name) for part in parts) for name in names},
        joined=False,
        caption=SURE.format(what="Bars"),
    )
    return draw(comparison, what)
