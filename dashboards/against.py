"""The new best network against the last champion, as text: who they are and what is shown."""

from dataclasses import dataclass

from components.metrics import Metric, metrics_of
from components.records import NEW, Against, Champion, Comparison, Score
from dashboards.points import amount, amounts_of, gap_of, unit_of
from dashboards.verdict import in_sentence
from dashboards.wording import TO, number, quantity
from params.names import ARCHITECTURE_LABELS

MINUS = "−"


@dataclass(frozen=True)
class Line:
    """The two by one metric, as text; `ahead` is how far the new one is, with the `interval`.

    `sentence` says it in words, `shown` whether the test of the two finds a difference.
    """

    metric: str
    new: str
    last: str
    ahead: str
    interval: str
    sentence: str
    shown: bool


@dataclass(frozen=True)
class AgainstLast:
    """The section: `who` says in a sentence who the last champion is, `new` and `last` are names.

    `alarm` is what the alert says where it fired, `calm` where it did not; else they are empty.
    """

    new: str
    last: str
    who: str
    lines: tuple[Line, ...]
    alarm: str
    calm: str
    note: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is shown, in words, the ranking metric first."""
        return (*(line.sentence for line in self.lines), *filter(None, [self.calm]))


def against_last(comparison: Comparison) -> AgainstLast | None:
    """The section as text; absent where there is no champion from another training."""
    found = comparison.against
    if found is None:
        return None
    metrics = metrics_of(comparison.task)
    new = new_name(comparison, found)
    return AgainstLast(
        new=new,
        last=champion_name(found.champion),
        who=who(found),
        lines=tuple(line(new, one, metrics[one.metric], found) for one in found.scores),
        alarm=regression(comparison) or "",
        calm=calm(comparison, found),
        note=note(found),
    )


def regression(comparison: Comparison) -> str | None:
    """What the alert says in one sentence without a full stop, where it fired."""
    found = comparison.against
    if found is None or found.guard is None or not found.guard.fired:
        return None
    metric = metrics_of(comparison.task)[found.guard.metric]
    (pair,) = (one.pair for one in found.scores if one.metric == metric.key)
    assert pair is not None, "an alert fires by a test"
    last = found.champion
    return (
        f"{new_name(comparison, found)}, is worse in {in_sentence(metric.label)} than the last "
        f"champion, {champion_name(last)}, of {last.comparison}: by "
        f"{amount(pair.difference, metric)} {amounts_of(pair, metric).interval}, where "
        f"compare.alert lets {amount(found.guard.drop, metric)} pass"
    )


def who(found: Against) -> str:
    """The last champion, where it comes from, and what it was trained on, in one sentence."""
    last = found.champion
    data = "the data of this comparison"
    if found.new_data:
        source = f"{last.source}, " if last.source else ""
        data = f"other data ({source}fingerprint {last.fingerprint})"
    return (
        f"The last champion is {champion_name(last)}, of {last.comparison}, registered on "
        f"{last.registered[:10]} as version {last.version} and trained on {data}."
    )


def line(new: str, score: Score, metric: Metric, found: Against) -> Line:
    """The two by one metric; `new` is what the new one is called."""
    far, interval = ahead(score, metric)
    return Line(
        metric=metric.label,
        new=quantity(score.new, metric),
        last=quantity(score.last, metric),
        ahead=far,
        interval=interval,
        sentence=sentence(new, score, metric, found.num_examples),
        shown=score.pair is not None and score.pair.shown,
    )


def sentence(new: str, score: Score, metric: Metric, num_examples: int) -> str:
    """What is known of the two by one metric."""
    name, pair = in_sentence(metric.label), score.pair
    if pair is None:
        return (
            f"In {name}, {new}, is at {quantity(score.new, metric)} and the last champion at "
            f"{quantity(score.last, metric)}: {num_examples:,} test examples are too few to test."
        )
    amounts = amounts_of(pair, metric)
    by = f"{amounts.difference} {amounts.interval}"
    if not pair.shown:
        return f"No difference in {name} is shown between {new}, and the last champion ({by})."
    better = "better" if pair.better == NEW else "worse"
    return f"In {name}, {new}, is {better} than the last champion by {by}."


def calm(comparison: Comparison, found: Against) -> str:
    """What the alert says where it did not fire; empty where it did, or none was asked for."""
    guard = found.guard
    if guard is None or guard.fired:
        return ""
    metric = metrics_of(comparison.task)[guard.metric]
    name = in_sentence(metric.label)
    if not any(one.metric == guard.metric and one.pair is not None for one in found.scores):
        return f"The alert on {name} cannot fire here: nothing could be tested."
    than = "drop" if metric.better == "higher" else "rise"
    more = f"a {than} of more than {amount(guard.drop, metric)} in {name}"
    return f"The alert, for {more}, did not fire."


def ahead(score: Score, metric: Metric) -> tuple[str, str]:
    """How far the new network is ahead, behind where it is below 0, and the interval of that."""
    if score.pair is None:
        return "not tested", ""
    gap = gap_of(score.pair, NEW, metric)
    value = f"{gap.value:+z.{gap.digits}f} {unit_of(metric)}".rstrip()
    ends = (number(end, gap.digits) for end in (gap.low, gap.high))
    return value.replace("-", MINUS), f" {TO} ".join(ends).replace("-", MINUS)


def note(found: Against) -> str:
    """How the two were compared, and what the reader should keep in mind."""
    said = (
        f"Two networks as they were trained, on the same {found.num_examples:,} test examples, "
        "which the champion read through its own preprocessing. The 95 % interval is that of other "
        "test examples: it says nothing of other seeds."
    )
    if found.new_data:
        said += (
            " The champion learned from other data; if some of these test examples were among "
            "them, that helps it."
        )
    return said


def new_name(comparison: Comparison, found: Against) -> str:
    """`LSTM, seed 1`, by the label of its row."""
    labels = {row.name: row.label for row in comparison.rows}
    return f"{labels.get(found.row, ARCHITECTURE_LABELS[found.architecture])}, seed {found.seed}"


def champion_name(champion: Champion) -> str:
    """`GRU, seed 2`."""
    return f"{ARCHITECTURE_LABELS[champion.architecture]}, seed {champion.seed}"
