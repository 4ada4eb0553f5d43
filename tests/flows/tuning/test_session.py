"""How a search ends for whoever typed it."""

import pytest

from components.records import Search, TrialOutcome, Tuned, Tuning
from flows.terminal import showing
from flows.tuning.session import conclude
from params.tune import Dimension

SEARCH = Search(
    id="tiny-1",
    experiment="tiny",
    task="forecast",
    metric="val/loss",
    better="lower",
    architectures=("gru",),
    num_trials=2,
    seeds=(1,),
    space={"train.batch_size": Dimension(low=8, high=64)},
    space_from="--space",
    warm_up=1,
    first=None,
)
PRUNED = TrialOutcome(
    architecture="gru",
    place=1,
    state="pruned",
    values={"train.batch_size": 8},
    value=1.0,
    epochs=1,
)


@pytest.mark.parametrize(
    ("running", "status", "said"),
    [
        (0, 1, "gru: no trial is complete: none ended"),
        (2, 0, "gru: 2 more go on in another process"),
    ],
)
def test_no_complete_trial_is_an_error_unless_another_process_is_at_it(
    running: int, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = Tuned(architecture="gru", trials=(PRUNED,), best=None, as_in_file=None, running=running)
    with showing() as terminal:
        assert conclude(Tuning(search=SEARCH, tuned=(tuned,)), terminal) == status
    text = capsys.readouterr().err
    assert said in text
    assert ("no trial is complete" in text) == (status == 1)
