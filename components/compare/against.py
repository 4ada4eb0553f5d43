"""The new best network against the last champion, on the same test examples.

Both are single networks as they were trained: the run that may become the champion, and the one
that is. So the doubt is that of other test examples alone, and one test is planned for each metric.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.compare.evidence.pairs import all_pairs
from components.compare.evidence.sample import read_sample
from components.metrics import VAL_LOSS, Metric, metrics_asked
from components.records import (
    LAST,
    NEW,
    Against,
    ChampionEvidence,
    Evidence,
    Guard,
    Pair,
    Score,
    Scored,
    Trained,
)
from params.schema import Experiment
from params.sections import Alert

ROUNDING = 1e-9  # of a drop: 0.85 - 0.84 is not more than 0.01


@dataclass(frozen=True)
class One:
    """One of the two networks; without a seed, so that the two are tested whatever theirs are."""

    name: str
    path: Path
    seed: None = None


def against(experiment: Experiment, evidence: Evidence) -> Against | None:
    """The best network by validation against the last champion.

    Absent where there is no champion from another training, or nothing by which to compare the two.
    """
    best = min(finished(evidence), key=by_validation, default=None)
    if evidence.champion is None or best is None:
        return None
    _, scored = best
    assert scored.seed is not None, "a network has a seed"
    scores = tuple(
        score(metric, scored, evidence.champion)
        for metric in metrics_asked(experiment.task, experiment.compare)
        if metric.key in scored.metrics and metric.key in evidence.champion.said.metrics
    )
    if not scores:
        return None
    champion = evidence.champion.champion
    return Against(
        champion=champion,
        row=scored.name,
        architecture=best[0].architecture,
        seed=scored.seed,
        run_id=scored.run_id,
        new_data=champion.fingerprint != evidence.ingested.fingerprint,
        num_examples=evidence.prepared.test,
        scores=scores,
        guard=guard(experiment.compare.alert, scores),
    )


def finished(evidence: Evidence) -> Iterator[tuple[Trained, Scored]]:
    """Every network that was trained and scored."""
    ended = {(one.name, one.seed): one for one in evidence.scored if one.kind == "network"}
    for trained in evidence.trained:
        scored = ended.get((trained.name, trained.seed))
        if scored is not None:
            yield trained, scored


def by_validation(run: tuple[Trained, Scored]) -> tuple[float, str, int]:
    """What puts the best network first: val/loss at the epoch whose weights were kept."""
    trained, _ = run
    return trained.best_metrics[VAL_LOSS], trained.name, trained.seed


def score(metric: Metric, new: Scored, last: ChampionEvidence) -> Score:
    """The two by one metric, with the paired test where there are enough examples."""
    sample = read_sample([One(NEW, new.path), One(LAST, last.said.path)], metric)
    pairs: list[Pair] = []
    if sample is not None:
        assert metric.smallest_difference is not None, "a test metric has one"
        pairs = all_pairs([NEW, LAST], sample, metric, metric.smallest_difference)
    return Score(
        metric=metric.key,
        new=new.metrics[metric.key],
        last=last.said.metrics[metric.key],
        pair=pairs[0].model_copy(update={"needed": None}) if pairs else None,
    )


def guard(alert: Alert | None, scores: tuple[Score, ...]) -> Guard | None:
    """Whether the alert fires; absent where none is asked for.

    It does where the new network is behind by more than the drop and the test of the two shows a
    difference: the interval of the difference is then without 0. Where too few examples allow no
    test, nothing fires.
    """
    if alert is None:
        return None
    pairs = [one.pair for one in scores if one.metric == alert.metric]
    fired = any(
        pair is not None
        and pair.better == LAST
        and pair.shown
        and pair.difference > alert.drop * (1 + ROUNDING)
        for pair in pairs
    )
    return Guard(metric=alert.metric, drop=alert.drop, fired=fired)
