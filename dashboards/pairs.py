"""Pairs of rows -> what is shown of them, as text: how far one is ahead, and how sure that is."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.metrics import Metric
from components.records import Comparison, Pair, Row, RunTest
from dashboards.needed import needed_text
from dashboards.points import Amounts, amounts_of

RUN_TESTS = {"mcnemar": "McNemar", "diebold_mariano": "Diebold-Mariano"}
MOST_RUNS = 5  # whose tests are told one by one


@dataclass(frozen=True)
class PairLine:
    """Two rows as text, better and worse.

    `shown` where the data show a difference, with all pairs in mind; `adjusted_p` is what says so.
    `runs` tells the tests of single runs, and may be empty. `sentence` says it all in words.
    """

    better: str
    worse: str
    difference: str
    interval: str
    p_value: str
    adjusted_p: str
    shown: bool
    runs: str
    sentence: str


def pair_line(comparison: Comparison, rows: dict[str, Row], pair: Pair, metric: Metric) -> PairLine:
    """One pair as text; `rows` are those of the comparison, by name."""
    two = (rows[pair.better], rows[pair.worse])
    amounts = amounts_of(pair, metric)
    needed = "" if pair.needed is None else needed_text(pair.needed, two, metric)
    return PairLine(
        better=two[0].label,
        worse=two[1].label,
        difference=amounts.difference,
        interval=amounts.interval,
        p_value=p_text(pair.p_value),
        adjusted_p=p_text(pair.adjusted_p),
        shown=pair.shown,
        runs=runs_text(comparison, pair.runs),
        sentence=sentence(pair, two, amounts, needed, num_pairs=len(comparison.pairs)),
    )


def ran_once(two: Iterable[Row]) -> bool:
    """Whether a network of the two ran with one seed: then their difference is that of one run."""
    return any(len(row.seeds) == 1 for row in two)


def sentence(
    pair: Pair, two: tuple[Row, Row], amounts: Amounts, needed: str, *, num_pairs: int
) -> str:
    """What is known of two rows; their interval alone may leave 0 out and yet show nothing."""
    better, worse = (row.label for row in two)
    by = f"{amounts.difference} {amounts.interval}"
    if pair.shown:
        but = "; that is one seed, and another may say otherwise" if ran_once(two) else ""
        return f"{better} is better than {worse} by {by}{but}."
    then = f"; {needed}" if needed else ""
    if pair.interval[0] > 0:
        return (
            f"{better} is ahead of {worse} by {by}, but of {num_pairs} pairs that is no difference "
            f"shown (p {sign(pair.p_value)}, {p_text(pair.adjusted_p)} after Holm's correction)"
            f"{then}."
        )
    return f"No difference is shown between {better} and {worse} ({by}){then}."


def runs_text(comparison: Comparison, runs: tuple[RunTest, ...]) -> str:
    """The tests of single runs, such as `McNemar: p = 0.012 (seed 1), < 0.001 (seed 2)`."""
    if not runs or comparison.method is None:
        return ""
    name = RUN_TESTS[comparison.method.run_test]
    if len(runs) > MOST_RUNS:
        number = sum(run.p_value < 0.05 for run in runs)
        return f"{name}: p below 0.05 with {number} of {len(runs)} seeds"
    return f"{name}: p {', '.join(_run_texts(runs))}"


def _run_texts(runs: Iterable[RunTest]) -> Iterable[str]:
    for place, run in enumerate(runs):
        seed = run.worse_seed if run.better_seed is None else run.better_seed
        of = "" if seed is None else f" (seed {seed})"
        yield f"{p_text(run.p_value) if place else sign(run.p_value)}{of}"


def p_text(p_value: float) -> str:
    """`0.012`, or `< 0.001`."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def sign(p_value: float) -> str:
    """`= 0.012`, or `< 0.001`, as it stands after a p."""
    return p_text(p_value) if p_value < 0.001 else f"= {p_text(p_value)}"


def has_intervals(comparison: Comparison) -> bool:
    """Whether the rows have 95 % intervals."""
    return any(
        spread.interval is not None for row in comparison.rows for spread in row.metrics.values()
    )


def find_pair(comparison: Comparison, one: str, other: str) -> Pair | None:
    """The pair of two rows, by name, in whichever order; none where they were not compared."""
    for pair in comparison.pairs:
        if {pair.better, pair.worse} == {one, other}:
            return pair
    return None


def pair_sentence(comparison: Comparison, one: str, other: str, metric: Metric) -> str | None:
    """What is known of two rows, by name, in one sentence; none where they were not compared."""
    pair = find_pair(comparison, one, other)
    if pair is None:
        return None
    rows = {row.name: row for row in comparison.rows}
    return pair_line(comparison, rows, pair, metric).sentence
