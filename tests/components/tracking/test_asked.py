"""What an id names, and what MLflow holds of it: every test has a database of its own."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from components.records import (
    Answering,
    Champion,
    ChampionEvidence,
    ComparisonEvidence,
    Epoch,
    Ingested,
    Missing,
    Prepared,
    Provenance,
    Recalled,
    RunEvidence,
    RunJob,
    Said,
    Scored,
    SequenceSpec,
    SplitFacts,
    Trained,
)
from components.storage import Home
from components.tracking.asked import recall_asked, recall_comparison
from components.tracking.opening import Tracking, open_tracking
from params.errors import InputError
from params.load import load, to_yaml
from params.names import Architecture
from params.schema import Experiment

Leave = Callable[..., dict[str, str]]
ONE = {("lstm", 1): "FINISHED"}
OLD, NEW = "temperature-20260101-120000-ab12", "temperature-20260102-120000-cd34"
BASELINE_FILES = ("scored.json", "predictions.parquet")
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
        peak_memory_bytes=1000,
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
        peak_memory_bytes=1000,
        best_epoch=1,
        epochs=(Epoch(epoch=1, seconds=1, metrics={"val/loss": 1}),),
    )
    found = RunEvidence(job=job, trained=trained, scored=scored(architecture, seed))
    return found.model_dump_json()


def recalled(home: Home, id: str) -> Recalled:
    return recall_comparison(home.tracking_uri, id, home.root / "scratch")


def asked(home: Home, *ids: str) -> list[tuple[str, Recalled]]:
    return recall_asked(home.tracking_uri, ids, home.root / "scratch")


def test_a_comparison_comes_back_with_the_folders_that_are_there(home: Home, leave: Leave) -> None:
    lost = Missing(name="lstm", seed=2, status="FAILED", reason="it broke\nin two lines")
    ids = leave(OLD, {("lstm", 1): "FINISHED", ("lstm", 2): "FAILED"}, missing=(lost,))
    found = recalled(home, OLD)
    assert (found.run_id, found.evidence.id) == (ids[OLD], OLD)
    assert found.experiment.architectures == ("lstm",)
    assert (found.evidence.prepared.path / "prepared.json").read_text() == "{}"
    (run,) = found.runs
    assert (run.job.architecture, run.job.seed, run.scored.run_id) == ("lstm", 1, ids["lstm-seed1"])
    (baseline,) = found.baselines
    for scored in (run.scored, baseline):
        assert (scored.path / "predictions.parquet").read_text() == "table"
        assert scored.path.is_relative_to(home.artifacts)  # nothing was copied
    assert [one.size_bytes for one in found.answering] == [5]
    assert found.missing == (lost,)  # to the letter, as it was told then
    assert not (home.root / "scratch").exists()


@pytest.mark.parametrize(
    "id", [OLD, OLD[:-1], "temperature-20260101", "its run", "its run's beginning"]
)
def test_a_comparison_is_named_by_either_id_or_its_beginning(
    home: Home, leave: Leave, id: str
) -> None:
    ids = leave(OLD, ONE)
    leave(NEW, ONE, start=2_000)
    own = {"its run": ids[OLD], "its run's beginning": ids[OLD][:20]}
    assert recalled(home, own.get(id, id)).evidence.id == OLD


def test_an_id_that_is_whole_is_no_beginning_of_others(home: Home, leave: Leave) -> None:
    leave("a-1", ONE)
    leave("a-12", ONE, start=2_000)
    assert recalled(home, "a-1").evidence.id == "a-1"


def test_an_underscore_stands_for_itself(home: Home, leave: Leave) -> None:
    leave("imdb_a-1", ONE)
    leave("imdb-a-1", ONE, start=2_000)
    assert recalled(home, "imdb_a").evidence.id == "imdb_a-1"


@pytest.mark.parametrize("latest", [OLD, NEW])
def test_the_latest_is_the_one_that_started_last(home: Home, leave: Leave, latest: str) -> None:
    leave(OLD, ONE, start=3_000 if latest == OLD else 1_000)
    other = MlflowClient(home.tracking_uri)
    leave(NEW, ONE, start=2_000)
    assert recalled(home, "latest").evidence.id == latest
    assert other.search_experiments()


def test_every_experiment_is_searched(home: Home, leave: Leave, tracking: Tracking) -> None:
    leave(OLD, ONE)
    away = open_tracking(home, "another")
    client = away.client()
    tags = {"unroll.comparison": "another-1", "unroll.kind": "comparison"}
    client.create_run(away.experiment_id, 9_000, tags, "another-1")
    with pytest.raises(InputError, match=r"^the files of run [0-9a-f]{32} are not at "):
        recalled(home, "latest")
    assert recalled(home, "temp").evidence.id == OLD


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("temperature-20260101-120000-ab13", "did you mean " + OLD + " or " + NEW + "?"),
        ("x", f"begins with 'x'; the newest comparisons are {NEW}, {OLD}"),
        ("", "begins with ''; the newest comparisons are"),
        ("%", "begins with '%'; the newest"),
        ("' or 1 = 1", 'no run or comparison has an id that is or begins with "\' or 1 = 1"; the'),
        ("../..", "begins with '../..'; the newest"),
        ("é" * 300, "the newest comparisons are"),
        ("temperature-2026", f"temperature-2026 is the beginning of several: {NEW}, {OLD}; give"),
        (
            "run",
            "run* is no comparison but a run, lstm-seed1; give the id of its comparison, " + NEW,
        ),
    ],
)
def test_an_id_that_names_no_comparison_is_told(
    home: Home, leave: Leave, id: str, said: str
) -> None:
    leave(OLD, ONE)
    ids = leave(NEW, ONE, start=2_000)
    run = ids["lstm-seed1"]
    with pytest.raises(InputError) as caught:
        recalled(home, run if id == "run" else id)
    assert said.replace("run* ", f"{run} ") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_runs_that_begin_alike_are_named(home: Home, leave: Leave) -> None:
    ids = leave(OLD, {("lstm", seed): "FINISHED" for seed in range(17)})  # two begin alike
    starts = sorted(run_id[0] for name, run_id in ids.items() if name != OLD)
    common = next(one for one, two in pairwise(starts) if one == two)
    with pytest.raises(InputError) as caught:
        asked(home, common)
    said = str(caught.value)
    assert said.startswith(f"{common} is the beginning of several: {common}")
    assert f"of {OLD})" in said


@pytest.mark.parametrize("id", ["latest", "imdb-1"])
def test_an_empty_database_has_none(home: Home, id: str) -> None:
    with pytest.raises(InputError, match=r"there is no comparison yet; run an experiment first$"):
        recalled(home, id)


@pytest.mark.parametrize("status", ["RUNNING", "KILLED"])
def test_an_interrupted_comparison_says_what_is_missing(
    home: Home, leave: Leave, status: str
) -> None:
    leave(
        OLD,
        {("lstm", 1): "FINISHED", ("lstm", 2): "FAILED", ("gru", 1): "RUNNING"},
        ended=False,
        status=status,
        seeds=(1, 2),
        architectures=("lstm", "gru"),
    )
    found = recalled(home, OLD)
    assert [(run.job.architecture, run.job.seed) for run in found.runs] == [("lstm", 1)]
    assert (found.baselines, found.answering) == ((), ())
    before = {"RUNNING": "not begun", "KILLED": "the comparison ended before it began"}[status]
    kept = "baselines are kept at the end of a comparison, which this one has not reached"
    assert [(one.name, one.seed, one.status, one.reason) for one in found.missing] == [
        ("climatology", None, status, kept),
        (
            *("gru", 1, "RUNNING"),
            "not finished: it is running, or its process ended without a word",
        ),
        ("gru", 2, status, before),
        ("last_value", None, status, kept),
        ("lstm", 2, "FAILED", "lstm-seed2 broke"),
    ]


def test_runs_and_comparisons_are_asked_for_together(home: Home, leave: Leave) -> None:
    pair = {("lstm", 1): "FINISHED", ("gru", 1): "FINISHED", ("gru", 2): "KILLED"}
    lost = tuple(
        Missing(name=name, seed=seed, status="KILLED", reason="r")
        for name, seed in (("gru", 2), ("rnn", 1), ("climatology", None))
    )
    ids = leave(OLD, pair, missing=lost)
    leave(NEW, ONE, start=2_000)
    chosen = [ids["gru-seed1"][:20], ids["gru-seed2"]]
    found = asked(home, *chosen, NEW)
    assert [called for called, _ in found] == [
        f"{ids['gru-seed1']} (gru-seed1 of {OLD}), {ids['gru-seed2']} (gru-seed2 of {OLD})",
        NEW,
    ]
    some, whole = (recalled for _, recalled in found)
    assert [run.job.architecture for run in some.runs] == ["gru"]
    assert [(one.name, one.seed) for one in some.missing] == [("gru", 2), ("climatology", None)]
    assert len(whole.runs) == 1
    # Asked for whole it comes whole, whatever is asked for besides.
    for order in ([chosen[0], OLD], [OLD, chosen[0]]):
        ((called, both),) = asked(home, *order)
        assert (called, len(both.runs)) == (OLD, 2)


def test_what_is_named_twice_is_refused(home: Home, leave: Leave) -> None:
    run = leave(OLD, ONE)["lstm-seed1"]
    once = "give each comparison and run once"
    for ids, said in {
        ("latest", "latest"): f"latest is given twice: {OLD}; {once}",
        (OLD, "latest"): f"{OLD} and latest are the same: {OLD}; {once}",
        (
            run[:9],
            OLD,
            run,
        ): f"{run[:9]} and {run} are the same: {run} (lstm-seed1 of {OLD}); {once}",
    }.items():
        with pytest.raises(InputError) as caught:
            asked(home, *ids)
        assert str(caught.value) == said


def test_a_deleted_comparison_leaves_runs_that_nobody_can_compare(
    home: Home, leave: Leave, tracking: Tracking
) -> None:
    ids = leave(OLD, ONE)
    tracking.client().delete_run(ids[OLD])
    with pytest.raises(InputError, match=r"\(lstm-seed1 of .*\) has no comparison any more; it "):
        asked(home, ids["lstm-seed1"])


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "comparison/evidence.json",
            None,
            "cannot be compared again by this version: its evidence",
        ),
        ("comparison/evidence.json", "{", "its evidence.json is not as it should be; run the exp"),
        ("comparison/missing.json", "[{}]", "its missing.json is not as it should be"),
        ("params.yaml", "name: [", "the params of " + OLD + " cannot be used by this version: "),
        ("params.yaml", None, "cannot be used by this version: no params file at"),
        ("run.json", None, "lstm-seed1 (*) cannot be compared again by this version: its run.json"),
        ("run.json", '{"job": 1}', "its run.json is not as it should be; run the experiment again"),
    ],
)
def test_evidence_that_is_not_there_is_told(
    home: Home, leave: Leave, file: str, content: str | None, said: str
) -> None:
    ids = leave(OLD, ONE)
    run = ids["lstm-seed1" if file == "run.json" else OLD]
    path = next(home.artifacts.glob(f"{run}/artifacts/{file}"))
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as caught:
        recalled(home, OLD)
    assert said.replace("*", run) in str(caught.value)


def test_files_on_a_server_are_copied_but_for_weights(
    home: Home, leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.tracking import files

    leave(OLD, ONE)
    monkeypatch.setattr(files, "is_local", lambda run: False)
    found = recalled(home, OLD)
    scratch = home.root / "scratch"
    copies = {path.relative_to(scratch).as_posix() for path in scratch.rglob("*") if path.is_file()}
    run = str(found.runs[0].scored.run_id)
    assert copies == {
        *(f"{run}/run.json", f"{run}/predictions.parquet", f"{OLD}/params.yaml"),
        *(f"{OLD}/comparison/{name}.json" for name in ("evidence", "missing", "answering")),
        f"{OLD}/comparison/prepared/prepared.json",
        *(f"{OLD}/comparison/baselines/last_value/{name}" for name in BASELINE_FILES),
    }
    assert found.runs[0].scored.path == scratch / run


def test_a_server_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    calls: list[Any] = [recall_comparison, lambda uri, one, at: recall_asked(uri, [one], at)]
    for call in calls:
        with pytest.raises(
            InputError,
            match=r"^MLflow at http://127.0.0.1.* did not answer: Connection refused; start it",
        ):
            call("http://127.0.0.1:1", "imdb-1", tmp_path)


def test_the_champion_that_a_comparison_was_set_against_is_found_again(
    leave: Leave, tracking: Tracking, tmp_path: Path
) -> None:
    ids = leave(OLD, ONE)
    assert recall_comparison(tracking.uri, OLD, tmp_path).champion is None
    last = ChampionEvidence(
        champion=Champion(
            version="2",
            registered="2026-01-01T00:00:00+00:00",
            comparison="before",
            run_id="r",
            architecture="gru",
            seed=1,
            training="k",
            source="",
            fingerprint="old",
        ),
        said=Said(path=Path("/nowhere"), truth_digest="truth", metrics={"test/mae": 1.5}),
    )
    client = tracking.client()
    client.log_text(ids[OLD], "table", "comparison/champion/predictions.parquet")
    client.log_text(ids[OLD], last.model_dump_json(), "comparison/champion.json")
    found = recall_comparison(tracking.uri, OLD, tmp_path).champion
    assert found is not None
    assert (found.said.path / "predictions.parquet").read_text() == "table"
    said = last.said.model_copy(update={"path": found.said.path})
    assert found == last.model_copy(update={"said": said})
    client.log_text(ids[OLD], "null", "comparison/champion.json")
    assert recall_comparison(tracking.uri, OLD, tmp_path).champion is None
    client.log_text(ids[OLD], "{}", "comparison/champion.json")
    with pytest.raises(InputError, match=r"its champion\.json is not as it should be; run the"):
        recall_comparison(tracking.uri, OLD, tmp_path)
