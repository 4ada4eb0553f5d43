"""Texts -> the probability of label 1, through exactly the preprocessing of the run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.evaluate.predict import probabilities
from components.predict.restore import restore
from components.preprocess import tokens
from components.preprocess.vocabulary import VOCABULARY, encode_split, ids_of, read_vocabulary
from components.train.networks import RecurrentNetwork
from params.errors import InputError
from params.names import Architecture
from params.schema import ClassificationExperiment
from params.sections import TextPreprocess


@dataclass(frozen=True)
class Answers:
    """What the network says of N texts; all arrays are `(N,)`.

    `probability` is that of label 1, and NaN where the network has nothing to read: the text is
    `blank`, or none of the words that are left after truncation is in the vocabulary.
    """

    probability: NDArray[np.float64]
    blank: NDArray[np.bool_]

    @property
    def unread(self) -> NDArray[np.bool_]:
        """Which texts have no answer."""
        return np.isnan(self.probability)

    def problem(self, place: int) -> str:
        """Why the text at `place` has no answer."""
        if self.blank[place]:
            return "the text is empty"
        return "the text has no known word among those that are read"

    def labels(self) -> NDArray[np.int8]:
        """The more probable label, exactly 0.5 counting as 1; meaningless for what is unread."""
        return (self.probability >= 0.5).astype(np.int8)


@dataclass(frozen=True)
class Classifier:
    """A trained network with the vocabulary and the truncation that it was trained with."""

    network: RecurrentNetwork
    ids: dict[str, int]
    params: TextPreprocess

    def answer(self, texts: pa.Array) -> Answers:
        """The answers for all of `texts`, which are strings, none of them null.

        What it needs grows with their number: hand it some thousand at a time.
        """
        blank = pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)
        if len(texts) == 0:
            return Answers(np.empty(0), blank)
        token_ids, lengths = encode_split([tokens.tokenise(texts)], self.ids, self.params)
        starts = lengths.cumsum() - lengths
        known = np.add.reduceat(token_ids != tokens.UNKNOWN_IDX, starts, dtype=np.int64)
        probability = probabilities(self.network, token_ids, lengths)
        return Answers(np.where(known > 0, probability, np.nan), blank)


def load_classifier(
    folder: Path, architecture: Architecture, params: ClassificationExperiment
) -> Classifier:
    """The classifier that a finished run left in `folder`.

    Raises:
        InputError: If a file is missing, or is not as this version of Unroll writes it.
    """
    network, prepared = restore(folder, architecture, params.model)
    try:
        words = read_vocabulary(folder)
    except (OSError, ValueError) as error:
        raise InputError(f"the vocabulary of the run cannot be read: {error}") from None
    if len(words) + tokens.NUM_SPECIAL != prepared.spec.num_embeddings:
        raise InputError(
            f"the vocabulary of the run, {folder / VOCABULARY}, has {len(words):,} words, which "
            "are not those that it was trained with"
        )
    return Classifier(network, ids_of(words), params.preprocess)
