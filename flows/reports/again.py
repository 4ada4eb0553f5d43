"""`unroll report` and `unroll compare`: pages from what MLflow holds, without any training."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain

from components.records import Comparison, Evidence, Recalled
from components.storage import Home
from flows.reading import reading
from flows.terminal import note
from params.errors import InputError
from params.names import COMPARED


def report(id: str, home: Home) -> int:
    """Make a comparison's report again, and say what is in it on stderr; returns the exit status.

    Args:
        id: What names the comparison.
        home: The folder for everything.

    Raises:
        InputError: If there is no such comparison, or its evidence is gone.
    """
    with reading(home) as scratch:
        from components.tracking.asked import recall_comparison

        return tell(rebuilt(recall_comparison(home.tracking_uri, id, scratch)), home)


def compare(ids: Sequence[str], home: Home, *, metric: str | None, title: str | None) -> int:
    """Make a report on all that `ids` name, and say what is in it; returns the exit status.

    Args:
        ids: What names the comparisons and runs.
        home: The folder for everything.
        metric: What ranks the rows, by default as in the first of them.
        title: The heading, by default one out of their names.

    Raises:
        InputError: If an id names nothing, evidence is gone, or they cannot be compared.
    """
    if title is not None and not title.strip():
        raise InputError("--title must not be blank")
    with reading(home) as scratch:
        from components.compare.across.merged import compare_across
        from components.compare.across.points import sides_of
        from components.provenance import provenance_across
        from components.tracking.asked import recall_asked

        found = recall_asked(home.tracking_uri, ids, scratch)
        if metric is not None:
            require_metric(metric, found[0][1])
        sources = {called: recalled.evidence.provenance for called, recalled in found}
        moment = datetime.now(UTC)
        comparison = compare_across(
            list(chain.from_iterable(sides_of(called, recalled) for called, recalled in found)),
            provenance_across(sources, command(found, metric, title)),
            id=f"{COMPARED}-{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            created=moment.isoformat(timespec="seconds"),
            metric=metric,
            title=title,
        )
        return tell(comparison, home)


def require_metric(key: str, recalled: Recalled) -> None:
    """See that a comparison can be ranked by what was asked for.

    Raises:
        InputError: If its task has no such metric.
    """
    from components.metrics import ranking_metric

    try:
        ranking_metric(recalled.experiment.task, key)
    except InputError as error:
        raise InputError(str(error).replace("compare.metric", "--metric", 1)) from None


def rebuilt(recalled: Recalled) -> Comparison:
    """The comparison as it was made at first, or as far as it got.

    Raises:
        InputError: If nothing in it has a result.
    """
    from components.compare.across.points import compare_points

    begun = recalled.evidence
    scored = (*(run.scored for run in recalled.runs), *recalled.baselines)
    if not scored:
        raise InputError(f"no run of {begun.id} is finished; there is nothing to report")
    evidence = Evidence(
        ingested=begun.ingested,
        prepared=begun.prepared,
        trained=tuple(run.trained for run in recalled.runs),
        scored=scored,
        answering=recalled.answering,
        missing=recalled.missing,
        champion=recalled.champion,
    )
    return compare_points(
        recalled.experiment, evidence, begun.provenance, id=begun.id, created=begun.created
    )


def tell(comparison: Comparison, home: Home) -> int:
    """Write the report, and say what was left out, what is the result, and where it is.

    Returns the exit status: 1 if it is without some of the runs.

    Raises:
        InputError: If it cannot be written.
    """
    from dashboards.verdict import verdict
    from dashboards.wording import run_name
    from flows.reports.folder import PAGE
    from flows.reports.shared import publish

    try:
        folder = publish(comparison, home)
    except OSError as error:
        raise InputError(
            f"the report cannot be written: {error.filename or home.reports}: {error.strerror}"
        ) from None
    for one in comparison.missing:
        note(f"without {run_name(one)}: {one.status}, {' '.join(one.reason.split())}")
    note(verdict(comparison).headline)
    note(f"report: {folder / PAGE}")
    return 1 if comparison.missing else 0


def command(
    found: Sequence[tuple[str, Recalled]], metric: str | None, title: str | None
) -> list[str]:
    """The command that makes the page again, with whole ids."""
    words = ["unroll", "compare"]
    for called, recalled in found:
        whole = called == recalled.evidence.id
        words += [called] if whole else [str(run.scored.run_id) for run in recalled.runs]
    words += ["--metric", metric] if metric else []
    return words + (["--title", title] if title else [])
