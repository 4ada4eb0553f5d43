"""What a search found: its files, its table for a terminal and its Markdown."""

import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from components.files import write_whole
from components.markdown import plain, table
from components.metrics import metrics_of
from components.records import Search, TrialOutcome, Tuned, Tuning
from dashboards.wording import DASH
from params.changed import changed
from params.flat import flatten
from params.load import to_yaml
from params.names import ARCHITECTURE_LABELS
from params.schema import Experiment

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


def lines(found: Tuning) -> list[str]:
    """The table for a terminal."""
    rows: Sequence[Sequence[str]] = [HEADINGS, *cells(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if 0 < place < len(row) - 1 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def markdown(found: Tuning) -> str:
    """What was searched and found, for MLflow and Prefect."""
    search = found.search
    rows = [
        [plain(row[0]), *row[1:-1], f"`{row[-1]}`" if row[-1] != DASH else DASH]
        for row in cells(found)
    ]
    heading = f"**A search for better params of {plain(search.experiment)}**, by {search.metric}"
    after = [f"`{run_command(found)}`"] if found.files else []
    return "\n\n".join([heading, table(HEADINGS, rows), OPTIMISTIC, *after])


def run_command(found: Tuning) -> str:
    """The command that says how good the winners are."""
    here = Path.cwd()
    paths = map(Path, found.files.values())
    names = [str(path.relative_to(here) if path.is_relative_to(here) else path) for path in paths]
    return shlex.join(["unroll", "run", *names])
