"""What a network has to beat.

Baselines tune nothing, so they learn from all that precedes the test split: the training and the
validation part. Text baselines read whole texts and all words, not the networks' excerpt.
"""

from typing import assert_never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from components.evaluate.truth import SeriesTruth
from components.preprocess import tokens
from params.names import SeriesBaseline, TextBaseline
from params.sections import SeriesEvaluate

Values = NDArray[np.float64]

# The params of `evaluate` that change what a baseline says; the others read none of them.
PARAMS: dict[str, tuple[str, ...]] = {
    "seasonal_last_value": ("seasonal_period",),
    "climatology": ("seasonal_period",),
    "harmonic_regression": ("seasonal_period", "num_harmonics"),
}

MIN_COUNT = 2  # a word that occurs once in training tells nothing about another text


def text_baseline(
    name: TextBaseline, train: tuple[pa.Array, NDArray[np.int8]], test: pa.Array
) -> Values:
    """The probability of label 1 for each text of `test`, `(N,)`.

    Args:
        name: Which baseline.
        train: Texts and labels to learn from.
        test: Texts to score.
    """
    text, label = train
    match name:
        case "majority":
            return np.full(len(test), label.mean())
        case "tfidf_logistic":
            return tfidf_logistic(text, label, test)
        case _:
            assert_never(name)


def tfidf_logistic(text: pa.Array, label: NDArray[np.int8], test: pa.Array) -> Values:
    """Logistic regression on TF-IDF weights of single words, regularised as by default."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    train_words = list(tokens.tokenise_slices(text))
    counts = tokens.count(train_words)
    frequent = sorted(word for word, number in counts.items() if number >= MIN_COUNT)
    columns = {word: column for column, word in enumerate(frequent)}
    weigh = TfidfTransformer()
    train_weights = weigh.fit_transform(count_matrix(train_words, columns))
    # Nearly the optimum of the default solver (it shrinks the intercept too), much sooner.
    model = LogisticRegression(solver="liblinear").fit(train_weights, label)
    test_weights = weigh.transform(count_matrix(list(tokens.tokenise_slices(test)), columns))
    return np.asarray(model.predict_proba(test_weights)[:, 1])


def count_matrix(slices: list[tokens.Words], columns: dict[str, int]) -> sparse.csr_matrix:
    """How often each text has each known word, `(N, len(columns))`."""
    parts = []
    for words in slices:
        table = np.array([columns.get(word, -1) for word in words.dictionary], dtype=np.int64)
        column = table[words.codes] if len(table) else np.empty(0, np.int64)
        known = column >= 0
        starts = np.concatenate([[0], np.cumsum(known)])[words.offsets]
        shape = (len(words.offsets) - 1, max(len(columns), 1))
        part = sparse.csr_matrix((np.ones(known.sum()), column[known], starts), shape=shape)
        part.sum_duplicates()
        parts.append(part)
    return sparse.vstack(parts, format="csr")


def series_baseline(name: SeriesBaseline, truth: SeriesTruth, params: SeriesEvaluate) -> Values:
    """The forecast for each test day, in degrees C, `(N, P)` like `truth.days`.

    The value of a day is known to the forecasts made after it, as it is to the networks.
    """
    period = params.seasonal_period
    origin = truth.days[:, :1] - 1  # the last day that is known when the forecast is made
    match name:
        case "last_value":
            return np.broadcast_to(truth.value[origin], truth.days.shape)
        case "seasonal_last_value":
            ahead = truth.days - origin
            seasons = -(-ahead // period)  # enough whole seasons back to be known
            return truth.value[np.maximum(truth.days - seasons * period, 0)]
        case "climatology":
            return climatology(truth.value[: truth.known], truth.days, period)
        case "harmonic_regression":
            design = harmonics(np.arange(truth.known), period, params.num_harmonics)
            weights = np.linalg.lstsq(design, truth.value[: truth.known], rcond=None)[0]
            flat = harmonics(truth.days.ravel(), period, params.num_harmonics) @ weights
            return np.asarray(flat.reshape(truth.days.shape))
        case _:
            assert_never(name)


def climatology(known: Values, days: NDArray[np.int64], period: int) -> Values:
    """The mean of the known values on the same day of the season; their overall mean if none is."""
    season = np.arange(len(known)) % period
    total = np.bincount(season, known, minlength=period)
    number = np.bincount(season, minlength=period)
    mean = np.where(number > 0, total / np.maximum(number, 1), known.mean())
    return np.asarray(mean[days % period])


def harmonics(days: NDArray[np.int64], period: int, num_harmonics: int) -> Values:
    """A constant, and a sine and a cosine for each harmonic of the season, `(N, 1 + 2 K)`."""
    angle = 2 * np.pi * days[:, None] / period * np.arange(1, num_harmonics + 1)
    return np.hstack([np.ones((len(days), 1)), np.sin(angle), np.cos(angle)])
