"""What was done, said as it was done: by the data, the seeds and the number of pairs."""

import numpy as np
import pytest

from components.compare.evidence.method import method_of
from components.compare.evidence.sample import RowSample, Sample
from components.metrics import ranking_metric

ACCURACY = ranking_metric("classification", "test/accuracy")
MAE = ranking_metric("forecast", "test/mae")


def sample(num_seeds: int, *, horizon: int = 1, length: int = 1) -> Sample:
    runs = {seed: np.zeros(100) for seed in range(num_seeds)}
    return Sample({"gru": RowSample({}, np.zeros(100), runs)}, 100, horizon, length)


def said(found: Sample, *, forecast: bool = False, num_pairs: int = 15) -> str:
    metric = MAE if forecast else ACCURACY
    method = method_of(metric, found, num_pairs=num_pairs, smallest_difference=0.01)
    assert method.block_length == found.length
    assert method.num_pairs == num_pairs
    assert all(sentence.endswith(".") for sentence in method.sentences)
    return " ".join(method.sentences)


def test_a_classification_with_seeds() -> None:
    text = said(sample(3))
    assert "a bootstrap over single test examples, in its closed form" in text
    assert "F1 and ROC AUC" in text
    assert "the spread of a row's runs" in text
    assert "Holm's correction over all 15 pairs, baselines included" in text
    assert "McNemar's test, exact where fewer than 25 examples" in text
    assert "found in 80% of repetitions at level 0.05" in text


def test_a_forecast_with_one_seed() -> None:
    text = said(sample(1, horizon=3, length=15), forecast=True)
    assert "a bootstrap over blocks of 15 neighbouring test windows" in text
    assert "Every network ran once" in text
    assert "Diebold and Mariano with 2 autocovariances" in text


@pytest.mark.parametrize(
    ("horizon", "number"), [(1, "0 autocovariances"), (2, "1 autocovariance ")]
)
def test_autocovariances_are_counted(horizon: int, number: str) -> None:
    assert number in said(sample(3, horizon=horizon), forecast=True)


def test_what_was_not_tested_is_said() -> None:
    text = said(sample(3, horizon=6), forecast=True)
    assert "takes 20 test windows for each day of the forecast" in text


def test_one_row_has_no_pairs() -> None:
    assert "Holm" not in said(sample(3), num_pairs=0)
    assert "the one pair" in said(sample(3), num_pairs=1)
