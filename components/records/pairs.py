"""Two rows set against each other, and by what method."""

from typing import Literal

from components.records.record import Record

LEVEL = 0.05  # of error, over all pairs of a comparison together


class RunTest(Record):
    """The textbook test of one run of each row, which says nothing of other seeds.

    A baseline has no seed. `statistic` and two-sided `p_value` are those of the test that the
    comparison's `Method.run_test` names.
    """

    better_seed: int | None
    worse_seed: int | None
    statistic: float
    p_value: float


class Needed(Record):
    """What would show a difference of `difference` in four of five repetitions.

    Either so many more seeds of each network of the two, or so many more test examples; None where
    the one alone could not do it, or is not known, as with one seed.
    """

    difference: float
    more_seeds: int | None
    more_examples: int | None


class Pair(Record):
    """Two rows on the same test examples: how much `better` is ahead by the ranking metric.

    `difference` is at least 0; `interval` is the 95 % interval of this pair alone. `p_value` is
    two-sided, of there being no difference; `adjusted_p` is Holm's, over all pairs. `needed` is
    there where no difference is shown.
    """

    better: str
    worse: str
    difference: float
    interval: tuple[float, float]
    p_value: float
    adjusted_p: float
    runs: tuple[RunTest, ...] = ()
    needed: Needed | None = None

    @property
    def shown(self) -> bool:
        """Whether the data show a difference, with all other pairs in mind."""
        return self.adjusted_p < LEVEL


class Method(Record):
    """How intervals and pairs were made; `sentences` say it to a reader, one step each."""

    block_length: int
    run_test: Literal["mcnemar", "diebold_mariano"]
    correction: Literal["holm"] = "holm"
    num_pairs: int
    smallest_difference: float
    sentences: tuple[str, ...]
