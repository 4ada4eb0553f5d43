"""The rows of a grid: what each is called, and the one comparison that is made of them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.cautions import cautions
from components.compare.across.grouping import params_of_network
from components.compare.across.naming import names
from components.compare.across.sides import Side
from components.compare.chosen import chosen
from components.compare.comparison import compare
from components.records import (
    Comparison,
    Evidence,
    Missing,
    NamedRow,
    Provenance,
    Recalled,
)
from params.flat import flatten
from params.grid import described, num_trainings, points
from params.names import Architecture
from params.schema import ClassificationExperiment, Experiment


@dataclass(frozen=True)
class GridRow:
    """A row: what it is called, its point's place in the grid from 0, and the params there."""

    named: NamedRow
    architecture: Architecture
    place: int
    params: Experiment


def grid_rows(experiment: Experiment) -> dict[str, GridRow]:
    """Every row of networks by its name, architecture by architecture; empty without a grid.

    What they are called follows from the params alone, whichever of them will finish.
    """
    if not experiment.grid:
        return {}
    every = points(experiment)
    found = {}
    for architecture in experiment.architectures:
        params = [params_of_network(point, point.model, point.train) for point in every]
        called = names(architecture, params, [experiment.name] * len(every))
        for place, (named, point) in enumerate(zip(called, every, strict=True)):
            found[named.name] = GridRow(named, architecture, place, point)
    return found


def compare_points(
    experiment: Experiment, evidence: Evidence, provenance: Provenance, *, id: str, created: str
) -> Comparison:
    """The comparison of an experiment, with a row for each architecture at each point of its grid.

    Args:
        experiment: What was asked.
        evidence: What was found, under the names that `grid_rows` gives.
        provenance: How to find it again.
        id: Names the comparison and its folder.
        created: When it was made, ISO 8601.

    Raises:
        ValueError: If the rows were not all made on the same data and test examples.
        InputError: If the ranking metric is not defined on them.
    """
    rows = grid_rows(experiment)
    if not rows:
        return compare(experiment, evidence, provenance, id=id, created=created)
    asked = points(experiment)[0]
    alike = not evidence.prepared.points
    if not alike and isinstance(asked, ClassificationExperiment):
        # What is known of a new text depends on the point, and the page has one number for it.
        without = asked.evaluate.model_copy(update={"texts": ()})
        asked = asked.model_copy(update={"evaluate": without})
    named = {
        "named": tuple(row.named for row in rows.values()),
        "missing": tuple(labelled(one, rows) for one in evidence.missing),
    }
    found = compare(asked, evidence.model_copy(update=named), provenance, id=id, created=created)
    facts = [*found.data.facts, said_of(experiment)]
    if len(asked_texts(experiment)) > len(asked_texts(asked)):
        facts.append("evaluate.texts are left out, as the points of the grid read them otherwise")
    of_all = {
        "data": found.data.model_copy(update={"facts": tuple(facts)}),
        "numbers": found.numbers if alike else None,
        "cautions": cautions(experiment),
        "chosen": chosen(evidence.trained),
    }
    return found.model_copy(update=of_all)


def asked_texts(experiment: Experiment) -> tuple[str, ...]:
    """The texts that nobody labelled, of a classification."""
    if isinstance(experiment, ClassificationExperiment):
        return experiment.evaluate.texts
    return ()


def said_of(experiment: Experiment) -> str:
    """The grid in words, and how many trainings it makes."""
    values = (
        f"{key} {', '.join(flatten({key: value})[key] for value in several)}"
        for key, several in experiment.grid.items()
    )
    return f"a grid of {' by '.join(values)}: {num_trainings(experiment)}"


def labelled(one: Missing, rows: Mapping[str, GridRow]) -> Missing:
    """What is missing with the label of its row; a baseline is called as ever."""
    row = rows.get(one.name)
    return one.model_copy(update={"label": row.named.label}) if row else one


def sides_of(called: str, recalled: Recalled) -> list[Side]:
    """What takes part in a comparison across comparisons: every point of a grid by itself.

    Args:
        called: What a person calls the comparison.
        recalled: The comparison, or some of its runs.
    """
    rows = grid_rows(recalled.experiment)
    if not rows:
        return [Side(called, recalled)]
    sides = [
        at_point(called, recalled, [row for row in rows.values() if row.place == place])
        for place in dict.fromkeys(row.place for row in rows.values())
    ]
    kept = [side for side in sides if side.recalled.runs or side.recalled.missing] or sides[:1]
    baselines = {
        "baselines": recalled.baselines,
        "missing": (
            *kept[0].recalled.missing,
            *(one for one in recalled.missing if one.name not in rows),
        ),
        "answering": (
            *kept[0].recalled.answering,
            *(one for one in recalled.answering if one.name not in rows),
        ),
    }
    first = Side(kept[0].called, kept[0].recalled.model_copy(update=baselines))
    return [first, *kept[1:]]


def at_point(called: str, recalled: Recalled, rows: Sequence[GridRow]) -> Side:
    """One point of a grid as a side of its own, where rows are called as without a grid."""
    base = {row.named.name: row.architecture for row in rows}
    prepared = recalled.evidence.prepared.at(rows[0].place)
    its_own = {
        "experiment": rows[0].params,
        "evidence": recalled.evidence.model_copy(update={"prepared": prepared}),
        "runs": tuple(run for run in recalled.runs if run.trained.name in base),
        "baselines": (),
        "answering": tuple(
            one.model_copy(update={"name": base[one.name]})
            for one in recalled.answering
            if one.name in base
        ),
        "missing": tuple(
            one.model_copy(update={"name": base[one.name]})
            for one in recalled.missing
            if one.name in base
        ),
    }
    return Side(
        f"{called} at {described(rows[0].named.changed)}", recalled.model_copy(update=its_own)
    )
