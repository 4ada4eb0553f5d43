"""A search from the command to its table: what `unroll tune` does."""

import logging
import sys
from datetime import UTC, datetime

from filelock import FileLock

from components.provenance import num_cores
from components.records import Ingested, Prepared, Search, Tuning
from components.storage import Home
from components.train import worker
from flows.checks import check_can_train
from flows.settings import few_tries, set_defaults
from flows.terminal import Terminal, showing
from flows.told import SAME
from flows.tuning.asked import Asked
from params.errors import InputError, plural
from params.schema import Experiment
from params.space import num_points

# A child of `components`, so that it goes where the stages' own messages go.
logger = logging.getLogger("components.flows")


def tune(asked: Asked, home: Home, *, as_json: bool) -> int:
    """Search, and say what was found; returns the exit status, 1 if no trial came to its end.

    Raises:
        InputError: If the data are not as they must be, or MLflow does not answer; nothing was
            tried then.
    """
    set_defaults()
    check_can_train([asked.experiment], home)
    worker.preload()
    with showing() as terminal:
        terminal.say("starting Prefect and torch, reading the data")
        from flows import server
        from flows.loss import end_without_server

        prefect = server.find_or_start()
        ingested, prepared = read(asked.experiment, home)
        search = search_of(asked, prepared)
        introduce(search, terminal)
        with prefect.in_use(lambda: end_without_server(home, [search.experiment], SAME)):
            found = run(asked, search, ingested, prepared, home)
        if as_json:
            sys.stdout.write(found.model_dump_json(indent=2) + "\n")
            sys.stdout.flush()
        return conclude(found, terminal)


def read(experiment: Experiment, home: Home) -> tuple[Ingested, Prepared]:
    """What trials read.

    Raises:
        InputError: If the data are not as they must be, or a download broke off.
    """
    from components.compare.beforehand import require_comparable
    from flows import data

    try:
        ingested = data.ingest(experiment.ingest, home.store, fresh=False)
    except ConnectionError as error:
        raise InputError(f"{error}; run the command again when the connection is back") from None
    prepared = data.preprocess(ingested, experiment.preprocess, home.store, fresh=False)
    require_comparable(experiment, ingested, prepared)
    return ingested, prepared


def search_of(asked: Asked, prepared: Prepared) -> Search:
    """The search, under the id by which it goes on."""
    from components.tune.search import search_for

    return search_for(
        asked.experiment,
        prepared=prepared,
        space=asked.space,
        metric=asked.metric,
        num_trials=asked.num_trials,
        seeds=asked.seeds,
        space_from=asked.space_from,
    )


def introduce(search: Search, terminal: Terminal) -> None:
    """Say what is searched, and by what."""
    names, trials = ", ".join(search.architectures), plural(search.num_trials, "trial")
    terminal.say(
        f"tune {search.experiment}: {trials} each of {names}, by {search.metric} "
        f"on validation data; search {search.id}"
    )
    number = num_points(search.space)
    few = f", {plural(number, 'point')}" if number and number <= search.num_trials else ""
    terminal.say(f"the space ({search.space_from}{few}):")
    for key, dimension in search.space.items():
        if dimension.choices is not None:
            said = f"one of {', '.join(map(str, dimension.choices))}"
        else:
            low, high = dimension.ends
            step = f", in steps of {dimension.step:g}" if dimension.step is not None else ""
            said = f"{low:g} to {high:g}{', by powers of ten' if dimension.log else step}"
        terminal.say(f"  {key}: {said}")


def run(asked: Asked, search: Search, ingested: Ingested, prepared: Prepared, home: Home) -> Tuning:
    """What the flow found.

    Raises:
        InputError: If MLflow does not answer.
    """
    from components.provenance import provenance
    from components.tracking import gone, tuning
    from components.tracking.connection import connected
    from components.tracking.opening import open_tracking
    from components.tune.owners import claim_path
    from flows.beginning import say_interrupted
    from flows.context import shared
    from flows.tuning import flow
    from flows.tuning.trials import Bench

    lock = claim_path(search, home)
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that begin one search at a time begin one run of it.
    with FileLock(lock), few_tries(), connected(home.tracking_uri):
        tracking = open_tracking(home, asked.experiment.name)
        say_interrupted(gone.end_gone_runs(tracking.client(), home))
        parent = tuning.start_search(
            tracking,
            experiment=asked.experiment,
            provenance=provenance(asked.experiment, list(asked.command)),
            ingested=ingested,
            prepared=prepared,
            search=search,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    total = search.num_trials * len(search.architectures)
    bench = Bench(
        root=home.root,
        shared=shared(home),
        experiment=asked.experiment.model_copy(update={"seeds": search.seeds}),
        parent=parent,
        workers=min(asked.workers or num_cores(), total),
    )
    return flow.run(asked.experiment, search, bench, asked.again)


def conclude(found: Tuning, terminal: Terminal) -> int:
    """Say what was found and what to do next; returns the exit status.

    An architecture whose trials go on in another process may still have a complete one.
    """
    from flows.tuning.outcome import OPTIMISTIC, all_tried, lines, next_steps

    for line in lines(found, terminal.room):
        terminal.say(line)
    for one in found.tuned:
        if one.running:
            terminal.say(f"{one.architecture}: {one.running} more go on in another process")
    for said in all_tried(found):
        terminal.say(said)
    if found.files:
        terminal.say(OPTIMISTIC)
        for step in next_steps(found):
            terminal.say(step)
    without = [one for one in found.tuned if one.best is None and not one.running]
    for one in without:
        reasons = sorted({trial.reason for trial in one.trials if trial.reason}) or ["none ended"]
        terminal.say(
            f"{one.architecture}: no trial is complete: {'; '.join(reasons)}", logging.ERROR
        )
    return 1 if without else 0
