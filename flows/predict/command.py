"""What `unroll predict` does: a run is found, and hands over to what reads texts or series.

Nothing heavy is imported before the arguments are seen to be right.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from components.storage import Home
from flows.predict.arguments import Asked, architecture, check, check_for_task
from params.kept import PARAMS, load_kept
from params.load import load, shipped, to_run
from params.names import Task
from params.schema import ClassificationExperiment, Experiment

if TYPE_CHECKING:
    from components.tracking.read import FinishedRun


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
    from flows.reading import require_runs
    from flows.settings import few_tries, set_defaults

    require_runs(home, to_run(name))
    set_defaults()
    from components.tracking.read import find_run

    with few_tries(), TemporaryDirectory(prefix="unroll-") as scratch:
        run = find_run(
            home.tracking_uri,
            name,
            Path(scratch),
            run_id=asked.run_id,
            architecture=architecture(asked.architecture),
        )
        params = load_kept(run.folder / PARAMS, f"{run.name} ({run.run_id})")
        check_for_task(asked, params.task)
        answer(asked, run, params)


def answer(asked: Asked, run: "FinishedRun", params: Experiment) -> None:
    """Hand over to what reads texts, or to what continues a series."""
    from components.predict.restore import use_one_thread

    use_one_thread()
    if isinstance(params, ClassificationExperiment):
        from components.predict.text import load_classifier
        from flows.predict import texts

        classifier = load_classifier(run.folder, run.architecture, params)
        texts.answer(asked, classifier, params.ingest.text_column, lambda: introduce(run))
    else:
        from components.predict.series import load_forecaster
        from flows.predict import forecasts

        forecaster = load_forecaster(run.folder, run.architecture, params)
        forecasts.answer(asked, forecaster, params.ingest, lambda: introduce(run))


def introduce(run: "FinishedRun") -> None:
    """Say who answers."""
    from flows.terminal import note

    note(f"{run.name} of {run.comparison}, val/loss {run.val_loss:.4f}")
    if run.refused:
        note(f"{run.refused} is newer and was passed over: its alert fired; --run takes any run")


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
