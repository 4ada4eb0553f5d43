"""Scores on a part of the test examples -> their spread over the seeds, with an interval."""

from components.compare.evidence.bootstrap import Values, are_enough, freedom
from components.compare.evidence.estimates import doubt, ends_of_share, estimate
from components.compare.rows import spread
from components.records import Spread


def spread_on(values: Values, *, block_length: int = 1, is_share: bool = False) -> Spread:
    """The spread of a row on a part of the examples; too few of them have no interval.

    Args:
        values: What each of the row's S runs scored on N examples, `(S, N)`, at least 0.
        block_length: Neighbouring examples that are drawn together.
        is_share: Whether the score is a share, so at most 1.
    """
    number = values.shape[1]
    found = spread(values.mean(axis=1).tolist())
    if not are_enough(number, block_length):
        return found
    doubtful = doubt(values, block_length)
    parts = doubtful.parts(freedom(number, block_length))
    half = float(estimate(doubtful.score, parts).half)
    if is_share:
        ends = ends_of_share(doubtful.score, half, number)
    else:
        ends = (max(doubtful.score - half, 0.0), doubtful.score + half)
    return found.model_copy(update={"interval": ends})
