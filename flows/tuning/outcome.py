"""What a search found: its files, its table for a terminal and its Markdown."""

import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import JsonValue

from components.files import write_whole
from components.markdown import plain, table
from components.metrics import metrics_of
from components.records import Search, TrialOutcome, TrialState, Tuned, Tuning
from dashboards.wording import DASH
from params.changed import changed
from params.errors import plural
from params.flat import flatten
from params.load import to_yaml
from params.names import ARCHITECTURE_LABELS
from params.schema import Experiment
from params.space import num_points
from params.tune import as_text

TRIALS, FOUND = "trials.csv", "tuning.json"
OPTIMISTIC = (
    "These values are of the validation data by which the winners were chosen, and so they are "
    "optimistic: how good they are is what a run of them says on the test split."
)
HEADINGS = ("architecture", "best", "as in the file", "complete", "pruned", "failed", "best values")


def write_files(found: Tuning, experiment: Experiment, folder: Path, command: str) -> Tuning:
    """`found` with its files, which lie in `folder` then.

    Each architecture with a complete trial has a params file that `unroll run` takes, with the
    seeds of `experiment`; every trial is a row of a table, and a program reads all in one file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for one in found.tuned:
        if one.best is not None:
            path = folder / f"best-{one.architecture}.yaml"
            write_whole(path, best_params(one, one.best, found.search, experiment, command))
            files[one.architecture] = str(path)
    found = found.model_copy(update={"files": files})
    write_whole(folder / TRIALS, trials_table(found))
    write_whole(folder / FOUND, found.model_dump_json(indent=2))
    return found


def best_params(
    tuned: Tuned, best: TrialOutcome, search: Search, experiment: Experiment, command: str
) -> str:
    """The params file of the best trial of an architecture, which says where it came from."""
    values: dict[str, JsonValue] = {**best.values, "architectures": [tuned.architecture]}
    seeds = "seed" if len(search.seeds) == 1 else "the mean of seeds"
    before = ""
    if tuned.as_in_file is not None:
        before = f", where the params that were tuned had {shown(tuned.as_in_file, search)}"
    lines = (
        f"Trial {best.place} of {len(tuned.trials)}, the best of {tuned.architecture}: "
        f"{search.metric} {shown(best, search)}, {seeds} {', '.join(map(str, search.seeds))}"
        f"{before}.",
        f"Found by: {command} (search {search.id}).",
        "It was chosen by that value, on validation data: only a run of it says how good it is.",
    )
    comment = "".join(f"# {' '.join(line.split())}\n" for line in lines)
    return comment + to_yaml(
        changed(experiment.model_copy(update={"tune": None}), values, "the best trial")
    )


def trials_table(found: Tuning) -> str:
    """Every trial as a line of a CSV file."""
    keys = list(found.search.space)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = ("value", "epochs", "seconds", "reason", "run_id")
    writer.writerow(["architecture", "trial", "state", *keys, *ends])
    for one in found.tuned:
        for trial in one.trials:
            values = flatten({key: trial.values[key] for key in keys})
            outcome = [getattr(trial, name) for name in ends]
            writer.writerow(
                [trial.architecture, trial.place, trial.state, *values.values(), *outcome]
            )
    return text.getvalue()


def cells(found: Tuning) -> list[tuple[str, ...]]:
    """A line for each architecture, the one with the best value first."""
    search = found.search
    return [
        (
            ARCHITECTURE_LABELS[one.architecture],
            shown(one.best, search),
            shown(one.as_in_file, search),
            *(str(one.count(state)) for state in ("complete", "pruned", "failed")),
            said_values(one.best),
        )
        for one in found.tuned
    ]


def shown(trial: TrialOutcome | None, search: Search) -> str:
    """The value of a trial in the digits of its metric."""
    if trial is None or trial.value is None:
        return DASH
    metric = metrics_of(search.task)[search.metric]
    return f"{trial.value:.{metric.digits}f} {metric.unit}".rstrip()


def said_values(trial: TrialOutcome | None) -> str:
    """`train.learning_rate=0.003 model.hidden_sizes=[64]`, as `--set` takes them."""
    if trial is None:
        return DASH
    return " ".join(f"{key}={value}" for key, value in flatten(trial.values).items())


def lines(found: Tuning, width: int) -> list[str]:
    """The table for a terminal of so many columns; where it has no room, a list."""
    rows: Sequence[Sequence[str]] = [HEADINGS, *cells(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        return [line for one in found.tuned for line in listed(one, found.search)]
    return [
        "  ".join(
            cell.rjust(width) if 0 < place < len(row) - 1 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def listed(one: Tuned, search: Search) -> list[str]:
    """The same of one architecture, in short lines."""
    counts = ", ".join(f"{one.count(state)} {state}" for state in get_args(TrialState))
    values = flatten(one.best.values if one.best else {})
    return [
        f"{ARCHITECTURE_LABELS[one.architecture]}: best {shown(one.best, search)}, "
        f"as in the file {shown(one.as_in_file, search)}",
        f"  {counts}",
        *(f"  {key}={value}" for key, value in values.items()),
    ]


def markdown(found: Tuning) -> str:
    """What was searched and found, for MLflow and Prefect."""
    search = found.search
    rows = [
        [plain(row[0]), *row[1:-1], f"`{row[-1]}`" if row[-1] != DASH else DASH]
        for row in cells(found)
    ]
    heading = f"**A search for better params of {plain(search.experiment)}**, by {search.metric}"
    after = [*all_tried(found), OPTIMISTIC, *(next_steps(found) if found.files else ())]
    return "\n\n".join([heading, table(HEADINGS, rows), *after])


def all_tried(found: Tuning) -> list[str]:
    """Which architectures have nothing left to try, a line each."""
    number = num_points(found.search.space)
    return [
        f"{one.architecture}: all {plural(number, 'point')} of the space were tried"
        for one in found.tuned
        if number and len({as_text(trial.values) for trial in one.trials}) >= number
    ]


def next_steps(found: Tuning) -> list[str]:
    """The commands that say how good the winners are: a run of each, then all side by side."""
    steps = [f"next: `{run_command(found)}`"]
    if len(found.files) > 1:
        ids = " ".join(f"ID-{name}" for name in found.files)
        said = "with the ids of the comparisons that it made"
        steps.append(f"then: `unroll compare {ids}`, {said}, sets them side by side")
    return steps


def run_command(found: Tuning) -> str:
    """The command that makes a comparison of each winner."""
    here = Path.cwd()
    paths = map(Path, found.files.values())
    names = [str(path.relative_to(here) if path.is_relative_to(here) else path) for path in paths]
    return shlex.join(["unroll", "run", *names])
