"""The runs of a search: one for all of it, and one nested in it for each trial.

They have kinds of their own, `tuning` and `trial`, and no comparison: whatever reads comparisons
and their runs passes them over. A search that goes on does so in the run that it began in.
"""

from collections.abc import Iterable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from components.records import (
    Claimed,
    Ingested,
    Prepared,
    Provenance,
    Search,
    TrialOutcome,
    Tuning,
)
from components.tracking.notes import search_note, trial_note
from components.tracking.opening import Tracking
from components.tracking.owner import owner
from components.tracking.runs import (
    COMPLETE,
    NOTE,
    REASON,
    Parent,
    common_tags,
    describe,
    finish,
    log_values,
    start,
)
from components.tracking.search import latest_first
from params.flat import flat_sections, flatten
from params.load import to_yaml
from params.schema import Experiment

TUNING, TRIAL, OUTCOME, BEST = "unroll.tuning", "unroll.trial", "unroll.outcome", "unroll.best"


def start_search(
    tracking: Tracking,
    experiment: Experiment,
    provenance: Provenance,
    ingested: Ingested,
    prepared: Prepared,
    search: Search,
    created: str,
) -> Parent:
    """The run of a search: the one that it was begun in, RUNNING again, or else a new one."""
    client = tracking.client()
    parent = Parent(
        tracking=tracking,
        run_id="",
        id=search.id,
        created=created,
        title=f"{experiment.report.title} A search for better params.",
        params={},
        provenance=provenance,
        ingested=ingested,
        prepared=prepared,
    )
    begun = known(client, tracking, f"tags.`unroll.kind` = 'tuning' and {of(search)}")
    for run in begun:
        for told in {COMPLETE, REASON} & set(run.data.tags):
            client.delete_tag(run.info.run_id, told)
        for key, value in owner().items():
            client.set_tag(run.info.run_id, key, value)
        client.update_run(run.info.run_id, status="RUNNING")
        return parent.model_copy(update={"run_id": run.info.run_id})
    tags = {
        **tags_of(parent),
        "unroll.kind": "tuning",
        "unroll.task": search.task,
        "unroll.metric": search.metric,
        NOTE: search_note(parent, search),
    }
    parent = parent.model_copy(update={"run_id": start(tracking, f"tune-{search.id}", tags)})
    space = {key: one.model_dump(mode="json") for key, one in search.space.items()}
    describe(parent, parent.run_id, {**params_of(experiment), **flatten(space, "space.")})
    return parent


def start_trial(parent: Parent, experiment: Experiment, claimed: Claimed) -> str:
    """The id of a new run nested in the search, for one trial with the params of `experiment`."""
    provenance = parent.provenance.model_copy(
        update={"params": to_yaml(experiment), "params_digest": experiment.digest()}
    )
    own = parent.model_copy(update={"provenance": provenance})
    tags = {
        **tags_of(own),
        "unroll.kind": "trial",
        "unroll.task": experiment.task,
        "unroll.architecture": claimed.architecture,
        TRIAL: str(claimed.place),
        "mlflow.parentRunId": parent.run_id,
        NOTE: trial_note(parent, claimed),
    }
    run_id = start(parent.tracking, f"{claimed.architecture}-trial{claimed.place}", tags)
    describe(own, run_id, {**params_of(experiment), "architecture": claimed.architecture})
    return run_id


def finish_trial(
    parent: Parent, run_id: str, search: Search, outcome: TrialOutcome, seeds: dict[int, float]
) -> None:
    """Log how a trial ended, complete or pruned; one that is pruned is KILLED in MLflow's words.

    Args:
        parent: The search.
        run_id: The trial.
        search: What is searched.
        outcome: How it ended.
        seeds: The value of each seed, by which the mean was made.
    """
    client = parent.tracking.client()
    if outcome.value is not None:
        values = {"value": outcome.value, f"best/{search.metric}": outcome.value}
        more = {f"value/seed-{seed}": value for seed, value in seeds.items() if len(seeds) > 1}
        log_values(client, run_id, values | more if outcome.state == "complete" else more)
    if outcome.state == "complete":
        finish(client, run_id, "FINISHED", {OUTCOME: outcome.state})
        return
    client.set_tag(run_id, OUTCOME, outcome.state)
    client.set_tag(run_id, REASON, f"worse than the median after epoch {outcome.epochs}")
    client.set_terminated(run_id, "KILLED")


def disown_trials(parent: Parent, search: Search, taken_over: Iterable[tuple[str, int]]) -> None:
    """Say of trials whose process is gone that they are done again, by architecture and place."""
    client = parent.tracking.client()
    for architecture, place in taken_over:
        query = (
            f"{of(search)} and tags.`unroll.architecture` = '{architecture}' "
            f"and tags.`{TRIAL}` = '{place}'"
        )
        for run in known(client, parent.tracking, query):
            # Also one that had ended: its process did not come to say so to the study.
            client.set_tag(run.info.run_id, OUTCOME, "interrupted")
            client.set_tag(run.info.run_id, REASON, "its process ended; it is done again")
            if COMPLETE in run.data.tags:
                client.delete_tag(run.info.run_id, COMPLETE)
            client.set_terminated(run.info.run_id, "KILLED")


def finish_search(parent: Parent, tuning: Tuning, folder: Path, said: str) -> None:
    """Log what was found, mark the best trial of each architecture, and that the search ended.

    Args:
        parent: The search.
        tuning: What was found.
        folder: Its files.
        said: The same for people, Markdown.
    """
    client, search = parent.tracking.client(), tuning.search
    best = {one.best.run_id: one.best for one in tuning.tuned if one.best and one.best.run_id}
    marked = known(client, parent.tracking, f"{of(search)} and tags.`{BEST}` = 'true'")
    for run in marked:
        # An architecture that is not searched this time keeps its mark.
        if (
            run.info.run_id not in best
            and run.data.tags["unroll.architecture"] in search.architectures
        ):
            client.delete_tag(run.info.run_id, BEST)
    for run_id in best:
        client.set_tag(run_id, BEST, "true")
    values = {
        f"best/{one.architecture}/{search.metric}": one.best.value
        for one in tuning.tuned
        if one.best is not None and one.best.value is not None
    }
    log_values(client, parent.run_id, values)
    for path in sorted(folder.glob("*.*")):
        if path.is_file():
            client.log_artifact(parent.run_id, str(path))
    if REASON in client.get_run(parent.run_id).data.tags:  # another process at it was killed
        client.delete_tag(parent.run_id, REASON)
    finish(client, parent.run_id, "FINISHED", {NOTE: search_note(parent, search, said)})


def tags_of(parent: Parent) -> dict[str, str]:
    """What the runs of a search carry, as those of a comparison do."""
    tags = common_tags(parent.id, parent.provenance, parent.ingested)
    del tags["unroll.comparison"]  # it is none
    return {**tags, TUNING: parent.id}


def params_of(experiment: Experiment) -> dict[str, str]:
    """The params that a search may change, and those that say on which data, by dotted key."""
    sections = flat_sections(
        preprocess=experiment.preprocess, model=experiment.model, train=experiment.train
    )
    return {**sections, "seeds": ", ".join(map(str, experiment.seeds))}


def known(client: MlflowClient, tracking: Tracking, query: str) -> list[Run]:
    """The runs that fit `query`, the newest first."""
    return list(latest_first(client, [tracking.experiment_id], query))


def of(search: Search) -> str:
    """The query for what belongs to a search."""
    return f"tags.`{TUNING}` = '{search.id}'"
