"""`unroll predict` on tiny experiments that are trained once for the whole module."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from components.ingest.series import generate
from components.predict.text import load_classifier
from components.provenance import provenance
from components.storage import Home
from components.train import worker
from flows import cli
from flows import experiment as flow
from flows.experiment import new_context
from flows.predict import tables, texts
from flows.predict.arguments import Asked
from params.errors import InputError
from params.load import load
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

FILLER = ["the", "film", "it", "was"]
TINY_TEXTS = [
    *("architectures=[lstm]", "seeds=[1]", "train.max_epochs=20", "train.batch_size=8"),
    *("preprocess.vocab_size=40", "preprocess.max_length=10", "preprocess.val_fraction=0.25"),
    *("model.embedding_size=4", "model.hidden_sizes=[4]", "evaluate.baselines=[majority]"),
    *("train.learning_rate=0.05", "ingest.text_column=body"),
]
CODE = """
import atexit, os, re, sys
def end():
    # ru_maxrss would also hold what the process that started this one used.
    peak = re.search("VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
    with open(os.environ["LEFT"], "w") as file:
        print(peak, *sys.modules, file=file)
atexit.register(end)
from flows.cli import main
main()
"""


@dataclass(frozen=True)
class Done:
    """Where the tiny experiments were run, and their finished runs by experiment and name."""

    home: Home
    runs: dict[tuple[str, str], Run]
    temperature: ForecastExperiment

    def artifact(self, experiment: str, run: str, name: str) -> Path:
        """A file that a run left."""
        uri = self.runs[experiment, run].info.artifact_uri
        return Path(uri.removeprefix("file://")) / name


def reviews(folder: Path) -> Path:
    """48 training and 16 test reviews; one word of each tells its label."""
    random = np.random.default_rng(0)
    (folder / "reviews").mkdir()
    for name, number in (("train", 48), ("test", 16)):
        words = [("bad", "awful", "dull"), ("good", "great", "fine")]
        rows = [
            {"body": " ".join([*random.choice(FILLER, 6), word]), "label": label}
            for label, word in (
                (place % 2, random.choice(words[place % 2])) for place in range(number)
            )
        ]
        pd.DataFrame(rows).to_csv(folder / "reviews" / f"{name}.csv", index=False)
    return folder / "reviews"


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory,
    prefect: None,
    tiny_temperature: ForecastExperiment,
) -> Done:
    """An LSTM on tiny reviews; an LSTM and a BiLSTM on a tiny temperature."""
    folder = tmp_path_factory.mktemp("predict")
    source = reviews(folder)
    imdb = load("imdb", [*TINY_TEXTS, f"ingest.source={source}"])
    networks = {"architectures": ("lstm", "bilstm")}
    temperature = tiny_temperature.model_copy(update=networks)
    home = Home(folder / "outputs")
    home.require_writable()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        worker.preload()
        for params in (imdb, temperature):
            run(params, home)
    return Done(home, runs_of(home), temperature)


def run(params: Experiment, home: Home) -> None:
    context = new_context(params, home, fresh=False)
    flow.run(params, context, provenance(params, ["unroll", "run", params.name]))


def runs_of(home: Home) -> dict[tuple[str, str], Run]:
    client = MlflowClient(f"sqlite:///{home.database}")
    names = {one.experiment_id: one.name for one in client.search_experiments()}
    runs = client.search_runs(list(names), "tags.`unroll.kind` = 'run'")
    return {(names[one.info.experiment_id], one.info.run_name): one for one in runs}


@dataclass
class Answer:
    """What a command printed and how it ended."""

    out: list[str]
    err: list[str]
    status: int | str | None


@pytest.fixture
def predict(
    done: Done,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Answer]:
    """Runs the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLL_HOME", str(done.home.root))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def call(*arguments: str, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "argv", ["unroll", "predict", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        printed = capsys.readouterr()
        return Answer(printed.out.splitlines(), printed.err.splitlines(), caught.value.code)

    return call


def introduced(done: Done, experiment: str, run: str) -> str:
    """What is said of the run that answers."""
    one = done.runs[experiment, run]
    client = MlflowClient(f"sqlite:///{done.home.database}")
    losses = [point.value for point in client.get_metric_history(one.info.run_id, "val/loss")]
    name = run.replace("-seed", " seed ")
    return f"{name} of {one.data.tags['unroll.comparison']}, val/loss {min(losses):.4f}"


def stored(done: Done) -> tuple[list[str], "pd.Series[float]"]:
    """The test texts, and what the run said of them when it was evaluated."""
    table = pd.read_parquet(done.artifact("imdb", "lstm-seed1", "predictions.parquet"))
    test = pd.read_csv(done.home.root.parent / "reviews" / "test.csv")
    assert table["label"].tolist() == test["label"].tolist()
    return test["body"].tolist(), table["probability"]


def test_texts_get_the_probabilities_of_the_evaluation(
    done: Done, predict: Callable[..., Answer]
) -> None:
    test, probability = stored(done)
    answer = predict("imdb", *test)
    assert (answer.status, answer.err) == (0, [introduced(done, "imdb", "lstm-seed1")])
    word = np.where(probability >= 0.5, "positive", "negative")
    lines = zip(word, probability, test, strict=True)
    assert answer.out == [f"{word}  {one:.3f}  {text}" for word, one, text in lines]
    assert set(word) == {"positive", "negative"}


@pytest.mark.parametrize("chunk", [3, 16, 4096])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_gets_the_probabilities_of_the_evaluation(
    done: Done,
    predict: Callable[..., Answer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    suffix: str,
    chunk: int,
) -> None:
    test, probability = stored(done)
    monkeypatch.setattr(tables, "CHUNK", chunk)
    rows = pd.DataFrame({"id": [f"{place:03}" for place in range(16)], "body": test, "n": 1})
    if suffix == "csv":
        rows.to_csv(tmp_path / "in.csv", index=False)
    else:
        rows.to_parquet(tmp_path / "in.parquet", index=False)
    answer = predict("imdb", "--file", f"in.{suffix}", "--output", "out.parquet")
    assert (answer.status, answer.out) == (0, [])
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert list(found) == ["id", "body", "n", "label", "probability"]
    assert found["id"].tolist() == rows["id"].tolist()
    assert found["n"].tolist() == ([1] if suffix == "parquet" else ["1"]) * 16
    np.testing.assert_allclose(found["probability"], probability, atol=1e-6)
    assert found["label"].tolist() == (probability >= 0.5).astype(int).tolist()
    assert {path.name for path in tmp_path.iterdir()} == {f"in.{suffix}", "out.parquet"}


def test_rows_come_back_as_they_stand(predict: Callable[..., Answer], tmp_path: Path) -> None:
    text = 'id,body,x\n007,"good, ""great""\nfilm",NA\n8,bad,1.50\n'
    (tmp_path / "in.csv").write_text(text)
    answer = predict("imdb", "--file", "in.csv")
    assert answer.status == 0
    assert answer.out[0] == "id,body,x,label,probability"
    assert answer.out[1:3] == ['007,"good, ""great""', answer.out[2]]
    assert re.fullmatch(r'film",NA,1,0\.\d+', answer.out[2])
    assert re.fullmatch(r"8,bad,1\.50,0,0\.\d+", answer.out[3])


def test_the_column_is_text_where_the_experiment_names_none(
    done: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The texts of an inline source stand in no column."""
    folder = done.artifact("imdb", "lstm-seed1", "params.yaml").parent
    params = load(str(folder / "params.yaml"))
    assert isinstance(params, ClassificationExperiment)
    classifier = load_classifier(folder, "lstm", params)
    (tmp_path / "in.csv").write_text("text\ngood\n")
    asked = Asked("imdb", file=tmp_path / "in.csv")
    texts.answer(asked, classifier, None, lambda: None)
    assert capsys.readouterr().out.startswith("text,label,probability\ngood,1,0.9")


def test_skipped_texts_stay_empty(predict: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,body\n1,good\n2,\n3,unheard of\n4,bad\n")
    answer = predict("imdb", "--file", "in.csv", "--skip", "--output", "out.csv")
    said = "2 without a label: empty, or no known word among those that are read"
    assert (answer.status, answer.err[1:]) == (0, [said])
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[2:4] == ["2,,,", "3,unheard of,,"]
    assert lines[1].startswith("1,good,1,0.")
    answer = predict("imdb", "-", "--skip", stdin=b"good\n\nunheard of\nbad\n")
    assert answer.out[1:3] == ["", " " * 17 + "unheard of"]
    assert [line[:8] for line in answer.out[::3]] == ["positive", "negative"]
    assert answer.err[1:] == [said]


def test_a_line_fits_the_terminal(
    predict: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "good\x1b[31m film\n" * 20
    whole = predict("imdb", long).out
    assert whole == [whole[0][:17] + " ".join(["good [31m film"] * 20)]
    monkeypatch.setattr(texts.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    assert predict("imdb", long).out == [whole[0][:39] + "…"]
    assert len(predict("imdb", "good " + "電影" * 20).out[0]) == 17 + 5 + (40 - 22 - 1) // 2 + 1 + 1


def test_a_network_is_chosen(done: Done, predict: Callable[..., Answer]) -> None:
    losses = {}
    for name in ("lstm", "bilstm"):
        answer = predict("temperature", "--architecture", name)
        assert answer.err == [introduced(done, "temperature", f"{name}-seed1")]
        losses[float(answer.err[0].split()[-1])] = answer
        run_id = done.runs["temperature", f"{name}-seed1"].info.run_id
        assert predict("temperature", "--run", run_id) == answer
    assert predict("temperature") == losses[min(losses)]


def test_a_series_is_continued(done: Done, predict: Callable[..., Answer], tmp_path: Path) -> None:
    """Cut off before its last day, it is continued by what the evaluation forecast for that day."""
    values = generate(done.temperature.ingest)["value"]
    evaluated = pd.read_parquet(done.artifact("temperature", "lstm-seed1", "predictions.parquet"))
    assert evaluated["day"].iloc[-1] == 119
    pd.DataFrame({"value": values[:119]}).to_csv(tmp_path / "in.csv", index=False)
    chosen = ["--architecture", "lstm", "--output", "out.csv"]
    answer = predict("temperature", "--file", "in.csv", "--steps", "2", *chosen)
    assert (answer.status, answer.out) == (0, [])
    assert answer.err[1] == "forecasts after the first 1 read earlier ones as if they were values"
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == ["day", "forecast"]
    assert found["day"].tolist() == [119, 120]
    assert found["forecast"][0] == pytest.approx(evaluated["forecast"].iloc[-1], abs=1e-5)
    rest = pd.DataFrame({"value": [*values[114:119], found["forecast"][0]]})
    rest.to_csv(tmp_path / "rest.csv", index=False)
    predict("temperature", "--file", "rest.csv", *chosen)
    fed_back = pd.read_csv(tmp_path / "out.csv")["forecast"][0]
    assert fed_back == pytest.approx(found["forecast"][1], abs=1e-5)


def test_its_own_series_is_continued(
    done: Done, predict: Callable[..., Answer], tmp_path: Path
) -> None:
    generate(done.temperature.ingest).to_parquet(tmp_path / "whole.parquet")
    own = predict("temperature", "--steps", "3")
    assert predict("temperature", "--file", "whole.parquet", "--steps", "3") == own
    assert [line[:7] for line in own.out] == ["day 120", "day 121", "day 122"]
    assert all(re.fullmatch(r"day \d+ {2,4}-?\d+\.\d\d °C", line) for line in own.out)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([f"2026-02-{day}" for day in range(22, 28)], ["2026-02-28", "2026-03-01"]),
        ([f"2026-02-{day}" for day in range(18, 29, 2)], ["2026-03-02", "2026-03-04"]),
        ([f"2026-01-01T{hour}:00" for hour in range(18, 24)], ["2026-01-02T00:00:00"]),
        ([10, 11, 12, 13, 14, 17], ["day 18", "day 19"]),
        (None, ["day 6", "day 7"]),
    ],
)
def test_forecasts_are_dated(
    predict: Callable[..., Answer],
    tmp_path: Path,
    places: list[str | int] | None,
    expected: list[str],
) -> None:
    table = pd.DataFrame({"value": [20.0, 21, 22, 23, 24, 25]})
    if places is not None:
        table["day" if isinstance(places[0], int) else "date"] = places
    table.to_csv(tmp_path / "in.csv", index=False)
    with (tmp_path / "in.csv").open("a") as file:
        file.write("\n\n")  # empty lines after the last row are no rows
    answer = predict("temperature", "--file", "in.csv", "--steps", str(len(expected)))
    assert [line.split("  ")[0] for line in answer.out] == expected
    gap = "the values are not always one day step apart; the network reads them as if they were"
    assert (gap in answer.err) == (places is not None and places[-1] == 17)


def test_values_are_answered_as_they_arrive(done: Done, predict: Callable[..., Answer]) -> None:
    chosen = ("temperature", "--architecture", "lstm")
    values = [20.0, 21, 22, 23, 24, 25, 30]
    Path("in.csv").write_text("value\n" + "\n".join(map(str, values[:5])))
    (windowed,) = predict(*chosen, "--file", "in.csv").out
    stdin = "".join(f"{value}\n" for value in values).encode()
    answer = predict(*chosen, "-", stdin=stdin)
    assert (answer.status, answer.err) == (0, [introduced(done, "temperature", "lstm-seed1")])
    assert answer.out[0] == windowed
    assert [line[:5] for line in answer.out] == ["day 5", "day 6", "day 7"]


FILES = {
    "ragged.csv": b"body\ngood\nbad,1\n",
    "long.csv": b"body\ngood,1\n",
    "quote.csv": b'body\n"good\n',
    "none.csv": b"",
    "header.csv": b"\nbody\ngood\n",
    "latin.csv": "body\ngood caf\u00e9\n".encode("latin-1"),
    "twice.csv": b"body,body\ngood,bad\n",
    "label.csv": b"body,label\ngood,1\n",
    "probability.csv": b"body,probability\ngood,1\n",
    "text.csv": b"text,x\ngood,1\n",
    "blank.csv": b"body,x\ngood,1\n ,2\n",
    "unknown.csv": b"body\ngood\nbad\nunheard of\n",
    "broken.parquet": b"PAR1",
    "short.csv": b"value\n" + b"20\n" * 4,
    "gap.csv": b"value\n20\n\n20\n20\n20\n20\n",
    "word.csv": b"day,value\n1,20\n2,warm\n",
    "infinite.csv": b"value\n20\ninf\n",
    "back.csv": b"day,value\n2,20\n1,20\n",
    "date.csv": b"date,value\n2026-01-32,20\n",
    "mixed.csv": b"date,value\n2026-01-01,20\n2026-01-02T00:00,20\n",
    "late.csv": b"date,value\n" + b"".join(b"9999-12-%d,20\n" % day for day in range(26, 32)),
    "half.csv": b"day,value\n1.5,20\n",
}
MISTAKES = [
    ("imdb good  bad", "text 2: the text is empty"),
    ("imdb good unheard", "text 2: the text has no known word among those that are read"),
    ("imdb \udcff", "text 1: it is not UTF-8"),
    ("imdb good --run x", "--run x: no run of imdb has an id that begins so"),
    ("imdb good --architecture gru", "imdb has no finished run of gru; run `unroll run imdb` fi"),
    ("imbd good", "no experiment called 'imbd' was run; did you mean imdb? there are runs of imdb"),
    ("imdb --file ragged.csv", "ragged.csv cannot be read: Error tokenizing data. C error: Expec"),
    ("imdb --file long.csv", "long.csv cannot be read: Length of header or names does not match"),
    ("imdb --file quote.csv", "quote.csv cannot be read: Error tokenizing data. C error: EOF ins"),
    ("imdb --file none.csv", "none.csv: its first line must name its columns, got a blank one"),
    ("imdb --file header.csv", "header.csv: its first line must name its columns, got a blank one"),
    ("imdb --file latin.csv", "latin.csv cannot be read: it is not UTF-8 ("),
    ("imdb --file twice.csv", "twice.csv has more than one column 'body'"),
    ("imdb --file label.csv", "label.csv has a column label already; rename it or leave it out"),
    ("imdb --file probability.csv", "probability.csv has a column probability already; rename it"),
    ("imdb --file text.csv", "text.csv has no column body; it has text, x; choose one with --colu"),
    ("imdb --file text.csv --column y", "text.csv has no column y; it has text, x; choose one wit"),
    ("imdb --file blank.csv", "row 2 of blank.csv: the text is empty"),
    ("imdb --file unknown.csv", "row 3 of unknown.csv: the text has no known word among those tha"),
    ("imdb --file broken.parquet", "broken.parquet cannot be read: Parquet file size is 4 bytes"),
    ("imdb --file n.parquet --column n", "column n of n.parquet must hold text, got int64"),
    ("temperature --file text.csv", "text.csv has no column value; it has text, x; choose one wi"),
    ("temperature --file short.csv", "needs at least 5 values (context_length), got 4 in short.c"),
    ("temperature --file gap.csv", "row 2 of gap.csv: value must be a finite number, got ''"),
    ("temperature --file word.csv", "row 2 of word.csv: value must be a finite number, got 'war"),
    ("temperature --file infinite.csv", "row 2 of infinite.csv: value must be a finite number, "),
    ("temperature --file back.csv", "row 2 of back.csv: day must be later than 2 before it, got "),
    ("temperature --file half.csv", "row 1 of half.csv: day must be a whole number, got '1.5'"),
    ("temperature --file date.csv", "row 1 of date.csv: date must be a date such as 2026-01-31, "),
    ("temperature --file mixed.csv", "row 2 of mixed.csv: date must be later than 2026-01-01 bef"),
    ("temperature --file late.csv", "--steps: 1 steps after 9999-12-31 is no date"),
    ("temperature - --architecture bilstm", "a network with a layer that reads both ways cannot "),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_a_mistake_is_one_line(
    predict: Callable[..., Answer], tmp_path: Path, arguments: str, said: str
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    pd.DataFrame({"n": [1]}).to_parquet(tmp_path / "n.parquet")
    answer = predict(*arguments.split(" "))
    assert (answer.status, answer.out) == (2, [])
    (mistake,) = answer.err
    assert mistake.startswith(f"unroll: {said}")


@pytest.mark.parametrize(
    ("experiment", "stdin", "num_answers", "said"),
    [
        ("imdb", b"good\n\nbad\n", 1, "line 2 of standard input: the text is empty"),
        ("imdb", b"bad\nunheard of", 1, "line 2 of standard input: the text has no known word"),
        ("imdb", b"good\xff\n", 0, "line 1 of standard input: it is not UTF-8"),
        ("temperature", b"1\n2\n", 0, "needs at least 5 values (context_length), got 2 in stand"),
        ("temperature", b"", 0, "needs at least 5 values (context_length), got 0 in standard in"),
        ("temperature", b"1\n" * 6 + b"x\n", 2, "line 7 of standard input must be a finite numb"),
    ],
)
def test_a_mistake_on_standard_input_ends_what_was_answered(
    predict: Callable[..., Answer], experiment: str, stdin: bytes, num_answers: int, said: str
) -> None:
    answer = predict(experiment, "-", "--architecture", "lstm", stdin=stdin)
    assert (answer.status, len(answer.out), len(answer.err)) == (2, num_answers, 2)
    assert answer.err[1].startswith(f"unroll: {said}")


def test_an_empty_table_has_the_columns(predict: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("body\n")
    pd.DataFrame({"body": pd.Series([], dtype=str)}).to_parquet(tmp_path / "in.parquet")
    for name in ("in.csv", "in.parquet"):
        answer = predict("imdb", "--file", name)
        assert (answer.status, answer.out) == (0, ["body,label,probability"])


@pytest.mark.parametrize("failure", ["row", "interrupt"])
def test_nothing_half_written_is_left(
    predict: Callable[..., Answer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 2)
    (tmp_path / "in.csv").write_text("body\n" + "good\n" * 6 + ("?\n" if failure == "row" else ""))
    (tmp_path / "out.csv").write_text("what was there\n")
    written = []
    with_answers = texts.with_answers

    def interrupted(*of):
        written.append((tmp_path / ".out.csv.partial").read_text().count("\n"))
        if len(written) == 3 and failure == "interrupt":
            raise KeyboardInterrupt
        return with_answers(*of)

    monkeypatch.setattr(texts, "with_answers", interrupted)
    answer = predict("imdb", "--file", "in.csv", "--output", "out.csv")
    assert written == [0, 3, 5]  # with the line of names
    assert answer.status == (2 if failure == "row" else 130)
    said = "row 7 of in.csv: the text has no known word among those that are read"
    assert answer.err[1] == f"unroll: {said if failure == 'row' else 'interrupted'}"
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.csv"}
    assert (tmp_path / "out.csv").read_text() == "what was there\n"


@pytest.mark.parametrize("experiment", ["imdb", "temperature"])
def test_each_line_is_answered_before_the_next_is_read(
    done: Done, tmp_path: Path, experiment: str
) -> None:
    """A real process, which imports neither Lightning nor Prefect."""
    environment = {"UNROLL_HOME": str(done.home.root), "LEFT": str(tmp_path / "left.txt")}
    command = [sys.executable, "-c", CODE, "predict", experiment, "-", "--architecture", "lstm"]
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for place in range(7):
            process.stdin.write("good\n" if experiment == "imdb" else f"{20 + place}\n")
            process.stdin.flush()
            if experiment == "imdb":
                assert process.stdout.readline().startswith("positive  0.")
            elif place >= 4:
                assert process.stdout.readline().startswith(f"day {place + 1} ")
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0
    _, *modules = (tmp_path / "left.txt").read_text().split()
    assert "torch" in modules
    assert {"pytorch_lightning", "prefect", "sklearn", "datasets"} & set(modules) == set()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(done: Done, tmp_path: Path) -> None:
    peaks = []
    for num_rows in (20_000, 400_000):
        with (tmp_path / "in.csv").open("w") as file:
            file.write("id,body\n")
            file.writelines(f"{row},it was a good film number {row}\n" for row in range(num_rows))
        environment = {"UNROLL_HOME": str(done.home.root), "LEFT": str(tmp_path / "left.txt")}
        arguments = [
            "imdb",
            "--file",
            str(tmp_path / "in.csv"),
            "--output",
            str(tmp_path / "out.csv"),
        ]
        subprocess.run(
            [sys.executable, "-c", CODE, "predict", *arguments],
            env=os.environ | environment,
            check=True,
        )
        with (tmp_path / "out.csv").open() as file:
            assert sum(1 for _ in file) == num_rows + 1
        peaks.append(int((tmp_path / "left.txt").read_text().split()[0]) / 1024)
    print(f"peak memory, MiB: {peaks}")
    assert peaks[1] < peaks[0] + 12  # all rows at once would take thirty


def test_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.sys, "stdin", None)
    with pytest.raises(InputError, match="standard input is closed; there is nothing to read fro"):
        tables.standard_input()
