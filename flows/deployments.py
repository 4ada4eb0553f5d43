"""The flows that a schedule, Prefect's UI or `prefect deployment run` starts.

There is one for each task, so that Prefect makes a form from the params of that task. What comes in
is checked here and not by Prefect, which would refuse a list where a tuple stands: by way of JSON,
as a params file is, so that a mistake is told in the same words.
"""

import logging
import os
import tempfile
from collections.abc import Sequence
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from components.storage import Home, find_home
from flows.checks import check
from flows.endings import Regression, RunsMissing, alarmed
from flows.reports.folder import PAGE
from flows.settings import set_defaults
from flows.terminal import showing
from params.errors import InputError
from params.load import with_overrides
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

# A child of `components`, so that it goes where the stages' own messages go.
logger = logging.getLogger("components.flows")

SENT = "the params of this flow run"  # stands where a params file would be named
DEPLOYMENT = "unroll.deployment"


@flow(validate_parameters=False)
def classification(
    params: ClassificationExperiment, fresh: bool = False, set: tuple[str, ...] = ()
) -> State[Any]:
    """Which recurrent network should read these texts?

    Args:
        params: What to run, as a params file says it.
        fresh: Do everything again; reuse no stored output.
        set: Changes of single params, such as train.max_epochs=5.
    """
    return state_of("classification", params, fresh=fresh, overrides=set)


@flow(validate_parameters=False)
def forecast(
    params: ForecastExperiment, fresh: bool = False, set: tuple[str, ...] = ()
) -> State[Any]:
    """Which recurrent network should continue this series?

    Args:
        params: What to run, as a params file says it.
        fresh: Do everything again; reuse no stored output.
        set: Changes of single params, such as train.max_epochs=5.
    """
    return state_of("forecast", params, fresh=fresh, overrides=set)


def state_of(
    task: str,
    params: Experiment | dict[str, Any],  # Any: what came over HTTP is checked first of all
    *,
    fresh: bool,
    overrides: Sequence[str],
) -> State[Any]:  # Any: the state has a message and no result
    """How the run ended: the headline of the comparison, or what was wrong, in one line."""
    own_group()
    set_defaults()
    with showing() as terminal:
        try:
            experiment = sent(params, task, overrides)
            check(experiment)
            terminal.say(f"{experiment.name}: started by {started_by(experiment)[-1]}")
            return Completed(message=run(experiment, lasting_home(), fresh=fresh))
        except (InputError, RunsMissing) as error:
            logger.error("%s", error)
            return Failed(message=str(error))
        except Regression as error:
            logger.error("%s", error)
            return alarmed(error)


def sent(
    params: Experiment | dict[str, Any],  # Any: as above
    task: str,
    overrides: Sequence[str],
) -> Experiment:
    """The experiment that the flow's parameters describe.

    Raises:
        InputError: If any value is not allowed.
    """
    values = params if isinstance(params, dict) else params.model_dump(mode="json")
    if values.get("task") != task:
        raise InputError(f"task must be {task} here, got {values.get('task')!r} ({SENT})")
    return with_overrides(values, overrides, SENT)


def run(params: Experiment, home: Home, *, fresh: bool) -> str:
    """Run the experiment as `unroll run` does; returns the headline of its comparison.

    Raises:
        InputError: If the data are not as they must be, or the output folder is not writable.
        RunsMissing: If the comparison was written without some of its runs.
    """
    home.require_writable()
    from components.provenance import provenance
    from dashboards.verdict import verdict
    from flows import experiment

    command = started_by(params)
    deployed = {DEPLOYMENT: command[-1]} if runtime.deployment.id else {}
    context = experiment.new_context(params, home, fresh=fresh, tags=deployed)
    made = experiment.run(params, context, provenance(params, command))
    headline = verdict(made).headline
    logger.info("%s", headline)
    logger.info("report: %s", home.reports / made.id / PAGE)
    return headline


def started_by(params: Experiment) -> list[str]:
    """The command that starts the same run again."""
    name = runtime.deployment.name
    if name is None:
        return ["unroll", "run", params.name]
    return ["prefect", "deployment", "run", f"{runtime.flow_run.flow_name}/{name}"]


def lasting_home() -> Home:
    """The folder for everything, which must not be one that a worker removes after the run.

    Raises:
        InputError: If it would be.
    """
    home = find_home()
    if not os.environ.get("UNROLL_HOME") and home.root.is_relative_to(tempfile.gettempdir()):
        raise InputError(
            f"this run's working directory {home.root.parent} is temporary, and so would be its "
            "results; start the worker with UNROLL_HOME set to a folder that lasts"
        )
    return home


def own_group() -> None:
    """Leave the process group of what started this run, if it is not a person.

    A Ctrl-C there goes to the whole group, but how its runs end is for the runner to say.
    """
    if runtime.deployment.id and os.getpgrp() != os.getpid():
        os.setpgrp()
