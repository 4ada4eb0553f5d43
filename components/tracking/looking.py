"""A finished comparison that another run would only make again, and that somebody looked at it."""

from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.entities import Run, RunTag

from components.records import Record
from components.tracking.gone import WHOLE
from components.tracking.opening import Tracking
from components.tracking.search import COMPARISONS, comparison_of, latest_first

LOOKED, LOOKS = "unroll.looked", "unroll.looks"
VERSION = "version."  # what the tags with versions of packages begin with


class Same(Record):
    """A complete comparison of the same params and the same data.

    `created` is when it began, ISO 8601; `code_revision` and `versions` are those that made it.
    """

    run_id: str
    id: str
    created: str
    code_revision: str
    versions: dict[str, str]


def find_same(tracking: Tracking, *, params_digest: str, fingerprint: str) -> Same | None:
    """The newest comparison of the experiment that lacks nothing, of these params and data."""
    query = (
        f"{COMPARISONS} and tags.`unroll.params_digest` = '{params_digest}' "
        f"and tags.`unroll.fingerprint` = '{fingerprint}' "
        f"and {WHOLE}"
    )
    found = next(latest_first(tracking.client(), [tracking.experiment_id], query), None)
    if found is None:
        return None
    return Same(
        run_id=found.info.run_id,
        id=comparison_of(found),
        created=began(found),
        code_revision=found.data.tags.get("unroll.code_revision", ""),
        versions=versions_of(found),
    )


def record_look(client: MlflowClient, same: Same) -> int:
    """Say on the comparison's run that somebody looked just now; returns how often that was."""
    looks = int(client.get_run(same.run_id).data.tags.get(LOOKS, "0")) + 1
    now = datetime.now(UTC).isoformat(timespec="seconds")
    client.log_batch(same.run_id, tags=[RunTag(LOOKED, now), RunTag(LOOKS, str(looks))])
    return looks


def began(run: Run) -> str:
    """When a run began, ISO 8601, in UTC."""
    moment = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return moment.isoformat(timespec="seconds")


def versions_of(run: Run) -> dict[str, str]:
    """The versions of Python and of the packages that made a run, by their names."""
    return {
        key.removeprefix(VERSION): value
        for key, value in sorted(run.data.tags.items())
        if key.startswith(VERSION)
    }
