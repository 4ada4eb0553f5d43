"""What a search is: its id, what it begins with, how early it judges, by which metric."""

from collections.abc import Callable
from typing import Any

import pytest

from components.metrics import VAL_ACCURACY, VAL_LOSS, metrics_of
from components.records import Prepared, Search
from components.tune.search import search_for, validation_metric
from params.errors import InputError
from params.load import load
from params.space import space_of
from params.tune import Dimension


@pytest.fixture
def make(prepared: Prepared) -> Callable[..., Search]:
    def call(
        *overrides: str,
        space: tuple[str, ...] = (),
        metric: str = VAL_LOSS,
        num_trials: int = 20,
        seeds: tuple[int, ...] = (1,),
        **data: Any,
    ) -> Search:
        experiment = load("imdb", overrides)
        found, where = space_of(experiment, space)
        return search_for(
            experiment,
            prepared=prepared.model_copy(update=data),
            space=found,
            metric=metrics_of("classification")[metric],
            num_trials=num_trials,
            seeds=seeds,
            space_from=where,
        )

    return call


def test_a_search_goes_on_exactly_where_its_values_can_be_compared(
    make: Callable[..., Search],
) -> None:
    whole = make()
    assert whole.id.startswith("imdb-")
    for same in (
        make(num_trials=30),
        make("architectures=[gru]"),
        make("seeds=[1,2]"),
        make("report.title=Another"),
        make("evaluate.baselines=[majority]"),
    ):
        assert same.id == whole.id
    others = (
        make("train.max_epochs=4"),
        make("model.pooling=max"),
        make(key="other data"),
        make(metric=VAL_ACCURACY),
        make(seeds=(1, 2)),
        make(space=("train.learning_rate=1e-4..1e-2:log",)),
        make(space=("train.learning_rate=1e-4..1e-2",)),
    )
    ids = {whole.id, *(other.id for other in others)}
    assert len(ids) == 1 + len(others)


def test_a_search_begins_with_the_experiment_as_it_is_where_it_can(
    make: Callable[..., Search],
) -> None:
    assert make().first == {
        "train.learning_rate": 1e-3,
        "model.hidden_sizes": [64],
        "model.dropout": 0.0,
    }
    assert make("model.dropout=0.25").first is None  # 0, 0.1, 0.2, 0.3 and so on
    assert make(space=("train.batch_size=8..64",)).first is None  # the experiment has 128


@pytest.mark.parametrize(
    ("epochs", "space", "warm_up"),
    [
        (1, (), 1),
        (3, (), 1),
        (50, (), 5),
        (3, ("train.max_epochs=10..40",), 4),
        (3, ("train.max_epochs=[5,30]",), 3),
    ],
)
def test_a_tenth_of_the_epochs_is_not_judged(
    make: Callable[..., Search], epochs: int, space: tuple[str, ...], warm_up: int
) -> None:
    assert make(f"train.max_epochs={epochs}", space=space).warm_up == warm_up


def test_a_search_survives_json(make: Callable[..., Search]) -> None:
    found = make(space=("train.batch_size=8..64:8", "model.pooling=[last,max]"))
    assert found.space["train.batch_size"] == Dimension(low=8, high=64, step=8)
    again = Search.model_validate_json(found.model_dump_json())
    assert again == found
    assert isinstance(again.space["train.batch_size"].low, int)


@pytest.mark.parametrize(
    ("task", "key", "said"),
    [
        ("classification", "test/accuracy", "a search that looks at the test split leaves nothing"),
        ("classification", "val/mae", "must be one of val/accuracy, val/loss for a classification"),
        ("forecast", "val/accuracy", "must be one of val/mae, val/loss for a forecast"),
        ("forecast", "train/loss", "must be one of val/mae, val/loss"),
    ],
)
def test_only_validation_data_choose(task: Any, key: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        validation_metric(task, key)
    assert said in str(caught.value)


def test_validation_metrics_know_what_is_better() -> None:
    assert validation_metric("classification", "val/accuracy").better == "higher"
    assert validation_metric("forecast", "val/mae").better == "lower"
