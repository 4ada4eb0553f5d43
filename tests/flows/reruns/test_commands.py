"""`unroll rerun`, `diff` and `history` on a tiny experiment that is run once for the module."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.provenance import provenance
from components.records import Comparison
from components.storage import Home
from flows import cli
from flows import experiment as flow
from flows.experiment import new_context
from params.schema import ForecastExperiment


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    out: str
    err: list[str]
    status: int | str | None


@dataclass(frozen=True)
class Done:
    """Where the experiment was run, and the comparison that it gave at first."""

    home: Home
    first: Comparison
    params: ForecastExperiment

    def runs(self, comparison: str, kind: str = "run") -> list[Run]:
        client = MlflowClient(f"sqlite:///{self.home.database}")
        experiments = [one.experiment_id for one in client.search_experiments()]
        query = f"tags.`unroll.comparison` = '{comparison}' and tags.`unroll.kind` = '{kind}'"
        return list(client.search_runs(experiments, query))

    def tags(self, comparison: str) -> Mapping[str, str]:
        (own,) = self.runs(comparison, "comparison")
        found: Mapping[str, str] = own.data.tags
        return found

    def run_id(self, name: str) -> str:
        (found,) = (one for one in self.runs(self.first.id) if one.info.run_name == name)
        run_id: str = found.info.run_id
        return run_id


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, prefect: None, tiny_temperature: ForecastExperiment
) -> Done:
    home = Home(tmp_path_factory.mktemp("reruns") / "outputs")
    home.require_writable()
    # Enough test days for intervals.
    days = tiny_temperature.preprocess.model_copy(update={"test_fraction": 0.4})
    two = {"architectures": ("rnn", "gru"), "seeds": (1, 2), "preprocess": days}
    params = tiny_temperature.model_copy(update=two)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        context = new_context(params, home, fresh=False)
        first = flow.run(params, context, provenance(params, ["unroll", "run", "x"]))
    return Done(home, first, params)


@pytest.fixture
def unroll(
    done: Done, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs the command in this process, on what the experiment left."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("UNROLL_HOME", str(done.home.root))

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["unroll", *arguments])
        try:
            cli.main()
            status: int | str | None = 0
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        return Answer(printed.out, printed.err.splitlines(), status)

    return call


def test_a_comparison_is_run_again_with_changes_and_says_where_it_came_from(
    done: Done, unroll: Callable[..., Answer]
) -> None:
    start = done.first.id
    answer = unroll("rerun", start, "--set", "train.max_epochs=2", "--seeds", "2", "--json")
    assert answer.status == 0
    made = Comparison.model_validate_json(answer.out)
    assert made.id != start
    assert answer.err[0].startswith(f"rerun of {start}, of ")
    assert answer.err[1:3] == ["  seeds: [1, 2] -> [2]", "  train.max_epochs: 1 -> 2"]
    assert "starting Prefect" in answer.err[3]
    assert not any("data changed" in line for line in answer.err)
    tags = done.tags(made.id)
    assert tags["unroll.rerun_of"] == start
    assert "unroll.rerun_of_run" not in tags
    assert {row.name: row.seeds for row in made.rows if row.kind == "network"} == {
        "rnn": (2,),
        "gru": (2,),
    }
    # The command that it keeps makes the same again, which is there then.
    words = shlex.split(made.provenance.command)
    assert words == ["unroll", "rerun", start, *["--set", "train.max_epochs=2", "--seeds", "2"]]
    again = unroll(*words[1:], "--json")
    assert Comparison.model_validate_json(again.out) == made
    assert any(f"nothing changed since {made.id} of" in line for line in again.err)

    # One more architecture trains only that one.
    more = unroll("rerun", made.id, *["--architecture", "gru", "--architecture", "lstm", "--json"])
    added = Comparison.model_validate_json(more.out)
    assert '  architectures: ["rnn", "gru"] -> ["gru", "lstm"]' in more.err
    reused = {one.info.run_name: one.data.tags["unroll.reused"] for one in done.runs(added.id)}
    assert reused == {"gru-seed2": "true", "lstm-seed2": "false"}


def test_a_run_is_run_again_alone(done: Done, unroll: Callable[..., Answer]) -> None:
    run_id = done.run_id("gru-seed1")
    answer = unroll("rerun", run_id[:14], "--json")
    assert answer.status == 0
    made = Comparison.model_validate_json(answer.out)
    assert answer.err[0].startswith(f"rerun of {run_id} (gru-seed1 of {done.first.id}), of ")
    assert answer.err[1] == "  no difference in params, code and versions"
    tags = done.tags(made.id)
    assert (tags["unroll.rerun_of"], tags["unroll.rerun_of_run"]) == (done.first.id, run_id)
    (row,) = (row for row in made.rows if row.kind == "network")
    (then,) = (row for row in done.first.rows if row.name == "gru")
    assert (row.name, row.seeds) == ("gru", (1,))
    assert row.metrics["test/mae"].values == then.metrics["test/mae"].values[:1]
    assert made.provenance.command == f"unroll rerun {run_id}"


def test_data_that_changed_are_said(done: Done, unroll: Callable[..., Answer]) -> None:
    run_id = done.run_id("rnn-seed1")
    answer = unroll("rerun", run_id, "--set", "ingest.seed=7", "--json")
    now = Comparison.model_validate_json(answer.out).data.fingerprint
    then = done.first.data.fingerprint
    assert now != then
    (line,) = (line for line in answer.err if "data changed" in line)
    assert line.endswith(f"data changed, fingerprint: {then} -> {now}")


def test_nothing_is_begun_where_the_id_or_a_change_is_wrong(
    done: Done, unroll: Callable[..., Answer]
) -> None:
    reports = sorted(done.home.reports.iterdir())
    mistakes = {
        ("rerun", "nothing"): "no run or comparison has an id that is or begins with 'nothing'",
        ("rerun", done.first.id, "--set", "train.epochs=1"): "train.epochs is not a known key",
        ("rerun", done.first.id, "--set", "compare.metric=test/f1"): "compare.metric must be one",
        ("diff", done.first.id, "nothing"): "no run or comparison has an id that is or begins",
        ("history", "temprature"): "no experiment called 'temprature' was run; did you mean temp",
    }
    for arguments, said in mistakes.items():
        answer = unroll(*arguments)
        (line,) = answer.err
        assert (answer.status, answer.out) == (2, "")
        assert said in line
    assert sorted(done.home.reports.iterdir()) == reports


@pytest.fixture
def other(done: Done, unroll: Callable[..., Answer]) -> Comparison:
    """A comparison of other params: made by the first test that asks, and found by the others."""
    answer = unroll("rerun", done.first.id, "--set", "train.max_epochs=3", "--json")
    return Comparison.model_validate_json(answer.out)


def test_two_comparisons_side_by_side(
    done: Done, other: Comparison, unroll: Callable[..., Answer]
) -> None:
    answer = unroll("diff", done.first.id, other.id)
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith(f"A  {done.first.id}, ")
    assert lines[1].startswith(f"B  {other.id}, ")
    assert lines[1].endswith("UTC, complete")
    cells = [line.split() for line in lines]
    assert ["*", "train.max_epochs", "1", "3"] in cells
    assert ["data:", "no", "difference"] in cells
    assert ["code", "and", "versions:", "no", "difference"] in cells
    assert not any("context_length" in line for line in lines)
    gru = [row for side in (done.first, other) for row in side.rows if row.name == "gru"]
    mae = [one.metrics["test/mae"] for one in gru]
    said = []
    for one in mae:
        assert one.interval is not None
        said.append(f"{one.mean:.3f} [{one.interval[0]:.3f}, {one.interval[1]:.3f}]")
    (line,) = (line for line in lines if line[3:].startswith("GRU, MAE, °C "))
    mark = "*" if said[0] != said[1] else ""
    assert [line[0].strip(), *(part.strip() for part in line[3:].split("  ") if part.strip())] == [
        *(mark, "GRU, MAE, °C", *said)
    ]
    assert answer.err == [f"what is more than chance: unroll compare {done.first.id} {other.id}"]

    every = unroll("diff", done.first.id, other.id, "--all").out
    assert ["preprocess.context_length", "5", "5"] in [one.split() for one in every.splitlines()]
    document = json.loads(unroll("diff", done.first.id, other.id, "--json").out)
    assert document["a"]["metrics"]["GRU"]["test/mae"] == {
        "mean": mae[0].mean,
        "interval": list(mae[0].interval or ()),
    }
    assert (document["b"]["id"], document["b"]["params"]["train.max_epochs"]) == (other.id, "3")
    assert document["a"]["fingerprint"] == done.first.data.fingerprint


def test_two_runs_side_by_side_but_no_run_and_a_comparison(
    done: Done, other: Comparison, unroll: Callable[..., Answer]
) -> None:
    ids = {name: done.run_id(name) for name in ("rnn-seed1", "gru-seed2")}
    answer = unroll("diff", *ids.values())
    assert (answer.status, answer.err) == (0, [])
    cells = [line.split() for line in answer.out.splitlines()]
    assert ["*", "architecture", "rnn", "gru"] in cells
    assert ["*", "seed", "1", "2"] in cells
    values = [
        row.metrics["test/mae"].values[place]
        for name, place in (("rnn", 0), ("gru", 1))
        for row in done.first.rows
        if row.name == name
    ]
    assert ["*", "MAE,", "°C", *(f"{value:.3f}" for value in values)] in cells
    mixed = unroll("diff", ids["rnn-seed1"], other.id)
    assert mixed.status == 2
    assert mixed.err == [
        f"unroll: {other.id} is a comparison and {ids['rnn-seed1']} (rnn-seed1 of {done.first.id}) "
        "a run; give two comparisons or two runs"
    ]


def test_a_comparison_without_a_report_is_read_from_mlflow(
    done: Done, other: Comparison, unroll: Callable[..., Answer], tmp_path: Path
) -> None:
    expected = unroll("diff", done.first.id, other.id).out
    folder = done.home.reports / done.first.id
    folder.rename(tmp_path / "away")
    assert unroll("diff", done.first.id, other.id).out == expected
    assert not folder.exists()
    (tmp_path / "away").rename(folder)


def test_the_past_of_an_experiment(
    done: Done, other: Comparison, unroll: Callable[..., Answer]
) -> None:
    found = json.loads(unroll("history", "temperature", "--json").out)
    by_id = {one["id"]: one for one in found}
    moments = [one["created"] for one in found]
    assert moments == sorted(moments, reverse=True)
    first = by_id[done.first.id]
    best = next(row for row in done.first.rows if row.best)
    assert (first["best"], first["status"]) == (best.label, "complete")
    assert first["score"] == pytest.approx(best.metrics["test/mae"].mean)
    assert (first["changed"], found[-1]["id"]) == ([], done.first.id)
    assert by_id[other.id]["rerun_of"] == done.first.id

    answer = unroll("history", "temperature")
    assert (answer.status, answer.err) == (0, [])
    (line,) = (line for line in answer.out.splitlines() if f"  {done.first.id}  " in line)
    assert line.split("  ")[0] == first["created"][:16].replace("T", " ")
    mae = f"MAE {best.metrics['test/mae'].mean:.3f} °C"
    parts = [part.strip() for part in line.split("  ") if part.strip()]
    assert parts[1:] == [done.first.id, best.label, mae, "complete"]
    assert f"    rerun of {done.first.id}" in answer.out.splitlines()
