"""Several experiments, one after the other, in one process: what `unroll run` does."""

import logging
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.records import Comparison
from components.storage import Home
from components.train import worker
from flows.settings import set_defaults
from flows.terminal import Terminal, showing
from params.schema import Experiment


@dataclass(frozen=True)
class Asked:
    """An experiment, and the arguments of `unroll` that ask for it alone."""

    params: Experiment
    command: Sequence[str]


def run_all(
    experiments: Sequence[Asked], home: Home, *, as_json: bool = False, fresh: bool = False
) -> int:
    """Run every experiment; returns the exit status, 1 if a comparison lacks some of its runs.

    Raises:
        InputError: If the data of an experiment are not as they must be; later ones do not run.
    """
    set_defaults()
    worker.preload()
    status = 0
    with showing() as terminal:
        terminal.say("starting Prefect, torch and MLflow")
        connect()
        for asked in experiments:
            status = max(status, run_one(asked, home, terminal, as_json=as_json, fresh=fresh))
    return status


def connect() -> None:
    """Reach the configured Prefect server, or start a temporary one, while the rest is imported.

    Each takes seconds and leaves a core idle: a temporary server is a process of its own.
    """
    from prefect.client.orchestration import get_client

    with ThreadPoolExecutor(1) as pool, processes_out_of_reach():
        reached = pool.submit(get_client, sync_client=True)
        import flows.experiment  # noqa: F401 - MLflow, pandas and plotly, for `run_one`

        reached.result()


class OutOfReach(subprocess.Popen[Any]):
    """A process in a group of its own, which a Ctrl-C in the terminal does not reach."""

    def __init__(self, *arguments: Any, **options: Any):
        """The same as `Popen` but for the group."""
        super().__init__(*arguments, process_group=0, **options)


@contextmanager
def processes_out_of_reach() -> Iterator[None]:
    """Start what is started meanwhile in process groups of its own.

    Prefect's temporary server would otherwise end with the first Ctrl-C, and the flow would wait
    for minutes to tell it that it was cancelled. Prefect has no setting for this.
    """
    usual = subprocess.Popen
    subprocess.Popen = OutOfReach  # type: ignore[misc]  # a class, replaced for a while
    try:
        yield
    finally:
        subprocess.Popen = usual  # type: ignore[misc]  # and put back


def run_one(asked: Asked, home: Home, terminal: Terminal, *, as_json: bool, fresh: bool) -> int:
    """Run one experiment and say where its report is; returns its exit status."""
    from components.provenance import provenance
    from dashboards.verdict import verdict
    from flows.experiment import RunsMissing, new_context, run

    params = asked.params
    context = new_context(params, home, fresh=fresh)
    seeds = ", ".join(map(str, params.seeds))
    terminal.say(f"{params.name}: {', '.join(params.architectures)}; seeds {seeds}")
    status = 0
    try:
        run(params, context, provenance(params, ["unroll", *asked.command]))
    except RunsMissing as error:
        terminal.say(str(error), logging.ERROR)
        status = 1
    folder = home.reports / context.id
    text = (folder / "comparison.json").read_text(encoding="utf-8")
    if as_json:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    terminal.say(verdict(Comparison.model_validate_json(text)).headline)
    terminal.say(f"report: {folder / 'report.html'}")
    return status
