"""Which trials a search claims, while it goes on and when it is being ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.records import Claimed, Search, TrialOutcome, Tuned
from components.stopping import Interrupted, stopping
from components.storage import Home
from components.train.worker import ChildFailed
from components.tune.studies import working_at
from components.tune.study import ArchitectureStudy
from components.tune.trial import ended
from flows.tuning import flow
from params.tune import Dimension

ONE_AT_A_TIME: Any = SimpleNamespace(workers=1)
SEARCH = Search(
    id="tiny-1",
    experiment="tiny",
    task="forecast",
    metric="val/loss",
    better="lower",
    architectures=("gru",),
    num_trials=14,
    seeds=(1,),
    space={"train.learning_rate": Dimension(low=1e-4, high=1e-1, log=True)},
    space_from="--space",
    warm_up=1,
    first=None,
)


@dataclass(frozen=True, eq=False)
class Done:
    """A future that is done."""

    outcome: TrialOutcome | ChildFailed

    def result(self, *, raise_on_failure: bool) -> TrialOutcome | ChildFailed:
        assert not raise_on_failure
        return self.outcome


class Trials:
    """Trials without training; the one in the place `lost` is killed with the server."""

    def __init__(self, lost: int = 0):
        self.lost = lost

    def submit(self, claimed: Claimed, study: ArchitectureStudy, _: object) -> Done:
        if claimed.place == self.lost:
            stopping.set()
            return Done(ChildFailed("the training was killed", status="KILLED"))
        rate = claimed.values["train.learning_rate"]
        outcome = ended(claimed, "complete", epochs=1, value=abs(rate - 0.01), seconds=1.0)
        study.end(claimed, outcome)
        return Done(outcome)


@pytest.fixture(autouse=True)
def going_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Futures are done in the order in which they are asked, and this process goes on at last."""
    monkeypatch.setattr(flow, "as_completed", iter)
    yield
    stopping.clear()


def searched(root: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials) -> tuple[Tuned, ...]:
    monkeypatch.setattr(flow, "trial", trials)
    with working_at(SEARCH, Home(root)) as studies:
        flow.try_all(studies, ONE_AT_A_TIME)
        return studies.found()


def test_a_search_that_lost_the_server_claims_nothing_more_and_equals_an_undisturbed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    undisturbed = searched(tmp_path / "whole", monkeypatch, Trials())
    assert len(undisturbed[0].trials) == 14
    with pytest.raises(Interrupted, match="the search is being ended"):
        searched(tmp_path / "lost", monkeypatch, Trials(lost=11))
    stopping.clear()
    assert searched(tmp_path / "lost", monkeypatch, Trials()) == undisturbed


def test_the_last_trial_that_is_killed_ends_no_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        searched(tmp_path, monkeypatch, Trials(lost=14))


@pytest.mark.parametrize(
    ("num_trials", "said"),
    [
        (20, "tune: gru goes on after 14 of 20 trials"),
        (14, "tune: gru has 14 trials already, and --trials asks for 14: none is added"),
        (2, "tune: gru has 14 trials already, and --trials asks for 2: none is added"),
    ],
)
def test_it_is_said_what_is_there_already(
    num_trials: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    searched(tmp_path, monkeypatch, Trials())
    with working_at(SEARCH.model_copy(update={"num_trials": num_trials}), Home(tmp_path)) as found:
        caplog.set_level("INFO", "components")
        flow.say_where_it_stands(found)
    assert caplog.messages == [said]
