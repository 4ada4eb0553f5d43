"""Params that were not stored have their defaults."""

from params.defaults import defaults, filled
from params.difference import difference, flat
from params.load import load


def test_what_was_not_stored_is_as_if_it_had_been_left_out() -> None:
    old = {"name": "temperature", "resources.workers": "auto"}
    new = {**old, "resources.devices": "2", "resources.precision": "32-true", "seeds": "[1]"}
    assert filled(old, new, "forecast") == {
        **old,
        "resources.devices": "1",
        "resources.precision": "32-true",
    }
    assert filled(new, old, "forecast") == new
    changes = difference(filled(old, new, "forecast"), filled(new, old, "forecast"))
    assert list(map(str, changes)) == ["resources.devices: 1 -> 2", "seeds: (not set) -> [1]"]


def test_every_section_has_its_own() -> None:
    known = defaults("classification")
    assert known["report.excerpts"] == "true"
    assert known["evaluate.texts"] == "[]"
    assert known["compare.smallest_difference"] == known["resources.cluster"] == "null"
    assert "report.excerpts" not in defaults("forecast")
    assert not {"train.batch_size", "seeds", "report.title"} & known.keys()


def test_what_a_grid_varies_and_what_is_a_section_get_none() -> None:
    other = {"model.bidirectional": "null", "resources.cluster": "null"}
    varied = {"grid.model.bidirectional": "[null, [true]]", "resources.cluster.local": "2"}
    assert filled(varied, other, "forecast") == varied


def test_an_experiment_as_it_is_resolved_lacks_nothing_but_its_defaults() -> None:
    old, new = (flat(load("imdb", given)) for given in ((), ("resources.devices=2",)))
    task = "classification"
    changes = difference(filled(old, new, task), filled(new, old, task))
    assert list(map(str, changes)) == ["resources.devices: 1 -> 2"]
