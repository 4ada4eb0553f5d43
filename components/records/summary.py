"""A report in a few words, for the list of all reports."""

from pydantic import AwareDatetime

from components.records.record import Record


class Summary(Record):
    """What the list says of a report. `best` is the best network and `score` its ranking metric.

    `num_missing` counts what has no result.
    """

    id: str
    experiment: str
    title: str
    created: AwareDatetime
    best: str | None
    score: str
    headline: str
    num_missing: int
