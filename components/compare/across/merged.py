"""Several comparisons, or some of their runs -> one comparison of them all, on the same data."""

from collections.abc import Sequence
from itertools import chain

from components.cautions import cautions
from components.compare.across.alike import (
    common_texts,
    prepared_alike,
    said_of,
    validated_alike,
)
from components.compare.across.grouping import (
    Group,
    grouped,
    identity,
    params_of_baseline,
    params_of_network,
)
from components.compare.across.sides import Side, require_same
from components.compare.chosen import chosen
from components.compare.comparison import compare
from components.compare.rows import LABELS
from components.records import (
    Answering,
    Comparison,
    Evidence,
    Missing,
    Prepared,
    Provenance,
    Trained,
)
from params.errors import InputError
from params.schema import ClassificationExperiment, Experiment
from params.sections import Compare


def compare_across(
    sides: Sequence[Side],
    provenance: Provenance,
    *,
    id: str,
    created: str,
    metric: str | None = None,
    title: str | None = None,
) -> Comparison:
    """The comparison of everything that finished in `sides`, each training counted once.

    Args:
        sides: At least one, in the order in which rows get their names.
        provenance: How to find it again.
        id: Names the comparison and its folder.
        created: When it was made, ISO 8601.
        metric: What ranks the rows, by default as in the first side.
        title: The heading, by default the title that all sides share or their names.

    Raises:
        InputError: If the sides are not of one task, data and test split, none of them has a
            finished run, or the metric has no value.
    """
    require_same(tuple(sides))
    if not any(side.recalled.runs for side in sides):
        raise InputError(
            f"no run of {', '.join(side.called for side in sides)} is finished; there is nothing "
            "to compare"
        )
    groups, repeats = grouped(sides)
    evidence = merged_evidence(sides, groups)
    comparison = compare(
        merged_experiment(sides, metric=metric, title=title),
        evidence,
        provenance,
        id=id,
        created=created,
    )
    return of_all(sides, comparison, evidence.trained, repeats=repeats)


def of_all(
    sides: Sequence[Side], comparison: Comparison, trained: Sequence[Trained], *, repeats: int
) -> Comparison:
    """The comparison with what is said of all sides, where it was said of the newest."""
    data = comparison.data
    if repeats:
        stand = "runs and baselines stand" if repeats > 1 else "run or baseline stands"
        said = f"{repeats} {stand} more than once in what is compared: each counts once, the newest"
        data = data.model_copy(update={"facts": (*data.facts, said)})
    names = dict.fromkeys(side.experiment.name for side in sides)
    return comparison.model_copy(
        update={
            "experiment": ", ".join(names),
            "data": data,
            "numbers": comparison.numbers if prepared_alike(sides) else None,
            "cautions": tuple(dict.fromkeys(chain.from_iterable(map(own_cautions, sides)))),
            "chosen": chosen(trained) if validated_alike(sides) else None,
        }
    )


def merged_experiment(
    sides: Sequence[Side], *, metric: str | None, title: str | None
) -> Experiment:
    """The experiment of the newest side, with what all of them ask for."""
    experiments = [side.experiment for side in sides]
    newest = max(sides, key=lambda side: side.created).experiment
    titles = {one.report.title for one in experiments}
    names = dict.fromkeys(one.name for one in experiments)
    shared = titles.pop() if len(titles) == 1 else ", ".join(names)
    comparisons = {side.recalled.run_id for side in sides}  # a grid is one, of several sides
    if len(comparisons) > 1:
        shared += f" ({len(comparisons)} side by side)"
    baselines = dict.fromkeys(chain.from_iterable(one.evaluate.baselines for one in experiments))
    asked: dict[str, object] = {"baselines": tuple(baselines)}
    told: dict[str, object] = {"title": title or shared}
    texts = [one for one in experiments if isinstance(one, ClassificationExperiment)]
    if texts:
        asked["texts"] = common_texts(sides)
        told["excerpts"] = all(one.report.excerpts for one in texts)  # who hides them hides them
    return newest.model_copy(
        update={
            "evaluate": newest.evaluate.model_copy(update=asked),
            "compare": merged_compare(sides, metric or experiments[0].compare.metric),
            "report": newest.report.model_copy(update=told),
        }
    )


def merged_compare(sides: Sequence[Side], metric: str) -> Compare:
    """Rows ranked by `metric`, with the smallest difference of the newest side ranked by it."""
    newest_first = sorted(sides, key=lambda side: side.created, reverse=True)
    asked = (side.experiment.compare for side in newest_first)
    return next((one for one in asked if one.metric == metric), Compare(metric=metric))


def merged_evidence(sides: Sequence[Side], groups: Sequence[Group]) -> Evidence:
    """What the rows are made from, each under its row's name."""
    newest = max(sides, key=lambda side: side.created)
    members = [(group.row.name, one) for group in groups for one in group.members]
    texts = common_texts(sides)
    return Evidence(
        ingested=newest.recalled.evidence.ingested,
        prepared=merged_prepared(sides, newest.recalled.evidence.prepared),
        trained=tuple(
            one.run.trained.model_copy(update={"row": name}) for name, one in members if one.run
        ),
        scored=tuple(
            one.scored.model_copy(update={"name": name, "new_texts": said_of(texts, one)})
            for name, one in members
        ),
        answering=tuple(filter(None, map(answering, groups))),
        named=tuple(group.row for group in groups),
        missing=missing(sides, groups),
    )


def merged_prepared(sides: Sequence[Side], newest: Prepared) -> Prepared:
    """The newest, with the notes of all where they were not prepared alike."""
    notes = {side.recalled.evidence.prepared.notes: side.called for side in sides[::-1]}
    if len(notes) == 1:
        return newest
    said = [f"{called}: {note}" for own, called in reversed(notes.items()) for note in own]
    return newest.model_copy(update={"notes": tuple(said)})


def answering(group: Group) -> Answering | None:
    """How fast the row answers, as it was measured in the newest of its comparisons."""
    for one in sorted(group.members, key=lambda one: one.side.created, reverse=True):
        for found in one.side.recalled.answering:
            if found.name == one.base:
                return found.model_copy(update={"name": group.row.name})
    return None


def missing(sides: Sequence[Side], groups: Sequence[Group]) -> tuple[Missing, ...]:
    """What has no result, under the name of its row, but for what another side has finished."""
    rows = {identity(group.members[0].base, group.members[0].params): group for group in groups}
    named = {group.row.name for group in groups}
    found = []
    for side in sides:
        asked = side.experiment
        for one in side.recalled.missing:
            params = (
                params_of_baseline(asked, one.name)
                if one.seed is None
                else params_of_network(asked, asked.model, asked.train)
            )
            group = rows.get(identity(one.name, params))
            if group and one.seed in {member.scored.seed for member in group.members}:
                continue
            told = {"reason": f"{side.called}: {one.reason}"}
            if group:
                told["name"] = group.row.name
            elif one.name in named:  # a row of that name has other params
                told["label"] = LABELS[one.name]
            found.append(one.model_copy(update=told))
    return tuple(found)


def own_cautions(side: Side) -> tuple[str, ...]:
    """What to be careful of in a side, where only the architectures count that finished there."""
    finished = tuple(dict.fromkeys(run.job.architecture for run in side.recalled.runs))
    return cautions(side.experiment.model_copy(update={"architectures": finished}))
