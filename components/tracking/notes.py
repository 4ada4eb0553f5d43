"""The descriptions that people read in MLflow, as Markdown."""

from components.markdown import plain, table
from components.metrics import metrics_of
from components.records import RunEvidence, RunJob
from components.tracking.runs import Parent
from params.names import ARCHITECTURE_LABELS

REPORT = "report"  # the folder of a comparison's artifacts with its page
PAGE = f"{REPORT}/report.html"


def links(parent: Parent) -> str:
    """A line with a link to the dashboard of the comparison, and one to its run."""
    tracking = parent.tracking
    return (
        f"[Open the dashboard]({tracking.page(parent.run_id, PAGE)}) of "
        f"[{plain(parent.id)}]({tracking.page(parent.run_id)})"
    )


def training_note(parent: Parent, job: RunJob, found: RunEvidence | None = None) -> str:
    """What a training is and, once it has ended, how it went."""
    lines = [
        f"**{ARCHITECTURE_LABELS[job.architecture]}, seed {job.seed}**, in answer to: "
        f"*{plain(parent.title)}*",
        "",
        f"Data: {data_of(parent)}.",
        "",
        f"{links(parent)}.",
    ]
    if found is not None:
        lines += ["", outcome(found)]
    return "\n".join(lines)


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
    return f"{opening}\n\nData: {data_of(parent)}.\n\n{links(parent)}."
