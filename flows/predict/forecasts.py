"""Values from a file, from standard input or from the experiment itself -> the next ones."""

import math
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from components.ingest.series import generate
from components.predict.series import Forecaster
from components.predict.stream import Stream
from flows.predict.arguments import Asked
from flows.predict.tables import (
    column_names,
    read_tables,
    require_column,
    standard_input,
    writing,
)
from flows.terminal import note
from params.errors import InputError
from params.ingest import SeriesIngest

VALUE = "value"  # the column that is read unless --column names another
LARGEST = 1e30  # what a network reads is a float32

Place = date | datetime | int


@dataclass(frozen=True)
class Recent:
    """The last values of a series in degrees C, and when they were: `date`s or numbers of a `day`.

    `last` is the place of the last value and `step` the usual one from a value to the next; with
    `gaps` it is not always that.
    """

    values: list[float]
    unit: str
    last: Place
    step: timedelta | int
    gaps: bool = False

    def place(self, steps: int) -> str:
        """The date or the number of the day, `steps` after the last value.

        Raises:
            InputError: If it is later than any date can be.
        """
        try:
            if isinstance(self.last, int):
                assert isinstance(self.step, int)
                return str(self.last + steps * self.step)
            assert isinstance(self.step, timedelta)
            return (self.last + steps * self.step).isoformat()
        except OverflowError:
            raise InputError(f"--steps: {steps} steps after {self.last} is no date") from None


def answer(
    asked: Asked, forecaster: Forecaster, ingest: SeriesIngest, introduce: Callable[[], None]
) -> None:
    """Print or write forecasts; `introduce` is called before the first.

    Raises:
        InputError: If the values are not as they must be.
    """
    if asked.streams:
        stream = Stream(forecaster)
        introduce()
        answer_values(stream)
        return
    if asked.file is not None:
        recent = read_recent(asked.file, asked.column or VALUE, forecaster.context_length)
    else:
        value = generate(ingest)["value"].to_list()
        recent = Recent(value[-forecaster.context_length :], "day", len(value) - 1, 1)
    steps = forecaster.prediction_length if asked.steps is None else asked.steps
    places = [recent.place(step) for step in range(1, steps + 1)]
    introduce()
    if recent.gaps:
        note(
            f"the values are not always one {recent.unit} step apart; the network reads them as "
            "if they were"
        )
    if steps > forecaster.prediction_length:
        note(
            f"forecasts after the first {forecaster.prediction_length} read earlier ones as if "
            "they were values"
        )
    forecast = forecaster.forecast(recent.values, steps)
    if asked.output is not None:
        days = pa.array(map(int, places)) if recent.unit == "day" else pa.array(places)
        with writing(asked.output) as write:
            write(pa.table({recent.unit: days, "forecast": forecast}))
        return
    for place, value in zip(places, forecast, strict=True):
        show(f"day {place}" if recent.unit == "day" else place, value)


def answer_values(stream: Stream) -> None:
    """After each value on standard input, print the forecast of the next before it is read.

    Raises:
        InputError: If a line is no number, or there are too few of them for any forecast.
    """
    for line in standard_input():
        where = f"line {stream.num_read + 1} of standard input"
        text = line.decode("utf-8", errors="replace").strip()
        forecast = stream.read(number(text, where))
        if forecast is not None:
            show(f"day {stream.num_read}", forecast)
    require_enough(stream.num_read, stream.forecaster.context_length, "standard input")


def read_recent(path: Path, column: str, context_length: int) -> Recent:
    """The last `context_length` values of the file, and when they were.

    That is told by a column `date`, or else `day`, or else the number of the row, from 0.

    Raises:
        InputError: If the file has no such column or too few rows, a value is not a finite number,
            or a place is not later than the one before.
    """
    names = column_names(path)
    require_column(column, names, path)
    unit = next((name for name in ("date", "day") if name in names), None)
    values: deque[float] = deque(maxlen=context_length)
    places: deque[Place] = deque(maxlen=context_length)
    num_rows, blank = 0, None
    for table in read_tables(path):
        columns = [table[name].to_pylist() for name in (column, unit or column)]
        for value, place in zip(*columns, strict=True):
            if value == place == "":  # the lines after the last one may be empty
                blank = blank or num_rows + 1
                num_rows += 1
                continue
            where = f"row {blank or num_rows + 1} of {path}"
            values.append(number("" if blank else value, f"{where}: {column}"))
            if unit is None:
                places.append(num_rows)
            else:
                places.append(later(place, unit, where, after=places[-1] if places else None))
            num_rows += 1
    require_enough(num_rows - (num_rows + 1 - blank if blank else 0), context_length, str(path))
    # The types allow a date after a number; `later` does not.
    steps = Counter(after - before for before, after in pairwise(places))  # type: ignore[operator]  # as said
    steps = steps or Counter([timedelta(days=1) if unit == "date" else 1])
    usual = steps.most_common(1)[0][0]
    return Recent(list(values), unit or "day", places[-1], usual, gaps=len(steps) > 1)


def number(value: object, where: str) -> float:
    """`value` as a number.

    Raises:
        InputError: If it is none, or none that a network can read.
    """
    try:
        found = float(value)  # type: ignore[arg-type]  # what is no number is told
    except (TypeError, ValueError):
        found = math.nan
    if not abs(found) < LARGEST:
        raise InputError(f"{where} must be a finite number, got {value!r}")
    return found


def later(place: object, unit: str, where: str, after: Place | None) -> Place:
    """`place` as a date or the number of a day.

    Raises:
        InputError: If it is none, or not later than `after`.
    """
    found: Place
    try:
        if unit == "day":
            found = int(str(place))
        else:
            text = str(place).strip()
            found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        expected = "a whole number" if unit == "day" else "a date such as 2026-01-31"
        raise InputError(f"{where}: {unit} must be {expected}, got {place!r}") from None
    try:
        in_order = after is None or found > after  # type: ignore[operator]  # told, below
    except TypeError:  # a date after a time of day
        in_order = False
    if not in_order:
        raise InputError(f"{where}: {unit} must be later than {after} before it, got {place}")
    return found


def require_enough(found: int, context_length: int, where: str) -> None:
    """See that there are as many values as the network reads.

    Raises:
        InputError: If there are not.
    """
    if found < context_length:
        raise InputError(
            f"needs at least {context_length} values (context_length), got {found} in {where}"
        )


def show(place: str, forecast: float) -> None:
    """Print `day 1095   25.31 °C`."""
    sys.stdout.write(f"{place} {forecast:7.2f} °C\n")
    sys.stdout.flush()
