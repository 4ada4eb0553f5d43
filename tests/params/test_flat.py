"""Params by dotted key."""

import pytest

from params.flat import flat_sections, flatten
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
