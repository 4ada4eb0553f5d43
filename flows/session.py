"""Several experiments, one after the other, in one process: what `unroll run` does."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from components.importing import importing
from components.records import Comparison
from components.stopping import stopping
from components.storage import Home
from components.train import worker
from flows.checks import check_can_train
from flows.reports.folder import COMPARISON, PAGE, may_have
from flows.settings import few_tries, set_defaults
from flows.terminal import Terminal, showing
from flows.told import RESUME
from params.errors import InputError
from params.grid import described, num_trainings
from params.schema import Experiment

if TYPE_CHECKING:
    from flows.context import Context
    from flows.data import Data

# A child of `components`, so that it goes where the stages' own messages go.
logger = logging.getLogger("components.flows")

REGRESSED = 3  # the exit status after an alert


@dataclass(frozen=True)
class Asked:
    """An experiment, and the arguments of `unroll` that ask for it alone.

    `tags` say in MLflow where it came from. `fingerprint` is that of the data of what is run again.
    `take_up` names the interrupted comparison that is to go on.
    """

    params: Experiment
    command: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    take_up: str | None = None


def run_all(
    experiments: Sequence[Asked], home: Home, *, as_json: bool = False, fresh: bool = False
) -> int:
    """Run every experiment; returns the exit status.

    It is 3 if the alert of a comparison fired, else 1 if one lacks some of its runs.

    Raises:
        InputError: If the data of an experiment are not as they must be, or MLflow or a cluster
            does not answer; none of them runs, unless a download broke off, which is told when the
            flow has tried again in vain.
    """
    set_defaults()
    # Where nothing has to be trained, nothing that trains is needed.
    new = [one.params for one in experiments if fresh or not may_have(home.reports, one.params)]
    stopping.clear()
    if new:
        check_can_train(new, home)
        worker.preload()
    with showing() as terminal:
        terminal.say(f"starting Prefect{' and torch' if new else ''}, reading the data")
        with importing():
            from flows import server

            # Its start takes some ten seconds, in which all that needs no Prefect is done.
            prefect = server.find_or_start()
            data = read_all([asked.params for asked in experiments], home, fresh=fresh)
            say_changed(experiments, data, terminal)
            import flows.experiment  # noqa: F401 - it takes seconds, and is wanted below
            from flows.loss import end_without_server
            from flows.ready import get_ready

            if new:
                get_ready()
            reach_mlflow(experiments, home)
        names = [asked.params.name for asked in experiments]
        with prefect.in_use(lambda: end_without_server(home, names, RESUME)):
            return run_each(experiments, data, home, terminal, as_json=as_json, fresh=fresh)


def run_each(
    experiments: Sequence[Asked],
    data: "Sequence[Data | None]",
    home: Home,
    terminal: Terminal,
    *,
    as_json: bool,
    fresh: bool,
) -> int:
    """Run one experiment after the other on what was read for it; returns the exit status."""
    from flows.experiment import new_context

    status = 0
    for asked, found in zip(experiments, data, strict=True):
        context = new_context(
            asked.params,
            home,
            fresh=fresh,
            data=found,
            tags=asked.tags,
            take_up=asked.take_up,
        )
        status = max(status, run_one(asked, context, terminal, as_json=as_json))
    return status


def reach_mlflow(experiments: Sequence[Asked], home: Home) -> None:
    """See that MLflow answers, with an experiment for each.

    Raises:
        InputError: If it does not.
    """
    from components.tracking.connection import connected
    from components.tracking.opening import open_tracking

    with few_tries(), connected(home.tracking_uri):
        for asked in experiments:
            open_tracking(home, asked.params.name)


def say_changed(
    experiments: Sequence[Asked], data: "Sequence[Data | None]", terminal: Terminal
) -> None:
    """Say which data are not what they were when that was run which is run again."""
    for asked, read_already in zip(experiments, data, strict=True):
        then = asked.fingerprint
        if then and read_already and (now := read_already.ingested.fingerprint) != then:
            terminal.say(f"data changed, fingerprint: {then} -> {now}")


def read_all(experiments: Sequence[Experiment], home: Home, *, fresh: bool) -> "list[Data | None]":
    """What the trainings of each experiment read.

    Raises:
        InputError: If the data are not as they must be; of several experiments it is named.
    """
    data = []
    for params in experiments:
        try:
            data.append(read(params, home, fresh=fresh))
        except InputError as error:
            if len(experiments) == 1:
                raise
            raise InputError(f"{params.name}: {error}") from error
    return data


def read(params: Experiment, home: Home, *, fresh: bool) -> "Data | None":
    """What the trainings of `params` read; None if a download broke off.

    Its task in the flow tries again then, as often and as patiently as it is told to.

    Raises:
        InputError: If the data are not as they must be.
    """
    from components.compare.beforehand import require_comparable
    from flows import data

    try:
        ingested = data.ingest(params.ingest, home.store, fresh=fresh)
    except ConnectionError as error:
        logger.warning("%s; the flow will try again", error)
        return None
    prepared = data.prepare(ingested, params, home.store, fresh=fresh)
    require_comparable(params, ingested, prepared)
    return data.Data(ingested=ingested, prepared=prepared)


def said_of_grid(params: Experiment) -> list[str]:
    """How many trainings it will be, and which rows are at which point; nothing without a grid."""
    if not params.grid:
        return []
    from components.compare.across.points import grid_rows

    points: dict[str, list[str]] = {}
    for name, row in grid_rows(params).items():
        points.setdefault(described(row.named.changed), []).append(name)
    rows = [f"{', '.join(names)}: {point}" for point, names in points.items()]
    return [f"grid: {num_trainings(params)}", *rows]


def run_one(asked: Asked, context: "Context", terminal: Terminal, *, as_json: bool) -> int:
    """Run one experiment and say where its report is; returns its exit status."""
    from components.provenance import provenance
    from dashboards.against import against_last
    from dashboards.verdict import verdict
    from flows.endings import Regression, RunsMissing
    from flows.experiment import run

    params = asked.params
    seeds = ", ".join(map(str, params.seeds))
    terminal.say(f"{params.name}: {', '.join(params.architectures)}; seeds {seeds}")
    for line in said_of_grid(params):
        terminal.say(line)
    status, made = 0, context.id
    try:
        made = run(params, context, provenance(params, ["unroll", *asked.command])).id
    except (RunsMissing, Regression) as error:
        terminal.say(str(error), logging.ERROR)
        made, status = error.id, REGRESSED if isinstance(error, Regression) else 1
    folder = context.home.reports / made
    text = (folder / COMPARISON).read_text(encoding="utf-8")
    if as_json:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    comparison = Comparison.model_validate_json(text)
    terminal.say(verdict(comparison).headline)
    if last := against_last(comparison):
        terminal.say(last.sentences[0])
    terminal.say(f"report: {folder / PAGE}")
    return status
