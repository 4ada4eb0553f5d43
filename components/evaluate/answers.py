"""Rows that answer raw examples: a text gets a probability, a day to come its degrees C.

Whatever lies between is part of the answer: for a network the words, their ids and the padding, or
the scaling, as much as for a baseline what it does instead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from components.evaluate import kept
from components.evaluate.answering import AnsweringJob
from components.evaluate.baselines import Days, Fitted, FittedSeries, FittedText, Values
from components.evaluate.predict import load_network, probabilities, run
from components.evaluate.timing import BATCH_SIZE, Timing, timing
from components.evaluate.truth import series_truth
from components.preprocess import tokens
from components.preprocess.batches import WindowSplit
from components.preprocess.text import PREPARED, read_split  # the first, for series too
from components.preprocess.vocabulary import VOCABULARY, encode_split, ids_of, read_vocabulary
from components.records import Answering, Prepared
from components.train.job import WEIGHTS
from components.train.networks import RecurrentNetwork
from params.sections import SeriesPreprocess, TextPreprocess

TextAnswer = Callable[[list[str]], Values]  # texts -> the probability of label 1, (N,)
SeriesAnswer = Callable[[Days], Values]  # days to forecast (N, P) -> degrees C, (N, P)
Row = RecurrentNetwork | Fitted


def measured(job: AnsweringJob) -> tuple[Answering, ...]:
    """Every row of `job`, restored from its files and measured."""
    if isinstance(job.preprocess, TextPreprocess):
        texts = some_test_texts(job)
        return tuple(
            answering(one.name, one.size_bytes, timing(text_answer_of(one), texts))
            for one in restored(job)
        )
    truth = series_truth(job.ingested, job.prepared)
    days = truth.days[evenly(len(truth.days))]
    return tuple(
        answering(one.name, one.size_bytes, timing(series_answer_of(one, truth.value), days))
        for one in restored(job)
    )


@dataclass(frozen=True)
class Restored:
    """A row that can answer: its name, the size of its files in bytes, and what it reads."""

    name: str
    size_bytes: int
    row: Row
    prepared: Prepared
    preprocess: TextPreprocess | SeriesPreprocess


def restored(job: AnsweringJob) -> Iterator[Restored]:
    """Every row out of its files."""
    for network in job.networks:
        read = [network.prepared.path / name for name in (PREPARED, VOCABULARY)]
        size = size_bytes(network.trained / WEIGHTS, *read)
        row = load_network(
            network.architecture, network.model, network.prepared.spec, network.trained
        )
        yield Restored(network.name, size, row, network.prepared, network.preprocess)
    for baseline in job.baselines:
        files = [baseline.scored / name for name in (kept.SETTINGS, kept.ARRAYS)]
        fitted = kept.restore(baseline.name, baseline.scored)
        yield Restored(baseline.name, size_bytes(*files), fitted, job.prepared, job.preprocess)


def text_answer_of(one: Restored) -> TextAnswer:
    """What a row says of texts, as it reads them."""
    assert isinstance(one.preprocess, TextPreprocess), "a classification reads texts"
    return text_answer(one.row, one.prepared, one.preprocess)


def series_answer_of(one: Restored, value: Values) -> SeriesAnswer:
    """What a row says of days of the series `value`, as it reads it."""
    assert isinstance(one.preprocess, SeriesPreprocess), "a forecast reads a series"
    return series_answer(one.row, one.prepared, one.preprocess, value)


def size_bytes(*paths: Path) -> int:
    """The size of those files that are there: some rows have no arrays, some data no vocabulary."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def answering(name: str, size: int, timing: Timing) -> Answering:
    """The record of one row."""
    return Answering(
        name=name,
        size_bytes=size,
        latency_median_seconds=timing.median,
        latency_p99_seconds=timing.p99,
        throughput=timing.throughput,
    )


def some_test_texts(job: AnsweringJob) -> list[str]:
    """A batch of test texts from all over the split."""
    texts, _ = read_split(job.ingested.path, "test")
    chosen: list[str] = texts.take(pa.array(evenly(len(texts)))).to_pylist()
    return chosen


def evenly(number: int) -> Days:
    """`BATCH_SIZE` places evenly among `number`, in order; each several times if they are fewer."""
    return np.arange(BATCH_SIZE) * number // BATCH_SIZE


def text_answer(row: Row, prepared: Prepared, params: TextPreprocess) -> TextAnswer:
    """What `row` says of texts; a network reads them by the vocabulary of `prepared`."""
    if isinstance(row, RecurrentNetwork):
        ids = ids_of(read_vocabulary(prepared.path))

        def answer(texts: list[str]) -> Values:
            slices = list(tokens.tokenise_slices(pa.array(texts, pa.large_string())))
            return probabilities(row, *encode_split(slices, ids, params))

        return answer
    assert isinstance(row, FittedText), "a classification has baselines of its own"
    return lambda texts: row.probability(pa.array(texts, pa.large_string()))


def series_answer(
    row: Row, prepared: Prepared, params: SeriesPreprocess, value: Values
) -> SeriesAnswer:
    """What `row` says of days of the series `value`, `(num_days,)`, from the days before them.

    A network reads the `context_length` last of those, in degrees C as they are.
    """
    if isinstance(row, RecurrentNetwork):
        scaler = prepared.scaler
        assert scaler is not None, "a network forecasts scaled values"
        back = np.arange(-params.context_length, 0)

        def answer(days: Days) -> Values:
            window = value[days[:, :1] + back]  # (N, context_length)
            scaled = torch.from_numpy((window - scaler.mean) / scaler.scale).float()
            lengths = torch.full((len(days),), params.context_length)
            split = WindowSplit(scaled[:, :, None], lengths, torch.zeros(days.shape))
            return run(row, split).numpy() * scaler.scale + scaler.mean

        return answer
    assert isinstance(row, FittedSeries), "a forecast has baselines of its own"
    return lambda days: row.forecast(value, days)
