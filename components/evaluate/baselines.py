"""What a network has to beat: each baseline is fitted once, and answers raw examples then.

Baselines tune nothing, so they learn from all that precedes the test split: the training and the
validation part. Text baselines read whole texts and all words, not the networks' excerpt. A fitted
one holds only what it needs to answer; its arrays and fractions are what it has learned.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import assert_never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg
from scipy.special import expit

from components.preprocess import tokens
from params.names import SeriesBaseline, TextBaseline
from params.sections import SeriesEvaluate

Values = NDArray[np.float64]
Days = NDArray[np.int64]

# The params of `evaluate` that change what a baseline says; the others read none of them.
PARAMS: dict[str, tuple[str, ...]] = {
    "seasonal_last_value": ("seasonal_period",),
    "climatology": ("seasonal_period",),
    "harmonic_regression": ("seasonal_period", "num_harmonics"),
}

MIN_COUNT = 2  # a word that occurs once in training tells nothing about another text


@dataclass(frozen=True)
class Majority:
    """Says the share of label 1 in training, whatever the text."""

    share: float

    def probability(self, texts: pa.Array) -> Values:
        """The probability of label 1 for each text, `(N,)`."""
        return np.full(len(texts), self.share)


@dataclass(frozen=True)
class TfidfLogistic:
    """Logistic regression on TF-IDF weights of single words; `idf` and `weights` are by word."""

    words: list[str]
    idf: Values
    weights: Values
    intercept: float

    @cached_property
    def columns(self) -> dict[str, int]:
        """The place of each word."""
        return {word: column for column, word in enumerate(self.words)}

    def probability(self, texts: pa.Array) -> Values:
        """The probability of label 1 for each text, `(N,)`; unknown words count for nothing."""
        tfidf = count_matrix(list(tokens.tokenise_slices(texts)), self.columns)
        tfidf.data *= self.idf[tfidf.indices]
        length = linalg.norm(tfidf, axis=1)  # each text's row is of length 1, unless it is empty
        score = (tfidf @ self.weights) / np.where(length > 0, length, 1)
        return np.asarray(expit(score + self.intercept))


@dataclass(frozen=True)
class LastValue:
    """Says that what comes is as the last day was; there is nothing to learn."""

    def forecast(self, value: Values, days: Days) -> Values:
        """The values of `days` `(N, P)` in degrees C, from those of `value` before each row."""
        return np.broadcast_to(value[days[:, :1] - 1], days.shape)


@dataclass(frozen=True)
class SeasonalLastValue:
    """Says that what comes is as it was one season, or as many as it takes, before."""

    period: int

    def forecast(self, value: Values, days: Days) -> Values:
        """The values of `days` `(N, P)` in degrees C, from those of `value` before each row."""
        ahead = days - days[:, :1] + 1
        seasons = -(-ahead // self.period)  # enough whole seasons back to be known
        return value[np.maximum(days - seasons * self.period, 0)]


@dataclass(frozen=True)
class Climatology:
    """Says the mean of the known values on the same day of the season; `mean` is by that day."""

    mean: Values

    def forecast(self, _: Values, days: Days) -> Values:
        """The values of `days` `(N, P)` in degrees C."""
        return self.mean[days % len(self.mean)]


@dataclass(frozen=True)
class HarmonicRegression:
    """Says a constant plus sines and cosines of the season, by least squares."""

    period: int
    weights: Values

    def forecast(self, _: Values, days: Days) -> Values:
        """The values of `days` `(N, P)` in degrees C."""
        design = harmonics(days.ravel(), self.period, len(self.weights) // 2)
        return np.asarray((design @ self.weights).reshape(days.shape))


FittedText = Majority | TfidfLogistic
FittedSeries = LastValue | SeasonalLastValue | Climatology | HarmonicRegression
Fitted = FittedText | FittedSeries


def fit_text(name: TextBaseline, text: pa.Array, label: NDArray[np.int8]) -> FittedText:
    """The baseline `name`, fitted to texts and their labels `(N,)`."""
    match name:
        case "majority":
            return Majority(float(label.mean()))
        case "tfidf_logistic":
            return fit_tfidf_logistic(text, label)
        case _:
            assert_never(name)


def fit_tfidf_logistic(text: pa.Array, label: NDArray[np.int8]) -> TfidfLogistic:
    """TF-IDF and logistic regression as scikit-learn has them, regularised as by default."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    slices = list(tokens.tokenise_slices(text))
    counts = tokens.count(slices)
    words = sorted(word for word, number in counts.items() if number >= MIN_COUNT)
    weigh = TfidfTransformer()
    columns = {word: column for column, word in enumerate(words)}
    tfidf = weigh.fit_transform(count_matrix(slices, columns))
    # Nearly the optimum of the default solver (it shrinks the intercept too), much sooner.
    model = LogisticRegression(solver="liblinear").fit(tfidf, label)
    return TfidfLogistic(words, weigh.idf_, model.coef_[0], float(model.intercept_[0]))


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


def fit_series(name: SeriesBaseline, known: Values, params: SeriesEvaluate) -> FittedSeries:
    """The baseline `name`, fitted to the values of the days before the first forecast one.

    Its forecasts for later days may read the days between, as those of networks do.
    """
    period = params.seasonal_period
    match name:
        case "last_value":
            return LastValue()
        case "seasonal_last_value":
            return SeasonalLastValue(period)
        case "climatology":
            return Climatology(seasonal_mean(known, period))
        case "harmonic_regression":
            design = harmonics(np.arange(len(known)), period, params.num_harmonics)
            weights = np.linalg.lstsq(design, known, rcond=None)[0]
            return HarmonicRegression(period, np.asarray(weights, np.float64))
        case _:
            assert_never(name)


def seasonal_mean(known: Values, period: int) -> Values:
    """The mean of the known values of each day of the season, `(period,)`; of all if none is."""
    season = np.arange(len(known)) % period
    total = np.bincount(season, known, minlength=period)
    number = np.bincount(season, minlength=period)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), known.mean()))


def harmonics(days: Days, period: int, num_harmonics: int) -> Values:
    """A constant, and a sine and a cosine for each harmonic of the season, `(N, 1 + 2 K)`."""
    angle = 2 * np.pi * days[:, None] / period * np.arange(1, num_harmonics + 1)
    return np.hstack([np.ones((len(days), 1)), np.sin(angle), np.cos(angle)])


def num_parameters(fitted: Fitted) -> int:
    """How many numbers were learned; a period is chosen, and words are no numbers."""
    values = [getattr(fitted, field.name) for field in fields(fitted)]
    return sum(np.size(value) for value in values if isinstance(value, float | np.ndarray))
