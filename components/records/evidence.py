"""What a run and a comparison leave in MLflow, so that a comparison can be made from that alone.

Folders in them are those of the machine that wrote them; a reader puts its own in their place.
"""

from typing import Literal

from components.records.comparison import Provenance
from components.records.record import Record
from components.records.stages import Answering, Ingested, Missing, Prepared, Scored, Trained
from params.names import Architecture
from params.sections import SeriesModel, TextModel, Train

RUN_EVIDENCE = "run.json"  # beside the run's other files
COMPARISON_FOLDER = "comparison"  # of the comparison's own run, which holds all of these
COMPARISON_EVIDENCE = "evidence.json"
PREPARED_FOLDER = "prepared"
BASELINES_FOLDER = "baselines"
MISSING = "missing.json"
ANSWERING = "answering.json"


class TrainedAs(Record):
    """What was trained: one architecture with one seed, and its params.

    `key` is the digest of everything that the result depends on.
    """

    architecture: Architecture
    seed: int
    model: TextModel | SeriesModel
    train: Train
    key: str


class RunEvidence(Record):
    """A finished run."""

    job: TrainedAs
    trained: Trained
    scored: Scored


class ComparisonEvidence(Record):
    """What is known of a comparison when it begins; `created` is ISO 8601."""

    id: str
    ingested: Ingested
    prepared: Prepared
    provenance: Provenance
    created: str


class Recalled(Record):
    """A comparison as it is found again, with folders that are there.

    `missing` is final where the comparison came to its end; else it names what had no result when
    it was looked at. `run_id` is that of the comparison's own run.
    """

    run_id: str
    status: Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
    evidence: ComparisonEvidence
    runs: tuple[RunEvidence, ...]
    baselines: tuple[Scored, ...]
    answering: tuple[Answering, ...] = ()
    missing: tuple[Missing, ...] = ()
