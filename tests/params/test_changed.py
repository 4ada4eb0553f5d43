"""An experiment with values changed by dotted key."""

import pytest

from params.changed import changed, value_at
from params.errors import InputError
from params.load import load


def test_a_changed_experiment_equals_one_that_was_loaded_so() -> None:
    found = changed(load("imdb"), {"train.batch_size": 8, "model.hidden_sizes": [4, 3]}, "here")
    assert found == load("imdb", ["train.batch_size=8", "model.hidden_sizes=[4,3]"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("train.batch_size", 0, "train.batch_size must be at least 1, got 0 (here)"),
        ("train.batch_sise", 1, "did you mean train.batch_size? (here)"),
        ("seeds.first", 1, "here: seeds is a value, not a section"),
    ],
)
def test_what_is_not_allowed_says_where_it_came_from(key: str, value: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(load("imdb"), {key: value}, "here")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("train.batch_size", 128), ("model.hidden_sizes", [64]), ("model.bidirectional", None)],
)
def test_what_stands_at_a_key(key: str, value: object) -> None:
    assert value_at(load("imdb"), key) == value
