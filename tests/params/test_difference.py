"""What sets two sets of params apart."""

import pytest

from params.difference import Change, difference, flat
from params.load import load


def test_every_key_that_is_not_the_same_in_the_order_of_the_old_then_of_the_new() -> None:
    old = {"a": "1", "b": "2", "c": "3"}
    new = {"d": "4", "c": "5", "a": "1"}
    assert difference(old, new) == [
        Change("b", "2", None),
        Change("c", "3", "5"),
        Change("d", None, "4"),
    ]
    assert difference(old, old) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3", "5", "k: 3 -> 5"),
        (None, "5", "k: (not set) -> 5"),
        ("a\n b", None, "k: a b -> (not set)"),
        ("x" * 60, "y", f"k: {'x' * 60} -> y"),
        ("x" * 61, "y", f"k: {'x' * 59}… -> y"),
        ("x" * 61, "x" * 1061, "k: 61 characters -> 1,061 characters"),
        ("x" * 60 + "a", "x" * 60 + "b", "k: 61 characters -> 61 characters, otherwise"),
        ("a b", "a  b", "k: 3 characters -> 4 characters"),
    ],
)
def test_a_change_is_one_short_line_whose_sides_differ(
    old: str | None, new: str | None, said: str
) -> None:
    change = Change("k", old, new)
    assert str(change) == said
    assert change.values == " -> ".join(change.sides)


def test_params_are_compared_by_dotted_key() -> None:
    old = load("temperature")
    new = load("temperature", ["train.max_epochs=7", "model.dropout=[0.1,0.2]", "seeds=[4]"])
    assert [str(one) for one in difference(flat(old), flat(new))] == [
        "seeds: [1, 2, 3] -> [4]",
        f"train.max_epochs: {old.train.max_epochs} -> 7",
        "model.dropout: 0.2 -> [0.1, 0.2]",
    ]
