"""What a flow does before it trains anything: it looks whether all of it is there already."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from components.provenance import changed_since
from components.records import Comparison, Provenance
from components.storage import Home
from components.tracking import gone, looking
from components.tracking.looking import Same
from components.tracking.opening import Tracking
from dashboards.markdown import summary
from dashboards.wording import moment
from flows.beginning import say_interrupted
from flows.context import Context
from flows.reports.artifacts import artifact_key, dashboard_link
from flows.reports.folder import read_report
from flows.reports.shared import bring, publish
from flows.tasks import logger
from params.errors import InputError
from params.schema import Experiment


@task(name="look", cache_policy=NO_CACHE)
def look(
    params: Experiment,
    *,
    fingerprint: str,
    num_runs: int,
    tracking: Tracking,
    provenance: Provenance,
    context: Context,
) -> Comparison | None:
    """The comparison that is there of the same params and data, with its report; None without one.

    None as well where the latest of these params was interrupted, which goes on then. That it was
    looked at is kept in MLflow, on the comparison's run, and in Prefect as an artifact.

    Args:
        params: What is asked.
        fingerprint: That of the data as they are now.
        num_runs: How many trainings are asked for.
        tracking: Where to look.
        provenance: How it would be made now.
        context: What would be made; `fresh` finds nothing.
    """
    if context.fresh or context.take_up is not None:
        return None
    client, home, digest = tracking.client(), context.home, params.digest()
    if gone.unfinished(client, home, experiment_id=tracking.experiment_id, digest=digest):
        return None
    same = looking.find_same(tracking, params_digest=digest, fingerprint=fingerprint)
    if same is None:
        return None
    try:
        found = with_report(same, tracking, home)
    except InputError as error:
        logger.warning("%s is not reused: %s", same.id, error)
        return None
    say_interrupted(gone.end_gone_runs(client, home))
    keep(same, found, told(same, num_runs, provenance), tracking, context)
    return found


def keep(
    same: Same, found: Comparison, lines: Sequence[str], tracking: Tracking, context: Context
) -> None:
    """Say in the log, in MLflow and in Prefect that the comparison was looked at."""
    for line in lines:
        logger.info("%s", line)
    looks = looking.record_look(tracking.client(), same)
    link = dashboard_link(tracking, same.run_id, context.home.reports / same.id)
    said = f"Looked at {context.created}: {' '.join(lines)} Looks since: {looks}."
    create_markdown_artifact(
        f"{said}\n\n{summary(found)}\n\n[Open the dashboard]({link})",
        artifact_key(context.experiment),
        same.id,
    )


def told(same: Same, num_runs: int, now: Provenance) -> list[str]:
    """What is said of a comparison that is reused, a sentence or two."""
    when = f"{moment(same.created)} UTC"
    runs = f"its {num_runs} runs and its report are" if num_runs > 1 else "its run and report are"
    lines = [f"nothing changed since {same.id} of {when}: {runs} reused."]
    if changed := changed_since(same.code_revision, same.versions, now):
        lines.append(
            f"It was made by another revision ({'; '.join(changed)}); --fresh makes it anew."
        )
    return lines


def with_report(same: Same, tracking: Tracking, home: Home) -> Comparison:
    """The comparison as its report has it, which is written again if it is not there.

    Raises:
        InputError: If that is not possible, as when files of its runs are gone from MLflow.
    """
    bring(same.id, home)
    if (there := read_report(home.reports, same.id)) is not None:
        return there
    from components.tracking.asked import recall_comparison
    from flows.reports.again import rebuilt

    with TemporaryDirectory(prefix="unroll-") as scratch:
        found = rebuilt(recall_comparison(tracking.uri, same.id, Path(scratch)))
    publish(found, home)
    logger.info("the report of %s was gone and is written again", same.id)
    return found
