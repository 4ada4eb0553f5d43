"""Several experiments, one after the other, in one process: what `unroll run` does."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from components.records import Comparison
from components.storage import Home
from components.train import worker
from flows.settings import few_tries, set_defaults
from flows.terminal import Terminal, showing
from params.errors import InputError
from params.schema import Experiment

if TYPE_CHECKING:
    from flows.context import Context
    from flows.data import Data


# A child of `components`, so that it goes where the stages' own messages go.
logger = logging.getLogger("components.flows")


@dataclass(frozen=True)
class Asked:
    """An experiment, and the arguments of `unroll` that ask for it alone.

    `tags` say in MLflow where it came from. `take_up` names the interrupted comparison that is to
    go on.
    """

    params: Experiment
    command: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)
    take_up: str | None = None


def run_all(
    experiments: Sequence[Asked], home: Home, *, as_json: bool = False, fresh: bool = False
) -> int:
    """Run every experiment; returns the exit status, 1 if a comparison lacks some of its runs.

    Raises:
        InputError: If the data of an experiment are not as they must be, or MLflow does not answer;
            none of them runs, unless a download broke off, which is told when the flow has tried
            again in vain.
    """
    set_defaults()
    worker.preload()
    status = 0
    with showing() as terminal:
        terminal.say("starting Prefect and torch, reading the data")
        from flows import server

        # Its start takes some ten seconds, in which all that needs no Prefect is done.
        prefect = server.find_or_start()
        data = read_all([asked.params for asked in experiments], home, fresh=fresh)
        from components.tracking.connection import connected
        from components.tracking.opening import open_tracking
        from flows.experiment import new_context

        with few_tries(), connected(home.tracking_uri):
            for asked in experiments:
                open_tracking(home, asked.params.name)
        with prefect.in_use():
            for asked, read_already in zip(experiments, data, strict=True):
                context = new_context(
                    asked.params,
                    home,
                    fresh=fresh,
                    data=read_already,
                    tags=asked.tags,
                    take_up=asked.take_up,
                )
                status = max(status, run_one(asked, context, terminal, as_json=as_json))
    return status


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
    from components.compare.comparison import require_comparable
    from flows import data

    try:
        ingested = data.ingest(params.ingest, home.store, fresh=fresh)
    except ConnectionError as error:
        logger.warning("%s; the flow will try again", error)
        return None
    prepared = data.preprocess(ingested, params.preprocess, home.store, fresh=fresh)
    require_comparable(params, ingested, prepared)
    return data.Data(ingested=ingested, prepared=prepared)


def run_one(asked: Asked, context: "Context", terminal: Terminal, *, as_json: bool) -> int:
    """Run one experiment and say where its report is; returns its exit status."""
    from components.provenance import provenance
    from dashboards.verdict import verdict
    from flows.experiment import RunsMissing, run

    params = asked.params
    seeds = ", ".join(map(str, params.seeds))
    terminal.say(f"{params.name}: {', '.join(params.architectures)}; seeds {seeds}")
    status = 0
    try:
        made = run(params, context, provenance(params, ["unroll", *asked.command])).id
    except RunsMissing as error:
        terminal.say(str(error), logging.ERROR)
        made, status = error.id, 1
    folder = context.home.reports / made
    text = (folder / "comparison.json").read_text(encoding="utf-8")
    if as_json:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    terminal.say(verdict(Comparison.model_validate_json(text)).headline)
    terminal.say(f"report: {folder / 'report.html'}")
    return status
