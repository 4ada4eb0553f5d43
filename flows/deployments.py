"""The flows that a schedule, Prefect's UI or `prefect deployment run` starts.

There is one for each task, so that Prefect makes a form from the params of that task. What comes in
is checked here and not by Prefect, which would refuse a list where a tuple stands: by way of JSON,
as a params file is, so that a mistake is told in the same words.
"""

import json
import logging
import os
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from prefect import flow, runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from components.storage import Home, find_home
from flows.checks import check, check_can_train
from flows.endings import Regression, RunsMissing, alarmed
from flows.reports.folder import PAGE, may_have
from flows.settings import set_defaults
from flows.terminal import showing
from flows.told import Lost
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
    with showing(clock=True) as terminal:
        try:
            experiment = sent(params, task, overrides)
            check(experiment)
            deployment = deployment_name()
            terminal.say(f"{experiment.name}: started by {deployment or 'a call of the flow'}")
            given = {"params": raw(params), "fresh": fresh, "set": list(overrides)}
            command = command_of(deployment, experiment.name, given)
            return Completed(message=run(experiment, command, lasting_home(), fresh=fresh))
        except (InputError, RunsMissing, Lost) as error:
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
    values = raw(params)
    if values.get("task") != task:
        raise InputError(f"task must be {task} here, got {values.get('task')!r} ({SENT})")
    return with_overrides(values, overrides, SENT)


def raw(params: Experiment | dict[str, Any]) -> dict[str, Any]:  # Any: as above
    """Params as they come over HTTP, for oneself: overrides are written into them."""
    return deepcopy(params) if isinstance(params, dict) else params.model_dump(mode="json")


def run(params: Experiment, command: Sequence[str], home: Home, *, fresh: bool) -> str:
    """Run the experiment as `unroll run` does; returns the headline of its comparison.

    Args:
        params: What to run.
        command: What starts the same again, to be kept beside what is found.
        home: The folder for everything.
        fresh: Whether no stored output is reused.

    Raises:
        InputError: If the data are not as they must be, the output folder is not writable, a
            cluster does not answer, or this machine has no such devices.
        RunsMissing: If the comparison was written without some of its runs.
    """
    home.require_writable()
    if fresh or not may_have(home.reports, params):
        check_can_train([params], home)
    from components.provenance import provenance
    from dashboards.verdict import verdict
    from flows import experiment

    deployment = deployment_name()
    tags = {} if deployment is None else {DEPLOYMENT: deployment}
    context = experiment.new_context(params, home, fresh=fresh, tags=tags)
    made = experiment.run(params, context, provenance(params, list(command)))
    headline = verdict(made).headline
    logger.info("%s", headline)
    logger.info("report: %s", home.reports / made.id / PAGE)
    return headline


def deployment_name() -> str | None:
    """What people call the deployment that this run is of, such as forecast/temperature."""
    if not runtime.deployment.id:
        return None
    return f"{runtime.flow_run.flow_name}/{runtime.deployment.name}"


def command_of(
    deployment: str | None,
    experiment: str,
    given: dict[str, Any],  # Any: as above
) -> list[str]:
    """The command that starts the same run again.

    Args:
        deployment: The name of the deployment, if the run is of one.
        experiment: The name of the experiment.
        given: The flow's parameters, of which those are named that are not the deployment's own.
    """
    if deployment is None:
        changes = [word for change in given["set"] for word in ("--set", change)]
        return ["unroll", "run", experiment, *changes, *(["--fresh"] if given["fresh"] else [])]
    with get_client(sync_client=True) as client:
        stored = client.read_deployment(runtime.deployment.id).parameters
    own = {"fresh": False, "set": []} | stored
    changed = [
        f"{key}={json.dumps(value)}" for key, value in given.items() if value != own.get(key)
    ]
    named = [word for one in changed for word in ("--param", one)]
    return ["prefect", "deployment", "run", deployment, *named]


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
