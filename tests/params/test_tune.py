"""The section `tune`: what a search may change, and what it may not."""

from pathlib import Path

import pytest

from params.errors import InputError
from params.load import load, to_yaml
from params.tune import Dimension

SPACE = """
tune:
  space:
    train.learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}
    model.hidden_sizes: {choices: [[32], [64, 32]]}
    train.batch_size: {low: 32, high: 256, step: 32}
"""


@pytest.fixture
def with_tune(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(to_yaml(load("temperature")) + SPACE)
    return path


def test_a_space_is_part_of_the_file_and_not_of_the_digest(with_tune: Path) -> None:
    plain, found = load("temperature"), load(str(with_tune))
    assert plain.tune is None
    assert "tune" not in to_yaml(plain)
    assert found.tune is not None
    assert found.tune.space == {
        "train.learning_rate": Dimension(low=1e-4, high=1e-2, log=True),
        "model.hidden_sizes": Dimension(choices=([32], [64, 32])),
        "train.batch_size": Dimension(low=32, high=256, step=32),
    }
    assert found.digest() == plain.digest()
    again = with_tune.with_name("again.yaml")
    again.write_text(to_yaml(found))
    assert load(str(again)) == found


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ("{}", "tune.space must be"),
        ("{ingest.seed: {low: 1, high: 2}}", "tune.space must only have keys of train, model"),
        ("{train: {low: 1, high: 2}}", "such as train.learning_rate, got 'train'"),
        (
            "{preprocess.val_fraction: {low: 0.1, high: 0.2}}",
            "tune.space must not have preprocess.val_fraction: it chooses the validation examples",
        ),
        ("{preprocess.context_length: {low: 1, high: 9}}", "must not have preprocess.context_len"),
        ("{train.x: {low: 1}}", "tune.space.train.x.high is missing: a range has low and high"),
        ("{train.x: {}}", "tune.space.train.x.low is missing"),
        ("{train.x: {low: 2, high: 2}}", "low must be less than high, got 2 and 2"),
        ("{train.x: {low: 0, high: 1, log: true}}", "low must be more than 0 for a range with log"),
        ("{train.x: {low: 1, high: 9, log: true, step: 1}}", "step must be left out of a range"),
        ("{train.x: {low: 1, high: 2, step: 3}}", "step must be at most high - low, 1, got 3"),
        ("{train.x: {choices: [1]}}", "choices must be at least two different values, got [1]"),
        ("{train.x: {choices: [1, 1]}}", "choices must be at least two different values"),
        ("{train.x: {choices: [1, 2], low: 1}}", "choices must stand alone, without low"),
        ("{train.x: {low: a, high: 2}}", 'tune.space.train.x.low must be a whole number, got "a"'),
        ("{train.x: {lo: 1, high: 2}}", "tune.space.train.x.lo is not a known key; did you mean"),
    ],
)
def test_a_space_that_says_nothing_is_refused(with_tune: Path, space: str, said: str) -> None:
    with_tune.write_text(to_yaml(load("temperature")) + f"\ntune:\n  space: {space}\n")
    with pytest.raises(InputError) as caught:
        load(str(with_tune))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("dimension", "inside", "outside"),
    [
        (Dimension(low=0.1, high=0.5), [0.1, 0.25, 0.5], [0.09, 0.51, None, "0.2", [0.2]]),
        (Dimension(low=32, high=256, step=32), [32, 96, 256], [33, 288, True]),
        (Dimension(low=0.0, high=0.5, step=0.1), [0.0, 0.3, 0.5], [0.25]),
        (Dimension(choices=([64], [64, 32])), [[64], [64, 32]], [64, [32, 64]]),
    ],
)
def test_which_values_a_dimension_holds(
    dimension: Dimension, inside: list[object], outside: list[object]
) -> None:
    assert all(dimension.holds(value) for value in inside)
    assert not any(dimension.holds(value) for value in outside)
