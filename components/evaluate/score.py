"""Test scores of one network or baseline, made in a child and kept with what is behind them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from components import metrics
from components.evaluate.predictions import write_predictions
from components.files import file_digest
from components.outputs import Store, key_of
from components.records import Ingested, Prepared, Record, Scored, Trained
from components.train import placing
from components.train.job import WEIGHTS, TrainingJob
from components.train.worker import run_in_child
from params.names import SeriesBaseline, TextBaseline
from params.sections import SeriesEvaluate, TextEvaluate, TextPreprocess

VERSION = 3  # of how test examples are scored; a change of it scores stored runs again
SCORED = "scored.json"

Values = NDArray[np.float64]


class NewTexts(Record):
    """Texts that nobody labelled, and how the texts of the experiment become numbers."""

    texts: tuple[str, ...]
    preprocess: TextPreprocess


class NetworkJob(Record):
    """A trained network to score, and to read new texts with where there are any."""

    ingested: Ingested
    training: TrainingJob
    trained: Trained
    new: NewTexts | None = None


class TextBaselineJob(Record):
    """A baseline of a classification to fit and score."""

    task: Literal["classification"] = "classification"
    ingested: Ingested
    prepared: Prepared
    name: TextBaseline
    params: TextEvaluate


class SeriesBaselineJob(Record):
    """A baseline of a forecast to fit and score."""

    task: Literal["forecast"] = "forecast"
    ingested: Ingested
    prepared: Prepared
    name: SeriesBaseline
    params: SeriesEvaluate


BaselineJob = TextBaselineJob | SeriesBaselineJob


def evaluate_network(job: NetworkJob, store: Store, *, fresh: bool = False) -> Scored:
    """The test metrics of a trained network, and what it says of the new texts.

    Raises:
        ChildFailed: If the child that computes them fails or is killed.
    """

    def make(folder: Path) -> None:
        with placing.here().place(one_device(job.training)) as gpus:
            training = job.training.model_copy(update={"gpus": gpus})
            placed = job.model_copy(update={"training": training})
            run_in_child(score_network, placed.model_dump_json(), folder)

    weights = file_digest(job.trained.path / WEIGHTS)
    texts = job.new.texts if job.new else ()
    key = key_of("network", VERSION, job.training.key, weights, *texts)
    scored = stored(key, make, store, fresh=fresh, whose=job.training.name)
    # A training that was done again has other costs, and the same weights.
    spent = {name: getattr(job.trained, name) for name in ("train_seconds", "peak_memory_bytes")}
    return scored.model_copy(update=spent)


def one_device(job: TrainingJob) -> TrainingJob:
    """What scoring takes of a machine: no more than a training of its kind, on one device."""
    resources = job.resources.model_copy(update={"devices": 1, "num_nodes": 1})
    return job.model_copy(update={"resources": resources})


def evaluate_baseline(job: BaselineJob, store: Store, *, fresh: bool = False) -> Scored:
    """The test metrics of a baseline.

    Raises:
        ChildFailed: If the child that fits it fails or is killed.
    """

    def make(folder: Path) -> None:
        run_in_child(score_baseline, job.model_dump_json(), folder)

    # Which others there are, and what the networks read besides, changes no score of this one.
    others: dict[str, object] = {"baselines": ()}
    if isinstance(job, TextBaselineJob):
        others["texts"] = ()
    parts = (job.prepared.key, job.name, job.params.model_copy(update=others).digest())
    key = key_of("baseline", VERSION, *parts)
    return stored(key, make, store, fresh=fresh, whose=job.name)


def stored(
    key: str, make: Callable[[Path], None], store: Store, *, fresh: bool, whose: str
) -> Scored:
    """The scores under `key`, made if they are not in the store."""
    output = store.output("evaluate", key, make, fresh=fresh, whose=whose)
    scored = Scored.model_validate_json((output.path / SCORED).read_text(encoding="utf-8"))
    return scored.model_copy(update={"path": output.path})


def score_network(text: str, folder: Path) -> None:
    """Score a network inside the child, where torch is imported."""
    from components.evaluate.predict import predict_test, predict_texts

    job = NetworkJob.model_validate_json(text)
    training = job.training
    placing.see_only(training.gpus)
    estimate = predict_test(training, job.trained.path)
    written = write_predictions(training.task, job.ingested, training.prepared, estimate, folder)
    readable = metrics.metrics_of(training.task).keys() - {metrics.TRAIN_LOSS, metrics.VAL_LOSS}
    best = {key: value for key, value in job.trained.best_metrics.items() if key in readable}
    said: Sequence[float] = ()
    if job.new:
        new = job.new
        said = predict_texts(training, job.trained.path, new.texts, new.preprocess).tolist()
    scored = Scored(
        path=Path(),
        fingerprint=training.prepared.fingerprint,
        kind="network",
        name=training.architecture,
        seed=training.seed,
        num_parameters=job.trained.num_parameters,
        train_seconds=job.trained.train_seconds,
        truth_digest=written.truth_digest,
        peak_memory_bytes=job.trained.peak_memory_bytes,
        metrics={**written.metrics, **best},
        new_texts=tuple(said),
    )
    (folder / SCORED).write_text(scored.model_dump_json(), encoding="utf-8")


def score_baseline(text: str, folder: Path) -> None:
    """Fit, keep and score a baseline inside the child, where scikit-learn is imported."""
    from components.evaluate.baselines import num_parameters
    from components.evaluate.fit import series_outcome, text_outcome
    from components.evaluate.kept import keep

    adapter: TypeAdapter[BaselineJob] = TypeAdapter(BaselineJob)
    job = adapter.validate_json(text)
    if isinstance(job, SeriesBaselineJob):
        outcome = series_outcome(job.name, job.ingested, job.prepared, job.params)
    else:
        outcome = text_outcome(job.name, job.ingested)
    keep(outcome.fitted, folder)
    written = write_predictions(job.task, job.ingested, job.prepared, outcome.estimate, folder)
    scored = Scored(
        path=Path(),
        fingerprint=job.prepared.fingerprint,
        kind="baseline",
        name=job.name,
        seed=None,
        num_parameters=num_parameters(outcome.fitted),
        train_seconds=outcome.seconds,
        truth_digest=written.truth_digest,
        peak_memory_bytes=outcome.peak_memory_bytes,
        metrics=written.metrics,
    )
    (folder / SCORED).write_text(scored.model_dump_json(), encoding="utf-8")
