"""One number over the seeds of a row."""

from components.records.record import Record


class Spread(Record):
    """A metric over the seeds: mean, smallest, largest, and every value in order of seed.

    `interval` is the 95 % interval of the mean over test examples and seeds, where there is one.
    """

    mean: float
    low: float
    high: float
    values: tuple[float, ...]
    interval: tuple[float, float] | None = None
