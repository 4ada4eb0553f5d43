"""Baselines: known numbers, and nothing known too early."""

import math
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest

from components.evaluate import baselines
from components.evaluate.truth import SeriesTruth, series_truth
from components.ingest.series import ingest_series
from components.outputs import Store
from components.preprocess import tokens
from components.preprocess.series import preprocess_series
from components.scores import mae
from params.load import load
from params.names import SeriesBaseline
from params.schema import ForecastExperiment
from params.sections import SeriesEvaluate

NAMES: tuple[SeriesBaseline, ...] = get_args(SeriesBaseline)


def params(period: int, num_harmonics: int = 1) -> SeriesEvaluate:
    return SeriesEvaluate(baselines=(), seasonal_period=period, num_harmonics=num_harmonics)


def truth_of(value: list[float] | np.ndarray, first: int, steps: int = 1) -> SeriesTruth:
    """A series of which every day from `first` on is forecast, up to `steps` days ahead."""
    value = np.asarray(value, np.float64)
    days = np.arange(first, len(value) - steps + 1)[:, None] + np.arange(steps)
    return SeriesTruth(value, None, days, naive_mae=1.0, scale=1.0)


def forecast(name: SeriesBaseline, truth: SeriesTruth, period: int = 3) -> np.ndarray:
    return asked(baselines.fit_series(name, truth.value[: truth.known], params(period)), truth)


def asked(fitted: baselines.FittedSeries, truth: SeriesTruth) -> np.ndarray:
    return np.asarray(fitted.forecast(truth.value, truth.days))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("last_value", 2.1428),
        ("seasonal_last_value", 2.1443),
        ("climatology", 1.7892),
        ("harmonic_regression", 1.5248),
    ],
)
def test_errors_on_the_shipped_temperature(
    name: SeriesBaseline, error: float, store: Store
) -> None:
    experiment = load("temperature")
    assert isinstance(experiment, ForecastExperiment)
    ingested = ingest_series(experiment.ingest, store)
    truth = series_truth(ingested, preprocess_series(ingested, experiment.preprocess, store))
    fitted = baselines.fit_series(name, truth.value[: truth.known], experiment.evaluate)
    estimate = asked(fitted, truth)
    assert mae(truth.predictions(estimate)) == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "steps", "expected"),
    [
        ("last_value", 1, [[5], [6], [7]]),
        ("last_value", 2, [[5, 5], [6, 6]]),
        ("seasonal_last_value", 1, [[3], [4], [5]]),
        ("seasonal_last_value", 3, [[3, 4, 5]]),
        ("climatology", 1, [[(0 + 3) / 2], [(1 + 4) / 2], [(2 + 5) / 2]]),
        ("climatology", 3, [[(0 + 3) / 2, (1 + 4) / 2, (2 + 5) / 2]]),
    ],
)
def test_worked_numbers(name: SeriesBaseline, steps: int, expected: list[list[float]]) -> None:
    value = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert forecast(name, truth_of(value, 6, steps)).tolist() == expected


def test_seasonal_value_of_a_forecast_longer_than_a_season() -> None:
    truth = truth_of(np.arange(12), 6, 5)
    assert forecast("seasonal_last_value", truth).tolist() == [[3, 4, 5, 3, 4], [4, 5, 6, 4, 5]]


def test_climatology_of_a_day_never_seen_is_the_mean() -> None:
    truth = truth_of([1, 3, 0, 0], 2)
    assert forecast("climatology", truth, period=4).tolist() == [[2.0], [2.0]]


@pytest.mark.parametrize("num_harmonics", [1, 2])
def test_harmonic_regression_finds_the_harmonics_that_are_there(num_harmonics: int) -> None:
    day = np.arange(80)
    angle = 2 * np.pi * day / 20
    value = 5 + 3 * np.sin(angle) - np.cos(angle) + (num_harmonics - 1) * np.sin(2 * angle)
    truth = truth_of(value, 50, 2)
    known = truth.value[: truth.known]
    fitted = baselines.fit_series("harmonic_regression", known, params(20, num_harmonics))
    np.testing.assert_allclose(asked(fitted, truth), value[truth.days], atol=1e-9)
    assert baselines.num_parameters(fitted) == 1 + 2 * num_harmonics


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 4])
def test_no_forecast_knows_its_future(name: SeriesBaseline, steps: int) -> None:
    random = np.random.default_rng(0)
    value = random.normal(20, 5, 60)
    truth = truth_of(value, 40, steps)
    one = forecast(name, truth, period=7)
    assert one.shape == truth.days.shape
    for window, day in enumerate(truth.days[:, 0]):
        changed = np.where(np.arange(60) >= day, 1e6, value)
        other = forecast(name, truth_of(changed, 40, steps), period=7)
        np.testing.assert_array_equal(other[: window + 1], one[: window + 1])


TEXTS = ["Good, good film!", "bad film; don't", "", "the 'good' and the bad", "don't DON'T"]


def words(texts: list[str]) -> tokens.Words:
    return tokens.tokenise(pa.array(texts, pa.large_string()))


@pytest.mark.parametrize("vocabulary", [["bad", "don't", "good"], ["film", "zzz"], ["zzz"]])
def test_counts_are_those_of_scikit_learn(vocabulary: list[str]) -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    def split(text: str) -> list[str]:
        one = words([text])
        return [one.dictionary[code] for code in one.codes]

    columns = {word: place for place, word in enumerate(vocabulary)}
    expected = CountVectorizer(tokenizer=split, token_pattern=None, vocabulary=columns)
    for slices in ([TEXTS], [TEXTS[:2], TEXTS[2:]]):
        found = baselines.count_matrix([words(texts) for texts in slices], columns)
        np.testing.assert_array_equal(
            found.toarray(), expected.fit_transform(TEXTS).toarray(), strict=False
        )


def test_majority_says_the_training_share() -> None:
    label = np.array([1, 1, 1, 0], np.int8)
    fitted = baselines.fit_text("majority", pa.array(["a", "b", "c", "d"]), label)
    assert fitted.probability(pa.array(["x", "y"])).tolist() == [0.75, 0.75]
    assert baselines.num_parameters(fitted) == 1


def test_tfidf_is_scikit_learns_own_pipeline() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train = ["good film twice", "good good ending", "bad film twice", "bad bad plot once"]
    label = np.array([1, 1, 0, 0], np.int8)
    test = ["good", "bad film", "nothing known", "", "plot"]
    known = {"bad": 0, "film": 1, "good": 2, "twice": 3}  # what occurs twice in training
    pipeline = make_pipeline(TfidfVectorizer(vocabulary=known), LogisticRegression(max_iter=1000))
    expected = pipeline.fit(train, label).predict_proba(test)[:, 1]
    fitted = baselines.fit_text("tfidf_logistic", pa.array(train, pa.large_string()), label)
    found = fitted.probability(pa.array(test, pa.large_string()))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[0] > 0.5 > found[1]
    assert baselines.num_parameters(fitted) == 4 + 4 + 1  # idf, weight, intercept


def test_a_tfidf_answer_by_hand() -> None:
    idf, weights = np.array([1.0, 3.0]), np.array([-1.0, 2.0])
    fitted = baselines.TfidfLogistic(["bad", "good"], idf, weights, 0.5)
    texts = ["Bad, bad; good.", "", "unheard of"]
    # "bad" weighs 2 x 1 and "good" 1 x 3, over the length of (2, 3)
    score = (2 * -1 + 3 * 2) / math.sqrt(13) + 0.5
    expected = [1 / (1 + math.exp(-score)), *[1 / (1 + math.exp(-0.5))] * 2]
    assert fitted.probability(pa.array(texts, pa.large_string())) == pytest.approx(expected)


def test_texts_without_a_word_that_occurs_twice() -> None:
    text = pa.array(["one", "two"], pa.large_string())
    fitted = baselines.fit_text("tfidf_logistic", text, np.array([0, 1], np.int8))
    assert fitted.probability(text) == pytest.approx([0.5, 0.5])
