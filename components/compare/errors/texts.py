"""Where the rows of a classification go wrong: by label, by length, and by how sure they were.

Everything comes from what each run left of its predictions; the data themselves are not needed.

Source: the expected calibration error is that of Naeini, Cooper & Hauskrecht, "Obtaining well
calibrated probabilities using Bayesian binning", 2015.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.compare.errors.intervals import spread_on
from components.compare.errors.lengths import length_bins
from components.compare.errors.mistakes import Verdict, disagreements, most_confident, verdict
from components.compare.rows import spread
from components.evaluate.predictions import read_column
from components.records import (
    Confusion,
    LengthBin,
    Reliability,
    ReliabilityBin,
    Row,
    Spread,
    TextErrors,
)

NUM_BINS = 10  # of a reliability diagram
MOST_NETWORKS = 8  # whose disagreements are shown: those of 100 networks would be 4,950 pairs

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class TestTexts:
    """Which test texts have label 1, `(N,)`, and which lie in each bin of lengths.

    A bin is the fewest and the most words of its texts.
    """

    positive: Flags
    bins: dict[tuple[int, int], NDArray[np.int64]]


def text_errors(
    rows: Sequence[Row],
    folders: Mapping[str, Sequence[Path]],
    *,
    max_length: int,
    excerpts: bool,
) -> TextErrors:
    """The error analysis of a classification.

    Predictions of an earlier version of Unroll have no lengths and none of the texts they got
    wrong; what needs them is empty then.

    Args:
        rows: At least one, the best first within each kind.
        folders: Where the predictions of each run lie, by the name of its row, in order of seed.
        max_length: Words that networks read of a text.
        excerpts: Whether mistakes come with a piece of their text.
    """
    texts = read_texts(folders[rows[0].name][0], max_length)
    networks = [row.name for row in rows if row.kind == "network"][:MOST_NETWORKS]
    confusion, accuracy, reliability, mistakes = {}, {}, {}, {}
    verdicts: list[Verdict] = []
    for name in (row.name for row in rows):  # one after another: a thousand rows are a lot to hold
        estimate = np.stack([read_column(folder, "probability") for folder in folders[name]])
        right = (estimate >= 0.5) == texts.positive
        confusion[name] = confusion_of(right, texts.positive)
        accuracy[name] = accuracy_of(right, texts)
        reliability[name] = reliability_of(estimate, texts.positive)
        said = verdict(name, folders[name], estimate, texts.positive)
        mistakes[name] = most_confident(said, excerpts=excerpts)
        if name in networks:
            verdicts.append(said)
    return TextErrors(
        confusion=confusion,
        lengths=tuple(
            LengthBin(
                low=low,
                high=high,
                num_examples=len(inside),
                accuracy={name: of_row[place] for name, of_row in accuracy.items()},
            )
            for place, ((low, high), inside) in enumerate(texts.bins.items())
        ),
        reliability=reliability,
        mistakes=mistakes,
        disagreements=disagreements(verdicts, excerpts=excerpts),
    )


def read_texts(folder: Path, max_length: int) -> TestTexts:
    """What the predictions in `folder` know of the test texts."""
    positive = read_column(folder, "label") == 1
    num_words = read_column(folder, "num_words")
    if not len(num_words):
        return TestTexts(positive, {})
    return TestTexts(
        positive,
        {
            (low, high): np.flatnonzero((low <= num_words) & (num_words <= high))
            for low, high in length_bins(num_words, max_length)
        },
    )


def confusion_of(right: Flags, positive: Flags) -> Confusion:
    """The mean counts over the runs, from what each got right `(S, N)`."""

    def mean(chosen: Flags) -> float:
        return float(chosen.sum() / len(right))

    return Confusion(
        true_negative=mean(right & ~positive),
        false_positive=mean(~right & ~positive),
        false_negative=mean(~right & positive),
        true_positive=mean(right & positive),
    )


def accuracy_of(right: Flags, texts: TestTexts) -> list[Spread]:
    """The accuracy on each bin of lengths."""
    return [
        spread_on(right[:, inside].astype(np.float64), is_share=True)
        for inside in texts.bins.values()
    ]


def reliability_of(estimate: Values, positive: Flags) -> Reliability:
    """How the probabilities of label 1 `(S, N)` compare with how often it was the label."""
    num_seeds, number = estimate.shape
    edges = np.arange(NUM_BINS + 1) / NUM_BINS
    place = np.searchsorted(edges[1:-1], estimate, side="right")
    place += np.arange(num_seeds)[:, None] * NUM_BINS  # bins of a run of its own

    def total(weights: Values | None) -> Values:
        flat = None if weights is None else weights.ravel()
        counts = np.bincount(place.ravel(), flat, minlength=num_seeds * NUM_BINS)
        return np.asarray(counts.reshape(num_seeds, NUM_BINS))

    examples, said = total(None), total(estimate)
    found = total(np.broadcast_to(positive.astype(np.float64), estimate.shape))
    errors = np.abs(said - found).sum(axis=1) / number
    pooled = [one.sum(axis=0) for one in (examples, said, found)]
    return Reliability(
        error=spread(errors.tolist()),
        bins=tuple(
            ReliabilityBin(
                low=edges[at],
                high=edges[at + 1],
                num_examples=int(pooled[0][at]),
                said=pooled[1][at] / pooled[0][at],
                found=pooled[2][at] / pooled[0][at],
            )
            for at in np.flatnonzero(pooled[0])
        ),
    )
