"""What `unroll predict` does: the arguments held against each other, a run found, its answers.

Nothing heavy is imported before the arguments are seen to be right.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

from components.storage import Home
from params.errors import InputError
from params.load import load, shipped
from params.names import Architecture, Task
from params.schema import ClassificationExperiment, Experiment

if TYPE_CHECKING:
    from components.tracking.read import FinishedRun

STDIN = "-"
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Asked:
    """The arguments of the command."""

    experiment: str
    texts: tuple[str, ...] = ()
    run_id: str | None = None
    architecture: str | None = None
    file: Path | None = None
    column: str | None = None
    output: Path | None = None
    steps: int | None = None
    skip: bool = False

    @property
    def streams(self) -> bool:
        """Whether texts or values arrive on standard input."""
        return self.texts == (STDIN,)


def predict(asked: Asked, home: Home) -> None:
    """Print or write what the run that was asked for says.

    Raises:
        InputError: If the arguments are wrong, there is no such run, or the data are not as they
            must be.
    """
    check(asked)
    name, known = named(asked.experiment)
    if known is not None:
        check_for_task(asked, known)
    if missing := home.missing_database():
        raise InputError(f"no runs yet: {missing} does not exist; run `unroll run {name}` first")
    from flows.settings import set_defaults

    set_defaults()
    # A person waits: they hear within seconds that a server is away, not after minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    from components.tracking.read import find_run

    with TemporaryDirectory(prefix="unroll-") as scratch:
        run = find_run(
            home.tracking_uri,
            name,
            Path(scratch),
            run_id=asked.run_id,
            architecture=architecture(asked.architecture),
        )
        params = params_of(run)
        check_for_task(asked, params.task)
        answer(asked, run, params)


def answer(asked: Asked, run: "FinishedRun", params: Experiment) -> None:
    """Hand over to what reads texts, or to what continues a series."""
    if isinstance(params, ClassificationExperiment):
        from components.predict.text import load_classifier
        from flows import texts

        classifier = load_classifier(run.folder, run.architecture, params)
        texts.answer(asked, classifier, params.ingest.text_column, lambda: introduce(run))
    else:
        from components.predict.series import load_forecaster
        from flows import forecasts

        forecaster = load_forecaster(run.folder, run.architecture, params)
        forecasts.answer(asked, forecaster, params.ingest, lambda: introduce(run))


def introduce(run: "FinishedRun") -> None:
    """Say who answers."""
    say(f"{run.name} of {run.comparison}, val/loss {run.val_loss:.4f}")


def say(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def check(asked: Asked) -> None:
    """See that the arguments fit together, whatever the task.

    Raises:
        InputError: If they do not.
    """
    if asked.run_id is not None and asked.architecture is not None:
        raise InputError("--run names one run already; leave --architecture out")
    architecture(asked.architecture)
    if asked.texts and asked.file is not None:
        given = "standard input (-)" if asked.streams else "TEXT"
        raise InputError(f"give {given} or --file, not both")
    if STDIN in asked.texts and not asked.streams:
        raise InputError("- stands for standard input; give it alone, or texts without it")
    if asked.column is not None and asked.file is None:
        raise InputError("--column names a column of --file, which is not given")
    if asked.steps is not None and not 1 <= asked.steps <= 1_000_000:
        raise InputError(f"--steps must be between 1 and 1000000, got {asked.steps}")
    if asked.file is not None:
        check_file(asked.file)
    if asked.output is not None:
        check_output(asked.output)


def check_for_task(asked: Asked, task: Task) -> None:
    """See that the arguments are those of the experiment's task.

    Raises:
        InputError: If one is not, or a text is missing.
    """
    if task == "classification":
        if asked.steps is not None:
            raise InputError(f"--steps is for a forecast; {asked.experiment} is a classification")
        if not asked.texts and asked.file is None:
            raise InputError("give a TEXT, --file, or - to read texts from standard input")
        if asked.output is not None and asked.file is None:
            raise InputError("--output is for the rows of --file, which is not given")
        if asked.skip and asked.texts and not asked.streams:
            raise InputError("--skip is for --file and standard input; leave the text out")
        return
    if asked.texts and not asked.streams:
        raise InputError(
            f"{asked.experiment} is a forecast and reads no TEXT; give --file, - to read values "
            "from standard input, or nothing to continue its own series"
        )
    if asked.skip:
        raise InputError("--skip is for texts; a series must be complete")
    if asked.streams and asked.steps is not None:
        raise InputError("--steps is not for standard input: each value is answered by the next")
    if asked.streams and asked.output is not None:
        raise InputError("--output is not for standard input: forecasts are printed as they come")


def check_file(path: Path) -> None:
    """See that a file of the right kind is there.

    Raises:
        InputError: If it is not, or cannot be opened.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--file must end in {' or '.join(SUFFIXES)}, got {path}")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"--file {path} cannot be read: {error.strerror}") from None


def check_output(path: Path) -> None:
    """See that a file can be written there.

    Raises:
        InputError: If that is not so.
    """
    folder = path.resolve().parent
    reason = None
    if path.exists() and not path.is_file():
        reason = "it is not a file"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = f"the folder {folder} is not writable"
    if reason is not None:
        raise InputError(f"--output {path} cannot be written: {reason}")


def architecture(name: str | None) -> Architecture | None:
    """The architecture of that name.

    Raises:
        InputError: If there is none.
    """
    known: tuple[Architecture, ...] = get_args(Architecture)
    if name is None:
        return None
    for one in known:
        if one == name:
            return one
    raise InputError(f"--architecture must be one of {', '.join(known)}, got {name!r}")


def named(experiment: str) -> tuple[str, Task | None]:
    """The name in MLflow of what was asked for, and its task where params say it.

    A shipped name or a params file gives its `name`; anything else is a name already.

    Raises:
        InputError: If it is a path, but not that of a params file.
    """
    looks_like_path = "/" in experiment or experiment.endswith((".yaml", ".yml"))
    if experiment in shipped() or looks_like_path:
        params = load(experiment)
        return params.name, params.task
    return experiment, None


def params_of(run: "FinishedRun") -> Experiment:
    """The resolved params with which the run was trained.

    Raises:
        InputError: If they are not there, or mean nothing to this version of Unroll.
    """
    try:
        return load(str(run.folder / "params.yaml"))
    except InputError as error:
        raise InputError(
            f"the params of {run.name} ({run.run_id}) cannot be used by this version: {error}"
        ) from None
