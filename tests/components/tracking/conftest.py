"""Comparisons in an MLflow database of the test's own, as the flow leaves them there."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from components.records import (
    Answering,
    ComparisonEvidence,
    Epoch,
    Ingested,
    Missing,
    Prepared,
    Provenance,
    RunEvidence,
    RunJob,
    Scored,
    SequenceSpec,
    SplitFacts,
    Trained,
)
from components.storage import Home
from components.tracking.opening import Tracking, open_tracking
from params.load import load, to_yaml
from params.names import Architecture
from params.schema import Experiment

Runs = Mapping[tuple[Architecture, int], str]
BEGUN = 1_000  # milliseconds


@pytest.fixture
def tracking(home: Home) -> Tracking:
    return open_tracking(home, "temperature")


@pytest.fixture
def leave(tracking: Tracking, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Leaves a comparison; gives the MLflow ids by run name, the comparison's own by its id.

    `runs` have the status of each run; only one that is FINISHED left its evidence. What a
    comparison leaves at its end is left if `ended`.
    """
    client = tracking.client()

    def call(
        id: str,
        runs: Runs,
        *,
        start: int = BEGUN,
        ended: bool = True,
        status: str = "FINISHED",
        baselines: Sequence[str] = ("last_value",),
        missing: tuple[Missing, ...] = (),
        seeds: Sequence[int] = (1,),
        architectures: Sequence[str] = ("lstm",),
    ) -> dict[str, str]:
        experiment = load(
            "temperature",
            [
                *(f"architectures={list(architectures)}", f"seeds={list(seeds)}"),
                "evaluate.baselines=[last_value,climatology]",
            ],
        )
        tags = {"unroll.comparison": id}
        own = client.create_run(
            tracking.experiment_id, start, {**tags, "unroll.kind": "comparison"}, id
        ).info.run_id
        client.log_text(own, to_yaml(experiment), "params.yaml")
        client.log_text(own, begun(id, experiment).model_dump_json(), "comparison/evidence.json")
        client.log_text(own, "{}", "comparison/prepared/prepared.json")
        if ended:
            said = ", ".join(one.model_dump_json() for one in missing)
            client.log_text(own, f"[{said}]", "comparison/missing.json")
            client.log_text(own, f"[{SPEED.model_dump_json()}]", "comparison/answering.json")
            for name in baselines:
                under = f"comparison/baselines/{name}"
                client.log_text(own, scored(name, None).model_dump_json(), f"{under}/scored.json")
                client.log_text(own, "table", f"{under}/predictions.parquet")
        ids = {id: own}
        for (architecture, seed), how in runs.items():
            name = f"{architecture}-seed{seed}"
            named = {"unroll.architecture": architecture, "unroll.seed": str(seed)}
            run = client.create_run(
                tracking.experiment_id, start + 1, {**tags, **named, "unroll.kind": "run"}, name
            ).info.run_id
            ids[name] = run
            if how == "FINISHED":
                client.log_text(run, finished(experiment, architecture, seed), "run.json")
                client.log_text(run, "table", "predictions.parquet")
                client.log_text(run, "weights", "weights.safetensors")
                client.set_tag(run, "unroll.complete", "true")
            elif how != "RUNNING":
                client.set_tag(run, "unroll.reason", f"{name} broke")
            if how != "RUNNING":
                client.set_terminated(run, how)
        if status != "RUNNING":
            client.set_terminated(own, status)
        return ids

    return call


SPEED = Answering(
    name="lstm", size_bytes=5, latency_median_seconds=1, latency_p99_seconds=2, throughput=3
)


def begun(id: str, experiment: Experiment) -> ComparisonEvidence:
    """What is known at the start, with folders of another machine."""
    gone = Path("/nowhere")
    spec = SequenceSpec(num_embeddings=None, input_size=1, output_size=1)
    facts = SplitFacts(num_examples=9, missing=0, repeats=0)
    return ComparisonEvidence(
        id=id,
        ingested=Ingested(
            path=gone, source="", fingerprint="data", splits={"series": facts}, repeats_across=0
        ),
        prepared=Prepared(path=gone, key="", fingerprint="data", train=1, val=1, test=1, spec=spec),
        provenance=Provenance(
            params=to_yaml(experiment),
            params_digest=experiment.digest(),
            command=f"unroll run {id}",
            code_revision="",
            versions={},
            machine="",
        ),
        created="2026-01-01T00:00:00+00:00",
    )


def scored(name: str, seed: int | None) -> Scored:
    return Scored(
        path=Path("/nowhere"),
        fingerprint="data",
        kind="baseline" if seed is None else "network",
        name=name,
        seed=seed,
        truth_digest="truth",
        num_parameters=None,
        train_seconds=1,
        metrics={"test/mae": float(seed or 0)},
    )


def finished(experiment: Experiment, architecture: Architecture, seed: int) -> str:
    """What a finished run leaves, as JSON."""
    job = RunJob(
        task="forecast",
        architecture=architecture,
        seed=seed,
        model=experiment.model,
        train=experiment.train,
        key=f"{architecture}-{seed}",
    )
    trained = Trained(
        path=Path("/nowhere"),
        architecture=architecture,
        seed=seed,
        num_parameters=7,
        train_seconds=1,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1, metrics={"val/loss": 1}),),
    )
    found = RunEvidence(job=job, trained=trained, scored=scored(architecture, seed))
    return found.model_dump_json()
