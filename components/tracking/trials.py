"""The runs of trials, each nested in that of its search.

They are of the kind `trial`: whatever reads the runs of comparisons passes them over.
"""

from collections.abc import Iterable, Sequence

from components.records import Claimed, Search, TrialOutcome
from components.tracking.notes import trial_note
from components.tracking.runs import (
    COMPLETE,
    NOTE,
    OUTPUTS,
    REASON,
    Parent,
    describe,
    finish,
    log_values,
    start,
)
from components.tracking.tuning import known, of, params_of, tags_of
from components.train.job import TrainingJob
from params.load import to_yaml
from params.schema import Experiment

TRIAL, OUTCOME = "unroll.trial", "unroll.outcome"


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


def name_outputs(parent: Parent, run_id: str, jobs: Sequence[TrainingJob]) -> None:
    """Say of a trial which outputs it is made from, before they are there: `clean` keeps them."""
    names = {f"preprocess/{job.prepared.key}": None for job in jobs}
    names |= {f"train/{job.key}": None for job in jobs}
    parent.tracking.client().set_tag(run_id, OUTPUTS, " ".join(names))


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
