"""Params by dotted key."""

import pytest

from params.errors import InputError, plural
from params.flat import flat_sections, flatten, put
from params.load import load


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("start", "start"),
        ((64, 32), "[64, 32]"),
        ([True, False], "[true, false]"),
        (None, "null"),
        (0.001, "0.001"),
        (1e-5, "1e-05"),
        ([], "[]"),
        (("é",), '["é"]'),
    ],
)
def test_params_read_as_they_are_written(value: object, text: str) -> None:
    assert flatten({"a": {"b": {"c": value}}}) == {"a.b.c": text}


def test_sections_stand_under_their_names() -> None:
    params = load("temperature", ["model.hidden_sizes=[4, 3]", "model.dropout=0"])
    flat = flat_sections(model=params.model, train=params.train)
    assert flat["model.hidden_sizes"] == "[4, 3]"
    assert {key.partition(".")[0] for key in flat} == {"model", "train"}
    assert len(flat) == len(type(params.model).model_fields) + len(type(params.train).model_fields)


def test_a_value_is_set_in_sections_that_are_made_where_they_are_not() -> None:
    values: dict[str, object] = {"train": {"seed": 1}, "name": "imdb", "null": None}
    changes = {"train.seed": 2, "train.a.b": [3], "new.c": None, "d": 4, "null.e": 5}
    for key, value in changes.items():
        put(values, key, value, "--set")
    assert values == {
        "train": {"seed": 2, "a": {"b": [3]}},
        "name": "imdb",
        "new": {"c": None},
        "d": 4,
        "null": {"e": 5},
    }
    for key, section in {"name.first": "name", "train.seed.x.y": "train.seed"}.items():
        with pytest.raises(InputError) as caught:
            put(values, key, 1, f"--set {key}")
        assert str(caught.value) == f"--set {key}: {section} is a value, not a section"


def test_a_number_of_things() -> None:
    assert [plural(number, "run") for number in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
    assert [plural(number, "copy", "copies") for number in (1, 2)] == ["1 copy", "2 copies"]
