"""Scores on a part of the test examples -> their spread over the seeds, with an interval."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.compare.bootstrap import Bootstrap
from components.compare.pairs import LEAST_EXAMPLES
from components.compare.rows import spread
from components.records import Spread

Values = NDArray[np.float64]


def spreads(
    parts: Sequence[Values], *, block_length: int = 1, highest: float = math.inf
) -> tuple[Spread, ...]:
    """The spread of a row on each of several parts of equally many examples.

    There is no interval where a part has too few examples for one.

    Args:
        parts: What each of the row's S runs scored on N examples, `(S, N)`, at least 0.
        block_length: Neighbouring examples that are drawn together.
        highest: The most that a score can be.
    """
    found = [spread(part.mean(axis=1).tolist()) for part in parts]
    if not parts or parts[0].shape[1] < LEAST_EXAMPLES:
        return tuple(found)
    names = [str(place) for place in range(len(parts))]
    bootstrap = Bootstrap(dict(zip(names, parts, strict=True)), block_length=block_length)
    scores = [bootstrap.score(name) for name in names]
    return tuple(
        one.model_copy(update={"interval": (max(score.low, 0.0), min(score.high, highest))})
        for one, score in zip(found, scores, strict=True)
    )
