"""Comparison record -> the result in plain words, claiming no more than the seeds can carry."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from components.metrics import VAL_LOSS, Metric, metrics_of, ranking_metric
from components.records import Comparison, Row
from dashboards.pairs import find_pair, has_intervals, pair_sentence, ran_once
from dashboards.points import amounts_of
from dashboards.wording import number, quantity, span


@dataclass(frozen=True)
class Verdict:
    """The result in one sentence, and what must be said beside it."""

    headline: str
    notes: tuple[str, ...]


def verdict(comparison: Comparison) -> Verdict:
    """Which row is first by the ranking metric; a baseline that beats every network comes first."""
    metric = ranking_metric(comparison.task, comparison.metric)
    networks = _with_value(comparison, metric, "network")
    baselines = _with_value(comparison, metric, "baseline")
    name = in_sentence(metric.label)
    if not networks and not baselines:
        return Verdict(f"No row has a value of {name}: there is nothing to rank.", ())
    if not networks:
        best = f"{baselines[0].label}, at {_value(baselines[0], metric)}"
        return Verdict(f"No network has a value of {name}; the best baseline is {best}.", ())
    if not baselines:
        headline = f"{_first(networks[0], metric)}. No baseline stands beside it."
    else:
        headline = _against_baseline(comparison, networks[0], baselines[0], metric)
    notes = [_by_validation(comparison, networks, metric)]
    notes += [_apart(comparison, networks[0], other, metric) for other in networks[1:2]]
    notes += [_from_baseline(comparison, networks[0], one, metric) for one in baselines[:1]]
    several = any(len(row.metrics[metric.key].values) > 1 for row in networks)
    if several and not has_intervals(comparison):
        notes.append(
            "Ranges run from the lowest to the highest seed, min to max: they are no confidence "
            "intervals, and nothing here is a test of significance."
        )
    elif not several and len(networks) == 1 and not comparison.pairs:
        notes.append("One seed: another may give another value.")
    return Verdict(headline, tuple(note for note in notes if note))


def _by_validation(comparison: Comparison, networks: Sequence[Row], metric: Metric) -> str:
    """Which row the validation examples choose, where one architecture has several rows."""
    choice = comparison.chosen
    row = next((row for row in networks if choice and row.name == choice.name), None)
    if choice is None or row is None:
        return ""
    known = metrics_of(comparison.task)[VAL_LOSS]
    loss = f"{in_sentence(known.label)} {number(choice.val_loss, known.digits)}"
    much = f"By its test score the best of {len(networks)} networks looks better than it is"
    if row is networks[0]:
        return (
            f"{much}; by validation, which is how to choose one, {row.label} is first too ({loss})."
        )
    return (
        f"{much}. Choose by validation: {row.label} is first there ({loss}), with a test "
        f"{in_sentence(metric.label)} of {_value(row, metric)}."
    )


def in_sentence(label: str) -> str:
    """The label as it stands inside a sentence: `accuracy`, but `MAE` and `F1`."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _with_value(comparison: Comparison, metric: Metric, kind: str) -> list[Row]:
    return [
        row
        for row in comparison.rows
        if row.kind == kind
        and metric.key in row.metrics
        and not math.isnan(row.metrics[metric.key].mean)
    ]


def _against_baseline(comparison: Comparison, network: Row, baseline: Row, metric: Metric) -> str:
    ours, theirs = network.metrics[metric.key].mean, baseline.metrics[metric.key].mean
    name = in_sentence(metric.label)
    if ours == theirs:
        return (
            f"No network beats the baselines: {baseline.label} and the best network, "
            f"{network.label}, are level in {name}, at {_value(network, metric)}."
        )
    hair = number(ours, metric.digits) == number(theirs, metric.digits)
    lead = ", by less than the digits shown" if hair else ""
    pair = find_pair(comparison, network.name, baseline.name)
    if pair is None:
        lead = lead or ", on too little data to tell them apart"
    elif not pair.shown:
        lead = ", of the best by less than the data can show"
    behind = _behind(comparison, network, baseline, metric)
    if _is_better(theirs, ours, metric):
        beaten = (
            "A baseline beats every network" if not lead else "A baseline is ahead of every network"
        )
        return (
            f"{beaten}{lead}: {baseline.label} ranks first by {name}, at "
            f"{_value(baseline, metric)}; the best network, {network.label}, is at "
            f"{_value(network, metric)}{behind}."
        )
    return (
        f"{_first(network, metric)}, ahead of every baseline{lead}; the best of them, "
        f"{baseline.label}, is at {_value(baseline, metric)}{behind}."
    )


def _behind(comparison: Comparison, network: Row, baseline: Row, metric: Metric) -> str:
    """How far the second of two is behind, where that is all there is to say of them."""
    pair = find_pair(comparison, network.name, baseline.name)
    if pair is None or not pair.shown or ran_once((network, baseline)):
        return ""
    amounts = amounts_of(pair, metric)
    return f", {amounts.difference} {amounts.interval} behind"


def _first(row: Row, metric: Metric) -> str:
    return f"{row.label} ranks first by {in_sentence(metric.label)}, at {_value(row, metric)}"


def _is_better(one: float, other: float, metric: Metric) -> bool:
    return one > other if metric.better == "higher" else one < other


def _value(row: Row, metric: Metric) -> str:
    spread = row.metrics[metric.key]
    if len(spread.values) < 2:
        return quantity(spread.mean, metric)
    return (
        f"{quantity(spread.mean, metric)} on average ({span(spread, metric)} over "
        f"{len(spread.values)} seeds)"
    )


def _apart(comparison: Comparison, first: Row, second: Row, metric: Metric) -> str:
    compared = pair_sentence(comparison, first.name, second.name, metric)
    return compared or _separation(first, second, metric)


def _from_baseline(comparison: Comparison, network: Row, baseline: Row, metric: Metric) -> str:
    if _behind(comparison, network, baseline, metric):
        return ""  # the headline has said it
    compared = pair_sentence(comparison, network.name, baseline.name, metric)
    return compared or _within(baseline, network, metric)


def _separation(first: Row, second: Row, metric: Metric) -> str:
    one, other = first.metrics[metric.key], second.metrics[metric.key]
    names = f"{first.label} and {second.label}"
    if len(one.values) == len(other.values) == 1:
        return f"{names} ran with one seed each: another seed may change their order."
    if one.low <= other.high and other.low <= one.high:
        return f"The ranges of {names} overlap: these seeds do not separate them."
    single = [row.label for row in (first, second) if len(row.metrics[metric.key].values) == 1]
    but = f", but {single[0]} has one seed only" if single else ""
    return f"The ranges of {names} do not overlap{but}."


def _within(baseline: Row, network: Row, metric: Metric) -> str:
    spread, value = network.metrics[metric.key], baseline.metrics[metric.key].mean
    if len(spread.values) < 2 or not spread.low <= value <= spread.high:
        return ""
    return (
        f"{baseline.label} lies within the range of {network.label}: these seeds do not separate "
        "them."
    )
