"""Which finished comparison another run would only make again, and that it was looked at."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from components.storage import Home
from components.tracking import looking
from components.tracking.looking import Same
from components.tracking.opening import Tracking, open_tracking

LIKE = {"params_digest": "d1", "fingerprint": "f1"}
TAGS = {
    "unroll.params_digest": "d1",
    "unroll.fingerprint": "f1",
    "unroll.complete": "true",
    "unroll.missing": "0",
    "unroll.code_revision": "4be71ce",
    "version.torch": "2.13.0",
    "version.python": "3.11.7",
}


@pytest.fixture
def opened(home: Home) -> Tracking:
    return open_tracking(home, "tiny")


@pytest.fixture
def add(opened: Tracking) -> Callable[..., str]:
    """Adds a comparison's own run and gives its MLflow id; a tag that is None is not there."""

    def call(id: str, start: int, kind: str = "comparison", **tags: str | None) -> str:
        changed = {f"unroll.{key}": value for key, value in tags.items()}
        wanted = {**TAGS, "unroll.kind": kind, "unroll.comparison": id, **changed}
        known = {key: value for key, value in wanted.items() if value is not None}
        run = opened.client().create_run(opened.experiment_id, start, known, id)
        found: str = run.info.run_id
        return found

    return call


def test_the_newest_complete_one_of_the_same_params_and_data_is_found(
    opened: Tracking, add: Callable[..., str]
) -> None:
    add("tiny-1", 1_000)
    run_id = add("tiny-2", 90_000)
    assert looking.find_same(opened, **LIKE) == Same(
        run_id=run_id,
        id="tiny-2",
        created="1970-01-01T00:01:30+00:00",
        code_revision="4be71ce",
        versions={"python": "3.11.7", "torch": "2.13.0"},
    )


@pytest.mark.parametrize(
    "tags",
    [
        {"params_digest": "d2"},
        {"fingerprint": "f2"},
        {"complete": None},
        {"missing": "1"},
        {"missing": None},
    ],
)
def test_another_one_is_not(
    opened: Tracking, add: Callable[..., str], tags: dict[str, str | None]
) -> None:
    add("tiny-1", 1_000, **tags)
    assert looking.find_same(opened, **LIKE) is None


def test_neither_a_single_run_nor_a_deleted_comparison_nor_another_experiment_is_found(
    opened: Tracking, add: Callable[..., str], home: Home
) -> None:
    add("tiny-1", 1_000, kind="run")
    opened.client().delete_run(add("tiny-2", 2_000))
    assert looking.find_same(opened, **LIKE) is None
    add("tiny-3", 3_000)
    assert looking.find_same(open_tracking(home, "other"), **LIKE) is None
    assert looking.find_same(opened, **LIKE) is not None


def test_looks_are_counted_and_the_last_one_is_kept(
    opened: Tracking, add: Callable[..., str]
) -> None:
    run_id = add("tiny-1", 1_000)
    same = looking.find_same(opened, **LIKE)
    assert same is not None
    before = datetime.now(UTC).replace(microsecond=0)
    assert [looking.record_look(opened.client(), same) for _ in range(3)] == [1, 2, 3]
    tags = opened.client().get_run(run_id).data.tags
    assert tags["unroll.looks"] == "3"
    assert before <= datetime.fromisoformat(tags["unroll.looked"]) <= datetime.now(UTC)
