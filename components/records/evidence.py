"""What a comparison and its runs leave behind, from which it can be put together again."""

from components.records.against import ChampionEvidence
from components.records.comparison import Provenance
from components.records.record import Record
from components.records.stages import Answering, Ingested, Missing, Prepared, Scored, Trained
from params.names import Architecture, Task
from params.schema import Experiment
from params.sections import SeriesModel, TextModel, Train


class RunJob(Record):
    """What one training was asked to do; `key` is the same for trainings with the same result."""

    task: Task
    architecture: Architecture
    seed: int
    model: TextModel | SeriesModel
    train: Train
    key: str


class RunEvidence(Record):
    """What one training leaves: what it was, how it went, and what it scored on the test split.

    Paths in it are those of the machine that it ran on.
    """

    job: RunJob
    trained: Trained
    scored: Scored


class ComparisonEvidence(Record):
    """What a comparison leaves of its own; `created` is when it began, ISO 8601."""

    id: str
    ingested: Ingested
    prepared: Prepared
    provenance: Provenance
    created: str


class Recalled(Record):
    """A comparison as it is found again, with folders that are there.

    `missing` names what had no result when it was looked at. `run_id` is that of the comparison's
    own run in MLflow.
    """

    run_id: str
    experiment: Experiment
    evidence: ComparisonEvidence
    runs: tuple[RunEvidence, ...]
    baselines: tuple[Scored, ...]
    answering: tuple[Answering, ...] = ()
    missing: tuple[Missing, ...] = ()
    champion: ChampionEvidence | None = None
