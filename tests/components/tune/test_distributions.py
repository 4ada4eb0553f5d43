"""Dimensions as Optuna keeps them, and back."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from components.tune.distributions import as_params, as_suggestion, distribution
from params.tune import Dimension


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (Dimension(low=1e-4, high=1e-2, log=True), FloatDistribution(1e-4, 1e-2, log=True)),
        (Dimension(low=0.0, high=0.5, step=0.1), FloatDistribution(0.0, 0.5, step=0.1)),
        (Dimension(low=8, high=64), IntDistribution(8, 64)),
        (Dimension(low=8, high=64, step=8), IntDistribution(8, 64, step=8)),
        (Dimension(low=8, high=64, log=True), IntDistribution(8, 64, log=True)),
        (Dimension(choices=([64], [64, 32])), CategoricalDistribution(["[64]", "[64, 32]"])),
        (Dimension(choices=("last", None)), CategoricalDistribution(['"last"', "null"])),
    ],
)
def test_a_dimension_is_a_distribution(dimension: Dimension, expected: object) -> None:
    assert distribution(dimension) == expected


def test_suggestions_become_params_and_params_suggestions() -> None:
    space = {
        "train.learning_rate": Dimension(low=0.00012345612, high=0.01, log=True),
        "model.dropout": Dimension(low=0.0, high=0.5, step=0.1),
        "model.hidden_sizes": Dimension(choices=([64], [64, 32])),
        "train.batch_size": Dimension(low=8, high=64),
    }
    found = as_params(
        space,
        {
            "train.learning_rate": 0.00012345612345,  # six digits of it would lie below the range
            "model.dropout": 0.30000000000000004,
            "model.hidden_sizes": "[64, 32]",
            "train.batch_size": 9,
        },
    )
    assert found == {
        "train.learning_rate": 0.00012345612,
        "model.dropout": 0.3,
        "model.hidden_sizes": [64, 32],
        "train.batch_size": 9,
    }
    assert as_suggestion(space, found) == {**found, "model.hidden_sizes": "[64, 32]"}
