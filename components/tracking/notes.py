"""The descriptions that people read in MLflow, as Markdown."""

from components.markdown import plain, table
from components.metrics import metrics_of
from components.records import Claimed, RunEvidence, RunJob, Search
from components.tracking.runs import Parent
from params.flat import flatten
from params.names import ARCHITECTURE_LABELS

REPORT = "report"  # the folder of a comparison's artifacts with its page
PAGE = f"{REPORT}/report.html"


def dashboard(parent: Parent) -> str:
    """A link to the page of the comparison; MLflow's UI opens it where it is."""
    return f"[Open the dashboard]({parent.tracking.page(parent.run_id, PAGE)})"


def training_note(parent: Parent, job: RunJob, found: RunEvidence | None = None) -> str:
    """What a training is and, once it has ended, how it went.

    MLflow's UI shows the first lines and the others on demand: the link stands in the first.
    """
    comparison = f"[{plain(parent.id)}]({parent.tracking.page(parent.run_id)})"
    paragraphs = [
        f"**{ARCHITECTURE_LABELS[job.architecture]}, seed {job.seed}** of {comparison}. "
        f"{dashboard(parent)}.",
        f"*{plain(parent.title)}*",
    ]
    if found is not None:
        paragraphs.append(outcome(found))
    return "\n\n".join([*paragraphs, f"Data: {data_of(parent)}."])


def data_of(parent: Parent) -> str:
    """The data of the comparison in a few words, with their fingerprint and sizes."""
    sizes = parent.prepared
    return (
        f"{plain(parent.ingested.source)}, fingerprint `{parent.ingested.fingerprint}`, "
        f"{sizes.train:,} to train, {sizes.val:,} to validate, {sizes.test:,} to test"
    )


def outcome(found: RunEvidence) -> str:
    """The table of what a training reached, at the epoch whose weights were kept."""
    trained, scored = found.trained, found.scored
    values = {**trained.best_metrics, **scored.metrics}
    rows = [("Best epoch", f"{trained.best_epoch} of {len(trained.epochs)}")]
    for metric in metrics_of(found.job.task).values():
        if metric.key in values:
            said = f"{values[metric.key]:.{metric.digits}f} {metric.unit}".rstrip()
            rows.append((metric.label, said))
    rows.append(("Parameters", f"{trained.num_parameters:,}"))
    rows.append(("Training", f"{trained.train_seconds:.1f} s"))
    return table(("At the best epoch", "Value"), rows)


def comparison_note(parent: Parent, said: str = "") -> str:
    """What a comparison asks and, once it has ended, `said` of its result."""
    opening = said or f"**{plain(parent.title)}**"
    return f"{dashboard(parent)}.\n\n{opening}\n\nData: {data_of(parent)}."


def search_note(parent: Parent, search: Search, said: str = "") -> str:
    """What a search is and, once it has ended, `said` of its result."""
    opening = said or (
        f"**A search for better params of {plain(search.experiment)}**, by {search.metric}: "
        f"{search.num_trials} trials of each architecture."
    )
    source = f"{plain(parent.ingested.source)}, fingerprint `{parent.ingested.fingerprint}`"
    return f"{opening}\n\nData: {source}; the test split is not read."


def trial_note(parent: Parent, claimed: Claimed) -> str:
    """Which trial it is."""
    search = f"[{plain(parent.id)}]({parent.tracking.page(parent.run_id)})"
    values = ", ".join(f"{key} {value}" for key, value in flatten(claimed.values).items())
    return f"**{plain(claimed.name)}** of the search {search}.\n\n{plain(values)}"
