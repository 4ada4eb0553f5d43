"""Runs and baselines of several sides -> rows: the same params are one row, a run counts once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.compare.across.naming import Params, names
from components.compare.across.sides import Side
from components.evaluate.baselines import PARAMS
from components.evaluate.predictions import PREDICTIONS
from components.files import file_digest
from components.records import NamedRow, RunEvidence, Scored
from params.flat import flat_sections
from params.schema import Experiment
from params.sections import SeriesModel, Train

Row = list["Contestant"]


@dataclass(frozen=True)
class Contestant:
    """A run or a baseline: the side it comes from, and the params that would make another row."""

    side: Side
    base: str
    params: Params
    scored: Scored
    run: RunEvidence | None = None


@dataclass(frozen=True)
class Group:
    """The contestants of one row, and what the row is called."""

    row: NamedRow
    members: tuple[Contestant, ...]


def contestants(side: Side) -> list[Contestant]:
    """The runs of a side, then its baselines, each in order of name and seed."""
    runs = sorted(side.recalled.runs, key=lambda run: (run.job.architecture, run.job.seed))
    return [
        *(
            Contestant(
                side,
                run.job.architecture,
                params_of_network(side.experiment, run.job.model, run.job.train),
                run.scored,
                run,
            )
            for run in runs
        ),
        *(
            Contestant(side, one.name, params_of_baseline(side.experiment, one.name), one)
            for one in sorted(side.recalled.baselines, key=lambda one: one.name)
        ),
    ]


def params_of_network(experiment: Experiment, model: SeriesModel, train: Train) -> Params:
    """All that a training depends on, but for its architecture and seed."""
    return flat_sections(preprocess=experiment.preprocess, model=model, train=train)


def params_of_baseline(experiment: Experiment, name: str) -> Params:
    """What a baseline is fitted with, of which other baselines may read more."""
    every = flat_sections(evaluate=experiment.evaluate)
    return {f"evaluate.{key}": every[f"evaluate.{key}"] for key in PARAMS.get(name, ())}


def grouped(sides: Iterable[Side]) -> tuple[list[Group], int]:
    """The rows in the order of the sides, and how many contestants were left out as repeats.

    Of those with the same params and seed the newest counts. A row of which every training stands
    in another row too, to the last prediction, is left out: the params that differ changed nothing.
    """
    found = [one for side in sides for one in contestants(side)]
    rows: dict[tuple[object, ...], dict[int | None, Contestant]] = {}
    for one in sorted(found, key=lambda one: one.side.created):  # the newest comes last and stays
        rows.setdefault(identity(one.base, one.params), {})[one.scored.seed] = one
    order = dict.fromkeys(identity(one.base, one.params) for one in found)
    bases: dict[str, list[Row]] = {}
    for key in order:
        row = [one for _, one in sorted(rows[key].items(), key=lambda item: item[0] or 0)]
        bases.setdefault(row[0].base, []).append(row)
    groups = [
        Group(called, tuple(row))
        for base, of_base in bases.items()
        for called, row in called_by_name(base, without_repeats(of_base))
    ]
    return groups, len(found) - sum(len(group.members) for group in groups)


def identity(base: str, params: Params) -> tuple[object, ...]:
    """What makes two contestants members of one row."""
    return (base, *sorted(params.items()))


def called_by_name(base: str, rows: Sequence[Row]) -> list[tuple[NamedRow, Row]]:
    """Each row with what it is called."""
    homes = [" and ".join(dict.fromkeys(one.side.experiment.name for one in row)) for row in rows]
    called = names(base, [row[0].params for row in rows], homes)
    return list(zip(called, rows, strict=True))


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """The rows of one architecture but for those whose trainings all stand in a newer or larger
    one, prediction by prediction.
    """
    if len(rows) < 2:
        return list(rows)
    digests = [
        {(one.scored.seed, file_digest(one.scored.path / PREDICTIONS)) for one in row}
        for row in rows
    ]
    ages = [max(one.side.created for one in row) for row in rows]
    kept: list[int] = []
    # The largest first and the newest of equals, for which the others are left out.
    for at in sorted(range(len(rows)), key=lambda at: (len(rows[at]), ages[at], at), reverse=True):
        if not any(digests[at] <= digests[other] for other in kept):
            kept.append(at)
    return [row for at, row in enumerate(rows) if at in kept]
