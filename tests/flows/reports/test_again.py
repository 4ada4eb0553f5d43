"""`unroll report` and `unroll compare` on tiny experiments that are run once for the module."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.provenance import provenance
from components.records import Comparison
from components.storage import Home
from components.train import worker
from flows import cli
from flows import experiment as flow
from flows.experiment import new_context
from flows.reports import again
from params.load import load
from params.schema import Experiment, ForecastExperiment

TEXTS = [
    *("architectures=[lstm,gru]", "seeds=[1,2]", "train.max_epochs=1", "name=texts"),
    *("model.embedding_size=4", "model.hidden_sizes=[4]", "evaluate.baselines=[majority]"),
]


@dataclass(frozen=True)
class Done:
    """Where the experiments were run, their ids, and their reports as they were made at first."""

    home: Home
    ids: dict[str, str]
    first: Path


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    out: str
    err: list[str]
    status: int | str | None


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, prefect: None, tiny_temperature: ForecastExperiment
) -> Done:
    """Texts; a temperature, the same with other params, and one of another seed's noise.

    All but MLflow is gone afterwards: the store and the reports.
    """
    folder = tmp_path_factory.mktemp("again")
    home = Home(folder / "outputs")
    home.require_writable()
    # Enough test days for intervals and pairs.
    days = tiny_temperature.preprocess.model_copy(update={"test_fraction": 0.4})
    more = {"architectures": ("rnn", "lstm"), "seeds": (1, 2), "preprocess": days}
    two = tiny_temperature.model_copy(update=more)
    fast = two.train.model_copy(update={"learning_rate": 0.01})
    noise = two.ingest.model_copy(update={"seed": 7})
    asked: dict[str, Experiment] = {
        "texts": load("text_pipeline", TEXTS),
        "one": two,
        "fast": two.model_copy(update={"train": fast, "name": "faster", "seeds": (2, 3)}),
        "again": two.model_copy(update={"architectures": ("lstm",), "seeds": (2, 3)}),
        "noise": two.model_copy(update={"ingest": noise, "architectures": ("rnn",)}),
    }
    ids = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        worker.preload()
        for name, params in asked.items():
            context = new_context(params, home, fresh=False)
            flow.run(params, context, provenance(params, ["unroll", "run", params.name]))
            ids[name] = context.id
    shutil.move(home.reports, folder / "first")
    shutil.rmtree(home.store.root)
    return Done(home, ids, folder / "first")


@pytest.fixture
def unroll(
    done: Done, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs the command in this process, on what the experiments left."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("UNROLL_HOME", str(done.home.root))

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr("sys.argv", ["unroll", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        printed = capsys.readouterr()
        return Answer(printed.out, printed.err.splitlines(), caught.value.code)

    return call


def run_ids(done: Done, name: str) -> dict[str, str]:
    """The MLflow ids of the runs of a comparison, by their names."""
    client = MlflowClient(f"sqlite:///{done.home.database}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    query = f"tags.`unroll.comparison` = '{done.ids[name]}'"
    runs = client.search_runs(experiments, query)
    return {run.info.run_name: run.info.run_id for run in runs}


def made(done: Done, answer: Answer) -> Comparison:
    """The comparison whose report the command named last."""
    said = answer.err[-1].removeprefix("report: ")
    path = Path(said)
    assert path.name == "report.html"
    assert path.parent.parent == done.home.reports
    return Comparison.model_validate_json((path.parent / "comparison.json").read_bytes())


@pytest.mark.parametrize("name", ["texts", "one"])
def test_a_report_from_mlflow_alone_equals_the_first_to_the_byte(
    done: Done, unroll: Callable[..., Answer], name: str
) -> None:
    answer = unroll("report", done.ids[name])
    assert (answer.status, answer.out) == (0, "")
    folder = done.home.reports / done.ids[name]
    assert answer.err[-1] == f"report: {folder / 'report.html'}"
    for file in ("comparison.json", "report.html", "summary.json"):
        assert (folder / file).read_bytes() == (done.first / done.ids[name] / file).read_bytes()
    assert f'href="{done.ids[name]}/report.html"' in (done.home.reports / "index.html").read_text(
        encoding="utf-8"
    )
    assert not done.home.store.root.exists()


def test_the_first_reports_were_listed(done: Done) -> None:
    page = (done.first / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"/]*)/', page) == list(done.ids.values())[::-1]


def test_comparisons_become_one(done: Done, unroll: Callable[..., Answer]) -> None:
    ids = [done.ids[name] for name in ("one", "fast", "again")]
    answer = unroll("compare", *ids)
    assert (answer.status, answer.out) == (0, "")
    found = made(done, answer)
    assert re.fullmatch(r"compare-\d{8}-\d{6}-[0-9a-f]{4}", found.id)
    networks = {row.name: row for row in found.rows if row.kind == "network"}
    assert {name: (row.label, row.seeds) for name, row in networks.items()} == {
        "rnn": ("Vanilla RNN, train.learning_rate 0.001", (1, 2)),
        "rnn-2": ("Vanilla RNN, train.learning_rate 0.01", (2, 3)),
        "lstm": ("LSTM, train.learning_rate 0.001", (1, 2, 3)),
        "lstm-2": ("LSTM, train.learning_rate 0.01", (2, 3)),
    }
    again = run_ids(done, "again")
    assert networks["lstm"].run_ids == (
        run_ids(done, "one")["lstm-seed1"],
        *(again["lstm-seed2"], again["lstm-seed3"]),
    )
    # A row's numbers are those of its runs, as they stand in the comparisons that they are from.
    first = Comparison.model_validate_json(
        (done.first / done.ids["fast"] / "comparison.json").read_bytes()
    )
    lstm = next(row for row in first.rows if row.name == "lstm")
    key = "test/mae"
    assert networks["lstm-2"].metrics[key].values == lstm.metrics[key].values
    assert [row.name for row in found.rows if row.kind == "baseline"] == [
        row.name for row in first.rows if row.kind == "baseline"
    ]
    names = [row.name for row in found.rows]
    assert len(found.pairs) == len(names) * (len(names) - 1) // 2
    assert found.provenance.command == f"unroll compare {' '.join(ids)}"
    assert found.provenance.params.count("\n---\n") == 2
    assert all(f"# {one}: unroll run " in found.provenance.params for one in ids)
    assert (found.experiment, found.missing) == ("temperature, faster", ())
    page = (done.home.reports / found.id / "report.html").read_text(encoding="utf-8")
    assert "LSTM, train.learning_rate 0.01" in page


def test_the_command_on_the_page_makes_it_again(done: Done, unroll: Callable[..., Answer]) -> None:
    runs = run_ids(done, "fast")
    asked = [runs["rnn-seed2"][:20], done.ids["one"], "--metric", "test/rmse", "--title", "A b?"]
    found = made(done, unroll("compare", *asked))
    assert (found.metric, found.title) == ("test/rmse", "A b?")
    assert found.provenance.command == (
        f"unroll compare {runs['rnn-seed2']} {done.ids['one']} --metric test/rmse --title 'A b?'"
    )
    assert {row.name for row in found.rows if row.kind == "network"} == {"rnn", "rnn-2", "lstm"}
    again = made(done, unroll(*shlex.split(found.provenance.command)[1:]))
    fresh = {"id": found.id, "created": found.created}
    assert again.model_copy(update=fresh) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "{one}", "{noise}"], "runs on different data cannot be compared: "),
        (["compare", "{one}", "{texts}"], "runs on different tasks cannot be compared: forecast: "),
        (["compare", "{one}", "--metric", "test/accuracy"], "--metric must be one of test/mae, "),
        (["compare", "{one}", "--metric", "mae"], "--metric must be one of test/mae, "),
        (["compare", "{one}", "--title", " "], "--title must not be blank"),
        (["compare", "{one}", "nothing"], "no run or comparison has an id that is or begins with"),
        (
            ["report", "nothing"],
            "no run or comparison has an id that is or begins with 'nothing'; ",
        ),
        (["report", "compare-1"], "compare-1 is a report that `unroll compare` made, of which"),
        (["report", "temperature"], "temperature is the beginning of several: temperature-"),
        (["report", "{run}"], "{run} is no comparison but a run, rnn-seed1; give the id of its"),
    ],
)
def test_a_mistake_is_one_line(
    done: Done, unroll: Callable[..., Answer], arguments: list[str], said: str
) -> None:
    names = {**done.ids, "run": run_ids(done, "one")["rnn-seed1"]}
    before = sorted(done.home.reports.glob("*")) if done.home.reports.exists() else []
    answer = unroll(*(word.format(**names) for word in arguments))
    assert (answer.status, answer.out, len(answer.err)) == (2, "", 1)
    assert answer.err[0].startswith(f"unroll: {said.format(**names)}")
    assert sorted(done.home.reports.glob("*")) == before


def test_a_report_that_cannot_be_written_is_one_line(
    done: Done, unroll: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the folder of all reports should be there is a file."""
    home = Home(tmp_path / "copy")
    home.root.mkdir()
    shutil.copy(done.home.database, home.database)
    home.reports.touch()
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    answer = unroll("report", done.ids["one"])
    assert (answer.status, answer.out, len(answer.err)) == (2, "", 1)
    assert answer.err[0].startswith(f"unroll: the report cannot be written: {home.reports}")


def test_who_did_what_is_named(done: Done, unroll: Callable[..., Answer]) -> None:
    runs = run_ids(done, "noise")
    answer = unroll("compare", done.ids["one"], done.ids["fast"], runs["rnn-seed1"])
    prints = [
        json.loads((done.first / done.ids[name] / "comparison.json").read_bytes())["data"]
        for name in ("one", "noise")
    ]
    one, noise = (data["fingerprint"] for data in prints)
    assert answer.err == [
        f"unroll: runs on different data cannot be compared: {one}: {done.ids['one']}, "
        f"{done.ids['fast']}; {noise}: {runs['rnn-seed1']} (rnn-seed1 of {done.ids['noise']})"
    ]


def test_what_an_interrupted_comparison_left_is_compared(
    done: Done, unroll: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process had been killed while the LSTM's second seed was being trained."""
    home = Home(tmp_path / "copy")
    shutil.copytree(done.home.root, home.root, ignore=shutil.ignore_patterns("reports"))
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    runs = run_ids(done, "one")
    kept = done.home.artifacts  # where the database says that files are
    for file in ("missing.json", "answering.json", "baselines"):
        place = kept / runs[done.ids["one"]] / "artifacts" / "comparison" / file
        place.rename(tmp_path / file)
    client = MlflowClient(f"sqlite:///{home.database}")
    client.delete_tag(runs["lstm-seed2"], "unroll.complete")
    client.update_run(runs["lstm-seed2"], "RUNNING")
    client.update_run(runs[done.ids["one"]], "RUNNING")
    try:
        answer = unroll("report", done.ids["one"])
    finally:
        for file in ("missing.json", "answering.json", "baselines"):
            (tmp_path / file).rename(
                kept / runs[done.ids["one"]] / "artifacts" / "comparison" / file
            )
    assert answer.status == 1  # it is without some of its runs
    lost = "not finished: it is running, or its process ended without a word"
    assert f"without lstm seed 2: RUNNING, {lost}" in answer.err
    found = Comparison.model_validate_json(
        (home.reports / done.ids["one"] / "comparison.json").read_bytes()
    )
    assert {row.name: row.seeds for row in found.rows} == {"rnn": (1, 2), "lstm": (1,)}
    assert {(one.name, one.seed) for one in found.missing if one.seed} == {("lstm", 2)}
    assert len(found.missing) == 5  # with the four baselines


def test_without_a_database_there_is_nothing_to_report(
    unroll: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLL_HOME", str(tmp_path / "none"))
    for command in ("report", "compare"):
        answer = unroll(command, "latest")
        assert (answer.status, len(answer.err)) == (2, 1)
        assert answer.err[0].startswith("unroll: no runs yet: ")
    assert not (tmp_path / "none").exists()


def test_ctrl_c_is_one_line(unroll: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(again, "report", interrupted)
    answer = unroll("report", "latest")
    assert (answer.status, answer.err) == (130, ["unroll: interrupted"])
