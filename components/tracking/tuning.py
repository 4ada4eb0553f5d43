"""The run of a search, in which those of its trials are nested.

It is of the kind `tuning` and has no comparison: whatever reads comparisons passes it over. A
search that goes on does so in the run that it began in.
"""

from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from components.records import (
    Ingested,
    Prepared,
    Provenance,
    Search,
    Tuning,
)
from components.tracking.notes import search_note
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
    outputs,
    start,
)
from components.tracking.search import latest_first
from params.flat import flat_sections, flatten
from params.schema import Experiment

TUNING = "unroll.tuning"
BEST_TRIAL = "unroll.best_trial"  # `true` for the best one of each architecture


def start_search(
    tracking: Tracking,
    *,
    experiment: Experiment,
    provenance: Provenance,
    ingested: Ingested,
    prepared: Prepared,
    search: Search,
    created: str,
) -> Parent:
    """The run of a search: the one that it was begun in, RUNNING again, or else a new one.

    One that is RUNNING belongs to another process, which goes on, too: it stays that one's. Runs of
    processes that are gone are to be ended before.
    """
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
    client = tracking.client()
    begun = known(client, tracking, f"tags.`unroll.kind` = 'tuning' and {of(search)}")
    if not begun:
        return parent.model_copy(update={"run_id": new_search(parent, experiment, search)})
    run = begun[0]
    if run.info.status != "RUNNING":
        begin_again(client, run, {**owner(), **outputs(ingested.path, prepared.path)})
    return parent.model_copy(update={"run_id": run.info.run_id})


def new_search(parent: Parent, experiment: Experiment, search: Search) -> str:
    """The id of a new run for a search of `experiment`."""
    tags = {
        **tags_of(parent),
        **outputs(parent.ingested.path, parent.prepared.path),
        "unroll.kind": "tuning",
        "unroll.task": search.task,
        "unroll.metric": search.metric,
        NOTE: search_note(parent, search),
    }
    run_id = start(parent.tracking, f"tune-{search.id}", tags)
    space = {key: one.model_dump(mode="json") for key, one in search.space.items()}
    describe(parent, run_id, {**params_of(experiment), **flatten(space, "space.")})
    return run_id


def begin_again(client: MlflowClient, run: Run, tags: dict[str, str]) -> None:
    """Let a search that ended go on, with the tags of the process that takes it up."""
    for told in {COMPLETE, REASON} & set(run.data.tags):
        client.delete_tag(run.info.run_id, told)
    for key, value in tags.items():
        client.set_tag(run.info.run_id, key, value)
    client.update_run(run.info.run_id, status="RUNNING")


def finish_search(parent: Parent, tuning: Tuning, folder: Path, said: str) -> None:
    """Log what was found, and that the search ended, unless another process is at its trials.

    Args:
        parent: The search.
        tuning: What was found.
        folder: Its files.
        said: The same for people, Markdown.
    """
    client, search = parent.tracking.client(), tuning.search
    mark_best(parent, tuning)
    values = {
        f"best/{one.architecture}/{search.metric}": one.best.value
        for one in tuning.tuned
        if one.best is not None and one.best.value is not None
    }
    log_values(client, parent.run_id, values)
    for path in sorted(folder.glob("*.*")):
        if path.is_file():
            client.log_artifact(parent.run_id, str(path))
    if any(one.running for one in tuning.tuned):
        return  # whoever ends the last trial says so
    if REASON in client.get_run(parent.run_id).data.tags:  # another process at it was killed
        client.delete_tag(parent.run_id, REASON)
    finish(client, parent.run_id, "FINISHED", {NOTE: search_note(parent, search, said)})


def mark_best(parent: Parent, tuning: Tuning) -> None:
    """Mark the best trial of each architecture, and no other.

    An architecture that is not searched this time keeps its mark.
    """
    client, search = parent.tracking.client(), tuning.search
    best = {one.best.run_id for one in tuning.tuned if one.best and one.best.run_id}
    marked = known(client, parent.tracking, f"{of(search)} and tags.`{BEST_TRIAL}` = 'true'")
    for run in marked:
        searched = run.data.tags["unroll.architecture"] in search.architectures
        if searched and run.info.run_id not in best:
            client.delete_tag(run.info.run_id, BEST_TRIAL)
    for run_id in best:
        client.set_tag(run_id, BEST_TRIAL, "true")


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
