"""Single texts that rows got wrong: those they were most sure of, and those another got right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.evaluate.mistakes import StoredMistakes, read_mistakes
from components.records import Disagreement, Mistake

MOST_MISTAKES = 5  # of a row
MOST_EXAMPLES = 3  # of what one network gets right and another wrong

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdict:
    """What the runs of one row say of the test texts together.

    `probability` is their mean, `(N,)`, `positive` what is true and `mostly_right` whether most of
    them are right, where half of them are not most. `stored` are the mistakes that they kept.
    """

    name: str
    positive: Flags
    probability: Values
    mostly_right: Flags
    stored: StoredMistakes


def verdict(name: str, folders: Sequence[Path], estimate: Values, positive: Flags) -> Verdict:
    """The verdict of the row called `name`.

    Args:
        name: That of the row.
        folders: Where each of its S runs left its mistakes.
        estimate: Their probabilities of label 1, `(S, N)`.
        positive: Whether that is the label, `(N,)`.
    """
    right = (estimate >= 0.5) == positive
    return Verdict(
        name=name,
        positive=positive,
        probability=estimate.mean(axis=0),
        mostly_right=2 * right.sum(axis=0) > len(right),
        stored=read_mistakes(folders),
    )


def most_confident(said: Verdict, *, excerpts: bool) -> tuple[Mistake, ...]:
    """The texts that the mean of the runs gets wrong and is most sure of.

    A row that says the same of every text, as the majority does, is sure of none of them.
    """
    if np.ptp(said.probability) == 0:
        return ()
    return mistakes(said, np.ones_like(said.positive), MOST_MISTAKES, excerpts=excerpts)


def mistakes(said: Verdict, among: Flags, number: int, *, excerpts: bool) -> tuple[Mistake, ...]:
    """The texts `among` `(N,)` that the mean of the runs gets wrong, the most confident first.

    Only texts that one of the runs kept can be told. Those that all of them are sure of are there;
    of what only some rows get wrong there are examples, not always the most confident ones.
    """
    rows, place = np.unique(said.stored.row, return_index=True)
    wrong = (said.probability[rows] >= 0.5) != said.positive[rows]
    taken = wrong & among[rows]
    rows, place = rows[taken], place[taken]
    order = np.argsort(-np.abs(said.probability[rows] - 0.5), kind="stable")[:number]
    return tuple(
        Mistake(
            row=row,
            label=int(said.positive[row]),
            probability=said.probability[row],
            num_words=said.stored.num_words[at],
            excerpt=said.stored.excerpt(at) if excerpts else None,
        )
        for row, at in zip(rows[order].tolist(), place[order].tolist(), strict=True)
    )


def disagreements(networks: Sequence[Verdict], *, excerpts: bool) -> tuple[Disagreement, ...]:
    """What every two of the networks get right and wrong, in the order of the networks."""
    return tuple(
        disagreement(first, second, excerpts=excerpts)
        for first, second in combinations(networks, 2)
    )


def disagreement(first: Verdict, second: Verdict, *, excerpts: bool) -> Disagreement:
    """What two networks get right and wrong, with examples where their runs kept some."""
    one, other = first.mostly_right, second.mostly_right
    return Disagreement(
        first=first.name,
        second=second.name,
        num_both_right=int((one & other).sum()),
        num_only_first=int((one & ~other).sum()),
        num_only_second=int((other & ~one).sum()),
        num_both_wrong=int((~one & ~other).sum()),
        only_first=mistakes(second, one & ~other, MOST_EXAMPLES, excerpts=excerpts),
        only_second=mistakes(first, other & ~one, MOST_EXAMPLES, excerpts=excerpts),
    )
