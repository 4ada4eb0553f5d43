"""What the last champion of an experiment says of the test split of a later comparison.

It reads the raw test examples through its own preprocessing: its vocabulary and its truncation, or
its scaler and its context. What it says is scored and kept as that of any run.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.evaluate.predictions import write_predictions
from components.files import file_digest
from components.outputs import Store, key_of
from components.preprocess.text import PREPARED, read_split
from components.preprocess.vocabulary import VOCABULARY
from components.records import Ingested, Prepared, Record, Said
from components.train.job import WEIGHTS
from components.train.worker import run_in_child
from params.errors import InputError
from params.kept import PARAMS
from params.load import load
from params.names import Task
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

VERSION = 1  # of how a champion answers; a change of it lets stored ones answer again
SAID = "said.json"

Values = NDArray[np.float64]


class ChampionJob(Record):
    """A champion, whose files lie in `folder`, and the data whose test split it answers."""

    folder: Path
    task: Task
    ingested: Ingested
    prepared: Prepared
    num_threads: int

    @property
    def key(self) -> str:
        """The digest of all that its answers depend on; its params are among its files."""
        paths = (self.folder / name for name in (PARAMS, PREPARED, VOCABULARY, WEIGHTS))
        files = (file_digest(path) for path in paths if path.is_file())
        return key_of("champion", VERSION, self.prepared.key, *files)


def evaluate_champion(job: ChampionJob, store: Store, *, fresh: bool = False) -> Said:
    """What the champion says of the test split.

    Raises:
        InputError: If it cannot answer it, such as one that forecasts fewer days.
        ChildFailed: If the child that computes it fails or is killed.
    """
    require_answerable(job)

    def make(folder: Path) -> None:
        run_in_child(answer, job.model_dump_json(), folder)

    output = store.output("evaluate", job.key, make, fresh=fresh, whose="the last champion")
    said = Said.model_validate_json((output.path / SAID).read_text(encoding="utf-8"))
    return said.model_copy(update={"path": output.path})


def require_answerable(job: ChampionJob) -> Experiment:
    """The params of the champion, by which it can answer the test split.

    Raises:
        InputError: If they are not readable, or of another task or another length of forecasts.
    """
    if not (job.folder / PARAMS).is_file():
        raise InputError(f"its files are not at {job.folder}")
    params = load(str(job.folder / PARAMS))
    if params.task != job.task:
        raise InputError(f"its task is {params.task}, not {job.task}")
    if isinstance(params, ForecastExperiment):
        told, wanted = params.preprocess.prediction_length, job.prepared.spec.output_size
        if told != wanted:
            raise InputError(f"it forecasts {told} days at a time, not {wanted}")
    return params


def answer(text: str, folder: Path) -> None:
    """Let the champion answer inside the child, where torch is imported."""
    import torch

    job = ChampionJob.model_validate_json(text)
    torch.set_num_threads(job.num_threads)
    params = require_answerable(job)
    if isinstance(params, ClassificationExperiment):
        estimate = of_texts(job, params)
    else:
        estimate = of_days(job, params)
    written = write_predictions(job.task, job.ingested, job.prepared, estimate, folder)
    said = Said(path=Path(), truth_digest=written.truth_digest, metrics=written.metrics)
    (folder / SAID).write_text(said.model_dump_json(), encoding="utf-8")


def of_texts(job: ChampionJob, params: ClassificationExperiment) -> Values:
    """The probability of label 1 for every test text, `(N, 1)`."""
    from components.evaluate.predict import load_network, probabilities, run
    from components.preprocess import tokens
    from components.preprocess.batches import load_split
    from components.preprocess.vocabulary import encode_split, ids_of, read_vocabulary

    (architecture,) = params.architectures  # that of the one run which the folder is of
    prepared = own(job)
    network = load_network(architecture, params.model, prepared.spec, job.folder)
    if prepared.key == job.prepared.key:  # the same texts by the same vocabulary: encoded already
        return run(network, load_split(job.prepared.path, "test")).sigmoid().numpy()
    slices = list(tokens.tokenise_slices(read_split(job.ingested.path, "test")[0]))
    encoded = encode_split(slices, ids_of(read_vocabulary(job.folder)), params.preprocess)
    return probabilities(network, *encoded)[:, None]


def of_days(job: ChampionJob, params: ForecastExperiment) -> Values:
    """The forecasts for every test window in degrees C, `(N, P)`.

    Raises:
        InputError: If the series has too few days before them for it to read.
    """
    from components.evaluate.answers import series_answer
    from components.evaluate.predict import load_network
    from components.evaluate.truth import series_truth

    truth = series_truth(job.ingested, job.prepared)
    if truth.known < params.preprocess.context_length:
        raise InputError(
            f"it reads {params.preprocess.context_length} days, and {truth.known} precede the test"
        )
    (architecture,) = params.architectures
    prepared = own(job)
    network = load_network(architecture, params.model, prepared.spec, job.folder)
    return series_answer(network, prepared, params.preprocess, truth.value)(truth.days)


def own(job: ChampionJob) -> Prepared:
    """What preprocess knew of the data that the champion was trained on."""
    return Prepared.model_validate_json((job.folder / PREPARED).read_text(encoding="utf-8"))
