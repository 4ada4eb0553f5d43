"""Past comparisons as a person reads them."""

import io
import json

import pytest
from rich.console import Console

from components.storage import Home
from components.tracking import history as tracked
from components.tracking.history import Past
from components.tracking.opening import open_tracking
from flows.reruns import history
from params.errors import InputError

MOMENT = "2026-01-02T03:04:05+00:00"


def past(id: str, **changes: object) -> Past:
    known: dict[str, object] = {
        "id": id,
        "run_id": "1f",
        "created": MOMENT,
        "task": "forecast",
        "status": "complete",
        "missing": 0,
        "metric": "test/mae",
        "best": "GRU",
        "score": 1.58649,
        "params": {"train.max_epochs": "3", "seeds": "1, 2"},
        "params_digest": "d1",
        "fingerprint": "f1",
        "rerun_of": None,
        "looks": 0,
        "looked": None,
        "alert": None,
    }
    return Past.model_validate({**known, **changes})


FOUND = [
    past("tiny-4", status="running", best=None, score=None, params_digest="d3", rerun_of="tiny-3"),
    past("tiny-3", fingerprint="f2", looks=2, looked="2026-02-03T04:05:06+00:00"),
    past("tiny-2", params_digest="d2", params={"train.max_epochs": "5", "seeds": "1"}),
    past("tiny-1", status="incomplete", missing=2, best="Vanilla RNN", alert="it is worse"),
]


def shown(width: int) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False)
    history.show(FOUND, history.changes_of(FOUND), console)
    return file.getvalue().splitlines()


def test_what_changed_is_told_of_the_newer_of_two() -> None:
    assert history.changes_of(FOUND) == [
        [
            "params changed: texts that stand in the params file",
            "data changed: f2 -> f1",
        ],
        ["params changed: train.max_epochs 5 -> 3; seeds 1 -> 1, 2", "data changed: f1 -> f2"],
        ["params changed: train.max_epochs 3 -> 5; seeds 1, 2 -> 1"],
        [],
    ]


def test_what_was_not_stored_then_is_its_default_and_where_it_ran_is_told() -> None:
    old = past("tiny-1")
    stored = {"resources.workers": "auto", "resources.precision": "32-true"}
    same = past("tiny-2", params={**old.params, **stored})
    two = past("tiny-3", params={**old.params, **stored, "resources.devices": "2"})
    assert history.changes_of([two, same, old]) == [
        ["params changed: resources.devices 1 -> 2"],
        [],
        [],
    ]
    assert history.changes_of([old, two])[0] == ["params changed: resources.devices 2 -> 1"]


def test_what_a_search_may_change_is_no_change_of_what_is_computed() -> None:
    old = past("tiny-1")
    space = {"tune.space.train.learning_rate.low": "0.001"}
    searched = past("tiny-2", params={**old.params, **space})
    assert history.changes_of([searched, old]) == [[], []]
    both = past("tiny-3", params={**searched.params, "resources.devices": "2"})
    assert history.changes_of([both, old])[0] == ["params changed: resources.devices 1 -> 2"]


def test_columns_where_there_is_room() -> None:
    assert shown(80) == [
        "2026-01-02 03:04  tiny-4  –            –             running",
        "    params changed: texts that stand in the params file",
        "    data changed: f2 -> f1",
        "    rerun of tiny-3",
        "2026-01-02 03:04  tiny-3  GRU          MAE 1.586 °C  complete",
        "    params changed: train.max_epochs 5 -> 3; seeds 1 -> 1, 2",
        "    data changed: f1 -> f2",
        "    looked at again 2 times, last on 2026-02-03 04:05, and nothing had changed",
        "2026-01-02 03:04  tiny-2  GRU          MAE 1.586 °C  complete",
        "    params changed: train.max_epochs 3 -> 5; seeds 1, 2 -> 1",
        "2026-01-02 03:04  tiny-1  Vanilla RNN  MAE 1.586 °C  2 missing",
        "    alert: it is worse",
    ]


def test_two_lines_where_there_is_none() -> None:
    assert shown(50)[-3:] == [
        "tiny-1",
        "    2026-01-02 03:04  Vanilla RNN  MAE 1.586 °C  2 missing",
        "    alert: it is worse",
    ]


@pytest.mark.parametrize(("metric", "score"), [("test/unknown", 1.0), ("test/mae", None)])
def test_a_score_that_is_not_there(metric: str, score: float | None) -> None:
    assert history.score(past("tiny-1", metric=metric, score=score)) == "–"


def test_what_was_searched_for_better_params_alone_has_no_comparison(home: Home) -> None:
    open_tracking(home, "tiny")
    for as_json in (False, True):
        with pytest.raises(InputError) as caught:
            history.show_history("tiny", home, as_json=as_json)
        assert str(caught.value) == "tiny has no comparison yet; run its params file first"


def test_a_score_that_is_no_number_is_null(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracked, "past", lambda *_: [past("tiny-1", score=float("nan"))])
    history.show_history("tiny", home, as_json=True)
    (one,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert (one["id"], one["score"], one["changed"]) == ("tiny-1", None, [])
