"""The new best network against the last champion, as text: who they are and what is shown."""

from dataclasses import dataclass

from components.metrics import Metric, metrics_of
from components.records import NEW, Against, Champion, Comparison, Score
from dashboards.points import amount, amounts_of, gap_of, unit_of
from dashboards.verdict import in_sentence
from dashboards.wording import brackets, quantity
from params.names import ARCHITECTURE_LABELS


@dataclass(frozen=True)
class Line:
    """One of the two networks: who it is, where it is from, and its scores as text."""

    role: str
    name: str
    origin: str
    scores: tuple[str, ...]


@dataclass(frozen=True)
class AgainstLast:
    """The section: `headings` are the metrics, `differences` how far the new one is ahead.

    `alarm` is what the alert says where it fired, empty elsewhere.
    """

    alarm: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...]
    lines: tuple[Line, Line]
    differences: tuple[str, ...]
    note: str


def against_last(comparison: Comparison) -> AgainstLast | None:
    """The section as text; absent where there is no champion from another training."""
    found = comparison.against
    if found is None:
        return None
    metrics = [metrics_of(comparison.task)[one.metric] for one in found.scores]
    both = list(zip(found.scores, metrics, strict=True))
    new, last = new_name(comparison, found), found.champion
    data = "other data" if found.new_data else "the same data"
    source = f"{data}: {last.source}" if found.new_data and last.source else data
    return AgainstLast(
        alarm=regression(comparison) or "",
        sentences=tuple(sentences(comparison, found)),
        headings=tuple(metric.label for metric in metrics),
        lines=(
            Line(
                role="New best by validation",
                name=new,
                origin="of this comparison",
                scores=tuple(quantity(score.new, metric) for score, metric in both),
            ),
            Line(
                role="Last champion",
                name=champion_name(last),
                origin=(
                    f"version {last.version}, registered {last.registered[:10]}, of "
                    f"{last.comparison}; trained on {source} (fingerprint {last.fingerprint})"
                ),
                scores=tuple(quantity(score.last, metric) for score, metric in both),
            ),
        ),
        differences=tuple(ahead(score, metric) for score, metric in both),
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


def sentences(comparison: Comparison, found: Against) -> list[str]:
    """What is shown by each metric, and what the alert makes of it."""
    metrics = metrics_of(comparison.task)
    new = new_name(comparison, found)
    said = [sentence(new, one, metrics[one.metric], found.num_examples) for one in found.scores]
    guard = found.guard
    if guard is None or guard.fired:
        return said
    metric = metrics[guard.metric]
    name = in_sentence(metric.label)
    if any(one.metric == guard.metric and one.pair is not None for one in found.scores):
        than = "drop" if metric.better == "higher" else "rise"
        more = f"a {than} of more than {amount(guard.drop, metric)} in {name}"
        return [*said, f"The alert, for {more}, did not fire."]
    return [*said, f"The alert on {name} cannot fire here: nothing could be tested."]


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
    is_ = "better" if pair.better == NEW else "worse"
    return f"In {name}, {new}, is {is_} than the last champion by {by}."


def ahead(score: Score, metric: Metric) -> str:
    """How far the new network is ahead, with the interval; behind where it is below 0."""
    if score.pair is None:
        return "not tested"
    gap = gap_of(score.pair, NEW, metric)
    value = f"{gap.value:+z.{gap.digits}f}".replace("-", "−")
    ends = brackets(gap.low, gap.high, gap.digits)
    return f"{value} {unit_of(metric)} {ends}".replace("  ", " ")


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
