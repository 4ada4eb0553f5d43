"""The command line as a person meets it: what it prints where, and with which status it ends."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mlflow import MlflowClient

from components.records import Comparison
from components.storage import Home
from flows import cli, session
from flows.reruns import again, resume
from flows.tuning import session as searches
from flows.upkeep import doctor
from params.load import load, to_yaml
from params.schema import ForecastExperiment

HEAVY = {
    "torch",
    "prefect",
    "mlflow",
    "pytorch_lightning",
    "pandas",
    "sklearn",
    "plotly",
    "datasets",
    "optuna",
}
CODE = """
import atexit, os, sys
atexit.register(lambda: open(os.environ["MODULES"], "w").write(" ".join(sys.modules)))
from flows.cli import main
main()
"""

Reviews = Callable[..., Path]

INTERRUPTED = "unroll: interrupted; `unroll resume` goes on where it was\n"


@dataclass
class Answer:
    """What a command printed, how it ended, and which packages it had imported by then."""

    stdout: str
    stderr: str
    status: int
    modules: set[str]


@pytest.fixture
def unroll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs the command in a process of its own, in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def call(*arguments: str, **environment: str) -> Answer:
        modules = tmp_path / "modules.txt"
        home = {"UNROLL_HOME": str(tmp_path / "outputs"), "MODULES": str(modules)}
        done = subprocess.run(
            [sys.executable, "-c", CODE, *arguments],
            cwd=folder,
            env={**os.environ, **home, **environment},
            capture_output=True,
            text=True,
            timeout=240,
        )
        found = {name.partition(".")[0] for name in modules.read_text().split()}
        return Answer(done.stdout, done.stderr, done.returncode, found)

    return call


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], ["evidence", "run", "list", "show", "shapes", "ui"]),
        (["--help"], ["predict", "compare", "report", "open"]),
        (["compare", "--help"], ["RUN-OR-COMPARISON-ID", "--metric", "--title", "latest"]),
        (["report", "--help"], ["ID", "training", "latest"]),
        (["open", "--help"], ["[ID]", "in the browser"]),
        (["run", "--help"], ["NAME-OR-FILE", "--set", "--json", "--fresh"]),
        (["doctor", "--help"], ["--deep", "--json", "how to mend it"]),
        (["clean", "--help"], ["--yes", "--older-than", "--experiment", "--unfinished"]),
        (["rerun", "--help"], ["RUN-OR-COMPARISON-ID", "--set", "--architecture", "--seeds"]),
        (["diff", "--help"], ["ID", "--all", "--json"]),
        (["history", "--help"], ["EXPERIMENT", "--json", "newest first"]),
        (["predict", "--help"], ["EXPERIMENT", "--run", "--architecture", "--file", "--skip"]),
        (["tune", "--help"], ["NAME-OR-FILE", "--trials", "--metric", "--space", "validation"]),
        (["--version"], ["unroll "]),
        (["list"], ["imdb ", "imdb_offline ", "temperature ", "classification", "forecast"]),
        (["list"], ["text_pipeline ", "How does a text become numbers, and what does a "]),
        (["show", "temperature"], ["context_length: 30"]),
        (["shapes", "temperature"], ["T is 30 days", "(B, T, 128)", "76,833"]),
        (["shapes", "imdb"], ["T is at most 100 tokens", "(B, T, 32)", "at most 185,217"]),
    ],
)
def test_it_answers_without_anything_heavy(
    unroll: Callable[..., Answer], arguments: list[str], said: list[str]
) -> None:
    answer = unroll(*arguments)
    assert (answer.status, answer.stderr) == (0, "")
    assert all(word in answer.stdout for word in said)
    assert answer.modules & HEAVY == set()


def test_a_pipe_gets_no_colours_and_no_folded_lines(unroll: Callable[..., Answer]) -> None:
    answer = unroll("shapes", "temperature", FORCE_COLOR="1", COLUMNS="40", TERM="xterm-256color")
    assert (answer.status, answer.stderr) == (0, "")
    assert "\x1b" not in answer.stdout
    lines = [line.rstrip() for line in answer.stdout.splitlines() if line.startswith("output ")]
    assert len(lines) == 4
    assert all(line.endswith("  one value in scaled units: the next day") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("run imbd", "no experiment is called 'imbd'; did you mean imdb?"),
        ("run temperature imbd", "did you mean imdb?"),
        ("run missing.yaml", "no params file at missing.yaml"),
        ("run broken.yaml", "broken.yaml is not readable YAML at line 2, column 2"),
        ("run empty.yaml", "must hold keys and values such as 'name: imdb', got nothing"),
        ("show imdb --set train.learnin_rate=1", "did you mean train.learning_rate?"),
        ("shapes imbd", "no experiment is called 'imbd'; did you mean imdb?"),
        (
            "shapes imdb --set model.hidden_sizes=[]",
            "model.hidden_sizes must be a list of at least",
        ),
        ("run imdb --set train.max_epochs=0", "train.max_epochs must be at least 1, got 0 (--set"),
        ("run imdb --set train.batch_size=many", 'must be a whole number, got "many"'),
        ("run imdb --set architectures=[rnn,transformer]", "'rnn', 'lstm', 'gru' or 'bilstm', got"),
        ("run imdb --set seeds=[]", "seeds must be a list of at least 1, got []"),
        ("run imdb --set seeds", "--set must look like section.key=value, got 'seeds'"),
        ("run imdb --set compare.metric=test/mae", "must be one of test/accuracy, "),
        ("run imdb --set ingest.source=/no/folder", "must be an existing folder, a Hub data set"),
        ("run imdb --set ingest.source=inline", "ingest.inline is missing: it has the texts of"),
        ("run text_pipeline --set ingest.source=embedded", "ingest.inline must be left out, or"),
        ("run text_pipeline --set evaluate.texts=['']", "texts must hold no blank text, got one"),
        ("run temperature --set preprocess.context_length=2000", "at most the 1095 days"),
        ("ui", "no runs yet: "),
        ("report latest", "mlflow.db does not exist; run an experiment first, or set UNROLL_HOME"),
        ("compare one two", "mlflow.db does not exist; run an experiment first, or set UNROLL_HO"),
        ("rerun latest", "mlflow.db does not exist; run an experiment first, or set UNROLL_HOME"),
        ("rerun latest --seeds 1,x", "--seeds must be whole numbers such as 1,2,3, got '1,x'"),
        ("rerun latest --architecture cnn", "must be one of rnn, lstm, gru, bilstm, got 'cnn'"),
        ("diff one two", "mlflow.db does not exist; run an experiment first, or set UNROLL_HOME"),
        ("history temperature", "mlflow.db does not exist; run an experiment first, or set UNROL"),
        ("open", "no report yet in "),
        ("clean --yes", "mlflow.db is not there, so that nobody knows what in "),
        ("clean --older-than 3y", "--older-than must be a number with m, h, d or w for minutes, "),
        ("open imdb-1", "no report yet in "),
        ("predict temperature", "mlflow.db does not exist; run `unroll run temperature` first"),
        ("predict my-own text", "mlflow.db does not exist; run its params file first"),
        ("predict missing.yaml text", "no params file at missing.yaml"),
        ("predict imdb", "give a TEXT, --file, or - to read texts from standard input"),
        ("predict imdb a --steps 3", "--steps is for a forecast; imdb is a classification"),
        ("predict imdb a --skip", "--skip is for --file and standard input; leave the text out"),
        ("predict imdb a --output x.csv", "--output is for the rows of --file, which is not given"),
        ("predict imdb a --column b", "--column names a column of --file, which is not given"),
        ("predict imdb a - b", "- stands for standard input; give it alone, or texts without it"),
        ("predict imdb a --file few.csv", "give TEXT or --file, not both"),
        ("predict imdb - --file few.csv", "give standard input (-) or --file, not both"),
        ("predict imdb a --run 1f --architecture gru", "--run names one run already; leave --arch"),
        ("predict imdb a --architecture cnn", "must be one of rnn, lstm, gru, bilstm, got 'cnn'"),
        ("predict imdb --file none.csv", "--file none.csv cannot be read: No such file or direct"),
        ("predict imdb --file folder.csv", "--file folder.csv cannot be read: Is a directory"),
        ("predict imdb --file broken.yaml", "--file must end in .csv or .parquet, got broken.yaml"),
        ("predict imdb --file few.csv --output no/x.csv", "no/x.csv cannot be written: there is n"),
        ("predict imdb --file few.csv --output folder.csv", "cannot be written: it is not a file"),
        ("predict temperature a", "temperature is a forecast and reads no TEXT; give --file, - to"),
        ("predict temperature --skip", "--skip is for texts; a series must be complete"),
        ("predict temperature --steps 0", "--steps must be between 1 and 1000000, got 0"),
        ("predict temperature - --steps 2", "--steps is not for standard input: each value is a"),
        ("predict temperature - --output x.csv", "--output is not for standard input: forecasts"),
    ],
)
def test_a_mistake_is_one_line(
    unroll: Callable[..., Answer], tmp_path: Path, arguments: str, said: str
) -> None:
    (tmp_path / "here" / "broken.yaml").write_text("name: [a\nb: ]:\n")
    (tmp_path / "here" / "empty.yaml").touch()
    (tmp_path / "here" / "few.csv").write_text("text\ngood\n")
    (tmp_path / "here" / "folder.csv").mkdir()
    answer = unroll(*arguments.split())
    assert (answer.status, answer.stdout) == (2, "")
    assert answer.stderr.startswith("unroll: ")
    assert answer.stderr.count("\n") == 1
    assert said in answer.stderr
    assert answer.modules & HEAVY == set()
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("place", ["file/below", "file"])
def test_an_unwritable_output_folder(
    unroll: Callable[..., Answer], tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    answer = unroll("run", "temperature", UNROLL_HOME=str(tmp_path / place))
    assert (answer.status, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert answer.stderr.startswith(f"unroll: the output folder {tmp_path / place} is not writable")
    assert answer.modules & HEAVY == set()


def test_the_ui_of_a_server_is_its_own(unroll: Callable[..., Answer]) -> None:
    answer = unroll("ui", MLFLOW_TRACKING_URI="https://tracking.example")
    assert (answer.status, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert "open https://tracking.example in a browser" in answer.stderr


def test_a_taken_port(unroll: Callable[..., Answer], home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        answer = unroll("ui", "--port", port)
    assert (answer.status, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)
    assert answer.stderr.startswith(f"unroll: port {port} cannot be used: ")
    assert "--port" in answer.stderr


def test_the_ui_shows_the_right_store_to_this_machine_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    monkeypatch.setattr(cli.os, "execv", lambda program, command: started.append(command))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    cli.ui(port)
    (command,) = started
    assert command[:5] == [sys.executable, "-P", "-m", "mlflow", "server"]
    options = dict(zip(command[5::2], command[6::2], strict=True))
    assert options == {
        "--host": "127.0.0.1",
        "--port": str(port),
        "--backend-store-uri": f"sqlite:///{home.database}",
        "--artifacts-destination": str(home.artifacts),
    }


@pytest.mark.parametrize("name", ["imdb", "imdb_offline", "temperature", "text_pipeline"])
def test_what_show_prints_loads_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    overrides = ["train.learning_rate=3e-3", "architectures=[gru]"]
    cli.show(name, overrides)
    path = tmp_path / "shown.yaml"
    path.write_text(capsys.readouterr().out)
    experiment = load(str(path))
    assert experiment == load(name, overrides)
    assert path.read_text().startswith(f"# digest {experiment.digest()}\n")


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """The exit status of the command, run in this process."""
    monkeypatch.setattr(sys, "argv", ["unroll", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


@pytest.mark.parametrize(("status", "raised"), [(0, None), (1, None), (130, KeyboardInterrupt())])
def test_the_exit_status_is_that_of_the_runs(
    status: int,
    raised: BaseException | None,
    monkeypatch: pytest.MonkeyPatch,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[Any] = []

    def run_all(experiments: list[Any], where: Home, **options: bool) -> int:
        asked.append(([one.params.name for one in experiments], where, options))
        assert [list(one.command) for one in experiments] == [
            ["run", "temperature"],
            ["run", "imdb_offline"],
        ]
        if raised:
            raise raised
        return status

    monkeypatch.setattr(session, "run_all", run_all)
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    assert called(monkeypatch, "run", "temperature", "imdb_offline", "--fresh") == status
    assert asked == [
        (["temperature", "imdb_offline"], home, {"as_json": False, "fresh": True}),
    ]
    assert capsys.readouterr().err == (INTERRUPTED if raised else "")


@pytest.mark.parametrize(
    ("arguments", "module", "name", "advice"),
    [
        (["rerun", "latest"], again, "rerun", "`unroll resume` goes on where it was"),
        (["resume"], resume, "resume", "`unroll resume` goes on where it was"),
        (["tune", "temperature"], searches, "tune", "`unroll tune temperature --trials 20 --metri"),
        (["doctor"], doctor, "doctor", ""),
    ],
)
def test_what_ends_a_command_tells_what_goes_on_with_it(
    arguments: list[str],
    module: ModuleType,
    name: str,
    advice: str,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    full = OSError(errno.ENOSPC, "No space left on device", "/there")
    for error, status, said in (
        (KeyboardInterrupt(), 130, "unroll: interrupted"),
        (full, 1, "unroll: no space left on the disk, at /there; free some (`unroll clean` lists"),
    ):

        def ended(*_: object, error: BaseException = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(module, name, ended)
        assert called(monkeypatch, *arguments) == status
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(said)
        assert advice in line
        assert bool(advice) == ("goes on" in line)


GOOD = {"text": ["good", "bad", "fine", "dull"], "label": [1, 0, 1, 0]}


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (GOOD, None, "its README names the split test, but there is no file of it"),
        (GOOD, {"text": ["a"], "stars": [1]}, "split test of * has no column label; it has text, "),
        (
            GOOD,
            {"text": ["a"], "label": [2]},
            "label of split test must hold 0 or 1, got 2 in row 0",
        ),
        (
            {**GOOD, "text": [" ", "", None, ""]},
            GOOD,
            "text of split train is empty or blank in ev",
        ),
        (
            GOOD,
            {"text": [], "label": []},
            "split test of * has no examples",
        ),
    ],
)
@pytest.mark.usefixtures("prefect")
def test_bad_data_are_one_line_and_leave_no_run(
    train: Any,
    test: Any,
    said: str,
    write_reviews: Reviews,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = write_reviews(**{"train": train, **({"test": test} if test else {})})
    monkeypatch.setenv("UNROLL_HOME", str(home.root))
    status = called(monkeypatch, "run", "imdb", "--set", f"ingest.source={folder}", "--json")
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    begun, mistake = printed.err.splitlines()
    assert begun.endswith("starting Prefect and torch, reading the data")
    assert "Traceback" not in printed.err
    assert mistake.startswith("unroll: ")
    assert said.replace("*", str(folder)) in mistake
    client = MlflowClient(f"sqlite:///{home.database}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    assert client.search_runs(experiments) == []
    assert not home.reports.exists()


def test_a_run_prints_the_comparison_and_nothing_else(
    unroll: Callable[..., Answer],
    tiny_temperature: ForecastExperiment,
    home: Home,
    tmp_path: Path,
) -> None:
    """A real run, with a temporary Prefect server."""
    tiny = tiny_temperature.model_copy(update={"architectures": ("rnn",)})
    (tmp_path / "here" / "temperature.yaml").write_text(to_yaml(tiny))
    answer = unroll(*("run", "temperature.yaml", "--json"), PREFECT_HOME=str(tmp_path / "prefect"))
    (folder,) = [path for path in home.reports.iterdir() if path.is_dir()]
    assert answer.stdout == (folder / "comparison.json").read_text() + "\n"
    comparison = Comparison.model_validate(json.loads(answer.stdout))
    assert (comparison.experiment, comparison.missing) == ("temperature", ())
    assert [row.name for row in comparison.rows if row.kind == "network"] == ["rnn"]
    lines = answer.stderr.splitlines()
    assert any("rnn seed 1: epoch 1/1: val/loss " in line for line in lines)
    assert "caution" not in answer.stderr  # 5 days are no long way
    assert lines[-1].endswith(f"report: {folder / 'report.html'}")
    assert answer.status == 0
    assert (folder / "report.html").stat().st_size > 1_000_000  # plotly is inside


def test_bad_data_of_one_experiment_are_told_before_another_runs(
    unroll: Callable[..., Answer],
    tiny_temperature: ForecastExperiment,
    home: Home,
    tmp_path: Path,
) -> None:
    few_days = tiny_temperature.ingest.model_copy(update={"num_days": 8})
    short = tiny_temperature.model_copy(update={"name": "short", "ingest": few_days})
    for params in (tiny_temperature, short):
        (tmp_path / "here" / f"{params.name}.yaml").write_text(to_yaml(params))
    answer = unroll(
        *("run", "temperature.yaml", "short.yaml"), PREFECT_HOME=str(tmp_path / "prefect")
    )
    assert answer.status == 2
    begun, mistake = answer.stderr.splitlines()
    assert "reading the data" in begun
    assert mistake.startswith("unroll: short: preprocess: 8 days leave no window of context_length")
    assert not home.reports.exists()


@pytest.mark.slow
def test_an_mlflow_that_does_not_answer_is_told_before_anything_is_trained(
    unroll: Callable[..., Answer], tiny_temperature: ForecastExperiment, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "here" / "temperature.yaml").write_text(to_yaml(tiny_temperature))
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    answer = unroll("run", "temperature.yaml", PREFECT_HOME=str(tmp_path / "prefect"), **away)
    assert answer.status == 2
    begun, mistake = answer.stderr.splitlines()
    assert "reading the data" in begun
    assert mistake.startswith("unroll: MLflow at http://127.0.0.1:9 did not answer: Connection ref")
    assert not (home.store.root / "train").exists()


def test_ctrl_c_in_a_terminal_ends_everything_at_once(
    tiny_temperature: ForecastExperiment, tmp_path: Path
) -> None:
    """A terminal sends the signal to the whole process group, Prefect's server included."""
    endless = tiny_temperature.train.model_copy(update={"max_epochs": 100_000, "patience": None})
    params = tiny_temperature.model_copy(update={"architectures": ("rnn",), "train": endless})
    (tmp_path / "endless.yaml").write_text(to_yaml(params))
    folders = {"UNROLL_HOME": str(tmp_path / "home"), "PREFECT_HOME": str(tmp_path / "prefect")}
    command = [str(Path(sys.executable).with_name("unroll")), "run", str(tmp_path / "endless.yaml")]
    process = subprocess.Popen(
        command,
        env=os.environ | folders,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where the tests run in the background of a shell, they ignore it, and so would the child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    with process.stderr as said:
        next(line for line in said if "epoch 2/" in line)
        os.killpg(process.pid, signal.SIGINT)
        last = said.readlines()[-1]
    assert process.wait(timeout=60) == 130
    assert last == INTERRUPTED
    client = MlflowClient(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    statuses = {run.info.status for run in client.search_runs(experiments)}
    assert statuses == {"KILLED"}
