"""The life of a run in MLflow, whether it is that of a comparison or of a training.

A comparison is a parent run, its trainings are nested in it. The process that runs the flow does
all the logging, by explicit run id; children only write files. The tag `unroll.complete` is the
last thing a run gets before it counts: readers take only runs that have it.
"""

import getpass
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from pydantic import Field

from components.manifest import MANIFEST
from components.records import Ingested, Prepared, Provenance, Record
from components.stopping import Interrupted
from components.storage import Home
from components.tracking.opening import Tracking
from components.tracking.owner import owner
from components.tracking.patience import or_warning
from components.train.worker import ChildFailed
from params.kept import PARAMS

COMPLETE = "unroll.complete"
OUTPUTS = "unroll.outputs"  # of the store, that a run was made from: what `unroll clean` keeps
REASON = "unroll.reason"  # why it has no result
TAKEN_UP = "unroll.taken_up"  # how often
RERUN_OF, RERUN_OF_RUN = "unroll.rerun_of", "unroll.rerun_of_run"  # where it came from
MISSING = "unroll.missing"  # how many runs a complete comparison lacks
NOTE = "mlflow.note.content"  # the description of a run, in Markdown
LONGEST_TAG = 8000  # characters that MLflow takes
COMMIT = re.compile(r"[0-9a-f]{7,40}")


class Parent(Record):
    """The run of a comparison, with what its nested runs carry too.

    `title` is the question that is asked, `params` are those that all nested runs share.
    `taken_up` says that it goes on: some of its runs are there. `owner` tags its process.
    """

    tracking: Tracking
    run_id: str
    id: str
    created: str
    title: str
    params: dict[str, str]
    provenance: Provenance
    ingested: Ingested
    prepared: Prepared
    taken_up: bool = False
    owner: dict[str, str] = Field(default_factory=owner)


def start(
    tracking: Tracking, name: str, tags: Mapping[str, str], holder: Mapping[str, str] | None = None
) -> str:
    """The id of a new run, RUNNING; `holder` are the tags of its process, by default this one's."""
    own = {**tags, **(holder or owner())}
    with suppress(OSError, KeyError):  # a container's user may have no name
        own["mlflow.user"] = getpass.getuser()
    run = tracking.client().create_run(tracking.experiment_id, tags=own, run_name=name)
    return str(run.info.run_id)


def describe(parent: Parent, run_id: str, params: Mapping[str, str]) -> None:
    """Log what a run is made from: its params, the params file, and the data set."""
    client = parent.tracking.client()
    client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()])
    client.log_text(run_id, parent.provenance.params, PARAMS)
    sizes = {"train", "val", "test"}
    data = Dataset(
        name=parent.ingested.source[:500],
        digest=parent.ingested.fingerprint,
        source_type="local",
        source=parent.ingested.model_dump_json(include={"source", "fingerprint"}),
        profile=parent.prepared.model_dump_json(include=sizes),
    )
    context = InputTag("mlflow.data.context", "train, val, test")
    client.log_inputs(run_id, [DatasetInput(data, [context])])


def is_complete(run: Run) -> bool:
    """Whether the run has everything that a finished one leaves."""
    return bool(run.data.tags.get(COMPLETE) == "true")


@contextmanager
def ending(tracking: Tracking, run_id: str) -> Iterator[None]:
    """Mark the run FAILED or KILLED, with the reason, if the block does not get to its end.

    What ended it is raised again, also if MLflow cannot be told.
    """
    try:
        yield
    except BaseException as error:  # Ctrl-C too: no run may stay RUNNING
        if isinstance(error, ChildFailed):
            status, reason = error.status, error.reason
        else:
            failed = isinstance(error, Exception) and not isinstance(error, Interrupted)
            status = "FAILED" if failed else "KILLED"
            reason = f"{type(error).__name__}: {error}"
        with or_warning("how a run ended"):
            client = tracking.client()
            client.set_tag(run_id, REASON, reason[:5000])
            client.set_terminated(run_id, status)
            if isinstance(error, ChildFailed) and error.log:
                client.log_text(run_id, error.log, "child.log")
        raise


def finish(client: MlflowClient, run_id: str, status: str, tags: Mapping[str, str]) -> None:
    """End a run whose everything is logged; the tag that says so comes last."""
    cut = {key: shortened(value) for key, value in tags.items()}
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in cut.items()])
    client.set_terminated(run_id, status)
    client.set_tag(run_id, COMPLETE, "true")


def end_open_runs(home: Home, experiment_name: str) -> None:
    """Mark every run of this process that is still RUNNING as KILLED, if MLflow answers."""
    with or_warning("which runs were interrupted"):
        client = MlflowClient(home.tracking_uri)
        known = client.get_experiment_by_name(experiment_name)
        if known is None:
            return
        own = " and ".join(f"tags.`{name}` = '{value}'" for name, value in owner().items())
        mine = f"{own} and attributes.status = 'RUNNING'"
        for run in client.search_runs([known.experiment_id], mine, max_results=10_000):
            client.set_tag(run.info.run_id, REASON, "the comparison was interrupted")
            client.set_terminated(run.info.run_id, "KILLED")


def common_tags(id: str, provenance: Provenance, ingested: Ingested) -> dict[str, str]:
    """What every run of a comparison carries."""
    tags = {
        "unroll.comparison": id,
        "unroll.params_digest": provenance.params_digest,
        "unroll.data": shortened(ingested.source),
        "unroll.fingerprint": ingested.fingerprint,
        "unroll.code_revision": provenance.code_revision,
        "mlflow.source.name": shortened(provenance.command),
        "mlflow.source.type": "LOCAL",
        **{f"version.{package}": number for package, number in provenance.versions.items()},
    }
    if commit := COMMIT.match(provenance.code_revision):
        tags["mlflow.source.git.commit"] = commit.group()
    return tags


def outputs(*paths: Path) -> dict[str, str]:
    """The tag that names the stage outputs in these folders, whichever store they lie in."""
    return {OUTPUTS: " ".join(map(output_name, paths))}


def output_name(path: Path) -> str:
    """`stage/key`, by which an output is called wherever its store lies."""
    return f"{path.parent.name}/{path.name}"


def log_values(client: MlflowClient, run_id: str, values: Mapping[str, float]) -> None:
    """Log numbers of a run that belong to no epoch, but for those that it has already.

    What is another number since the run was taken up, such as that of the best network when one
    more has a result, gets how often it was taken up as its step.
    """
    now, run = int(time.time() * 1000), client.get_run(run_id)
    step = int(run.data.tags.get(TAKEN_UP, "0"))
    new = {key: value for key, value in values.items() if run.data.metrics.get(key) != value}
    client.log_batch(run_id, metrics=[Metric(key, value, now, step) for key, value in new.items()])


def log_once(client: MlflowClient, run_id: str, values: Mapping[str, float]) -> None:
    """Log numbers that would be others if they were measured again, unless the run has them."""
    known = client.get_run(run_id).data.metrics
    log_values(client, run_id, {key: value for key, value in values.items() if key not in known})


def log_files(
    client: MlflowClient, run_id: str, folder: Path, pattern: str, under: str | None = None
) -> None:
    """Log the files of a stage output, but for the store's own manifest.

    Args:
        client: Of the run's server or database.
        run_id: The run.
        folder: The stage output.
        pattern: Of the names of the files.
        under: The folder of the run's artifacts, by default the topmost one.
    """
    for path in sorted(folder.glob(pattern)):
        if path.name != MANIFEST:
            client.log_artifact(run_id, str(path), under)


def shortened(text: str) -> str:
    """`text` if a tag can hold it, else its beginning up to the end of a line."""
    if len(text) <= LONGEST_TAG:
        return text
    kept = text[: LONGEST_TAG - 2]
    return f"{kept.rpartition(chr(10))[0] or kept}\n…"
