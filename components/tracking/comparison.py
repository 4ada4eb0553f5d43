"""The run of a comparison: it begins with the data, and ends with all that a page is made from."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from components.evaluate.predictions import PREDICTIONS
from components.records import (
    Answering,
    ChampionEvidence,
    ComparisonEvidence,
    Evidence,
    Missing,
)
from components.tracking.notes import REPORT, comparison_note
from components.tracking.opening import Tracking
from components.tracking.runs import (
    MISSING,
    NOTE,
    Parent,
    common_tags,
    describe,
    finish,
    log_files,
    log_once,
    log_values,
    outputs,
    start,
)
from params.flat import flatten
from params.load import to_yaml
from params.schema import Experiment

FOLDER = "comparison"  # of the artifacts from which `comparison.json` can be made again
EVIDENCE = "evidence.json"
SCORED = "scored.json"
CHAMPION = "champion"  # what the last one says of the test split; with .json, who it is
REGRESSION = "unroll.regression"
BEST = "unroll.best"  # the tag that says which network
OF_ALL_RUNS = ("ingest.", "preprocess.")  # params that nested runs do not say otherwise


def start_comparison(
    tracking: Tracking,
    *,
    experiment: Experiment,
    begun: ComparisonEvidence,
    tags: Mapping[str, str],
) -> Parent:
    """A new run for a comparison, which carries the params, the data and how it was made.

    Args:
        tracking: That of its experiment.
        experiment: Its params.
        begun: What it has at its beginning, which it leaves whatever comes of it.
        tags: Where it came from.
    """
    ingested, prepared = begun.ingested, begun.prepared
    tags = {**tags, "unroll.kind": "comparison", "unroll.task": experiment.task}
    tags |= common_tags(begun.id, begun.provenance, ingested)
    tags |= outputs(ingested.path, prepared.path)
    parent = Parent(
        tracking=tracking,
        run_id=start(tracking, begun.id, tags),
        id=begun.id,
        created=begun.created,
        title=experiment.report.title,
        params=shared_params(experiment),
        provenance=begun.provenance,
        ingested=ingested,
        prepared=prepared,
    )
    describe(parent, parent.run_id, params_of(experiment))
    client = tracking.client()
    client.set_tag(parent.run_id, NOTE, comparison_note(parent))
    client.log_text(parent.run_id, begun.model_dump_json(indent=2), f"{FOLDER}/{EVIDENCE}")
    log_files(client, parent.run_id, prepared.path, "*.json", f"{FOLDER}/prepared")
    for one in {one.key: one for one in prepared.points}.values():
        log_files(client, parent.run_id, one.path, "*.json", f"{FOLDER}/prepared/{one.key}")
    return parent


def at_point(parent: Parent, experiment: Experiment) -> Parent:
    """What the runs at one point of the comparison's grid carry: the params are those of the point.

    Args:
        parent: The comparison.
        experiment: What is asked at the point.
    """
    its_own = {"params": to_yaml(experiment), "params_digest": experiment.digest()}
    provenance = parent.provenance.model_copy(update=its_own)
    return parent.model_copy(update={"params": shared_params(experiment), "provenance": provenance})


def params_of(experiment: Experiment) -> dict[str, str]:
    """What was asked, by dotted key, but for texts and for what a grid gives other values.

    They would be cut at MLflow's 6,000 characters; the logged params file has them whole.
    """
    lists = {"architectures": True, "seeds": True}
    texts = {"ingest": {"inline"}, "evaluate": {"texts"}}
    said = flatten(experiment.model_dump(mode="json", exclude={**lists, **texts}))
    return {
        **{key: text for key, text in said.items() if key not in experiment.grid},
        "architectures": ", ".join(experiment.architectures),
        "seeds": ", ".join(map(str, experiment.seeds)),
    }


def shared_params(experiment: Experiment) -> dict[str, str]:
    """What nested runs do not say otherwise."""
    asked = params_of(experiment)
    return {key: value for key, value in asked.items() if key.startswith(OF_ALL_RUNS)}


def log_evidence(parent: Parent, evidence: Evidence) -> None:
    """Log what no nested run carries: baselines, the last champion, speeds, and what is missing.

    With it `comparison.json` can be made again from MLflow alone, also if making it now fails. The
    scores of a baseline come after its predictions, and what is missing after everything else:
    whoever reads meanwhile, or after an end in between, takes no part for the whole.
    """
    client = parent.tracking.client()

    def log(text: bytes, name: str) -> None:
        client.log_text(parent.run_id, text.decode(), f"{FOLDER}/{name}")

    for scored in evidence.scored:
        if scored.kind == "baseline":
            under = f"baselines/{scored.name}"
            log_files(client, parent.run_id, scored.path, "*.parquet", f"{FOLDER}/{under}")
            log(scored.model_dump_json(indent=2).encode(), f"{under}/{SCORED}")
    speeds = {one.name: one.model_dump(exclude={"name"}) for one in evidence.answering}
    for scored in evidence.scored:  # so that runs can be compared by them, beside their scores
        if scored.run_id is not None and scored.name in speeds:
            log_once(client, scored.run_id, speeds[scored.name])
    baselines = [scored.path for scored in evidence.scored if scored.kind == "baseline"]
    made_from = outputs(evidence.ingested.path, evidence.prepared.path, *baselines)
    for key, value in made_from.items():
        client.set_tag(parent.run_id, key, value)
    log_champion(parent, evidence.champion)
    answering = TypeAdapter(tuple[Answering, ...]).dump_json(evidence.answering, indent=2)
    log(answering, "answering.json")
    missing = TypeAdapter(tuple[Missing, ...]).dump_json(evidence.missing, indent=2)
    log(missing, "missing.json")


def log_champion(parent: Parent, last: ChampionEvidence | None) -> None:
    """Log the last champion and what it says of the test split, or that there is none any more.

    There was one, it may be, when a comparison that is taken up again ended for the first time.
    """
    client = parent.tracking.client()
    path = f"{FOLDER}/{CHAMPION}.json"
    if last is not None:
        log_files(client, parent.run_id, last.said.path, PREDICTIONS, f"{FOLDER}/{CHAMPION}")
        client.log_text(parent.run_id, last.model_dump_json(indent=2), path)
    elif parent.taken_up:
        client.log_text(parent.run_id, "null", path)


def finish_comparison(
    parent: Parent,
    report: Path,
    best: Mapping[str, float],
    said: str,
    *,
    missing: int,
    regression: str | None = None,
    label: str | None = None,
) -> None:
    """Log the best network's metrics and the report, then that the comparison is complete.

    Args:
        parent: The comparison.
        report: The folder with its page and its numbers.
        best: Metrics of the best network.
        said: What its description says of the result, Markdown.
        missing: How many of its runs did not finish.
        regression: How much worse the best network is than the last champion, if the alert fired.
        label: What people call the best network, if there is one.
    """
    client = parent.tracking.client()
    log_values(client, parent.run_id, {f"best/{key}": value for key, value in best.items()})
    client.log_artifacts(parent.run_id, str(report), REPORT)
    status = "FAILED" if missing else "FINISHED"
    tags = {MISSING: str(missing), NOTE: comparison_note(parent, said)}
    if regression is not None:
        tags[REGRESSION] = regression
    if label is not None:
        tags[BEST] = label
    finish(client, parent.run_id, status, tags)
