"""Runs and baselines -> one comparison: rows with their spread over the seeds, best first."""

import math
from collections.abc import Iterable

from components import metrics
from components.cautions import cautions
from components.compare.against import against
from components.compare.errors.analysis import errors
from components.compare.evidence.pairs import with_evidence
from components.compare.pictures import forecast_picture, new_texts, text_numbers
from components.compare.rows import ranked, with_costs
from components.ingest.facts import sentences
from components.records import (
    ComparedData,
    Comparison,
    Curve,
    Evidence,
    Provenance,
    Scored,
    Trained,
)
from params.errors import InputError
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment


def compare(
    experiment: Experiment, evidence: Evidence, provenance: Provenance, *, id: str, created: str
) -> Comparison:
    """The comparison of all finished runs with the baselines.

    Args:
        experiment: What was asked.
        evidence: What was found.
        provenance: How to find it again.
        id: Names the comparison and its folder.
        created: When it was made, ISO 8601.

    Raises:
        ValueError: If the rows were not all made on the same data and test examples.
        InputError: If the ranking metric is not defined on them, as with one label in the test.
    """
    evidence = in_order(evidence)
    metric = metrics.ranking_metric(experiment.task, experiment.compare.metric)
    require_same_examples(evidence, metric)
    rows, pairs, method = with_evidence(
        [
            *ranked("network", evidence.scored, metric, evidence.named),
            *ranked("baseline", evidence.scored, metric, evidence.named),
        ],
        evidence.scored,
        metric,
        experiment.compare.smallest_difference,
    )
    picture = None
    if isinstance(experiment, ForecastExperiment):
        picture = forecast_picture(evidence.scored, experiment.report.num_days)
    return Comparison(
        id=id,
        experiment=experiment.name,
        title=experiment.report.title,
        task=experiment.task,
        created=created,
        metric=metric.key,
        data=compared_data(experiment, evidence),
        rows=tuple(with_costs(rows, evidence)),
        pairs=tuple(pairs),
        method=method,
        missing=evidence.missing,
        curves=tuple(map(curve, evidence.trained)),
        forecast=picture,
        errors=errors(experiment, rows, evidence.scored),
        numbers=text_numbers(experiment, evidence),
        new_texts=new_texts(experiment, evidence),
        floor=floor(evidence.scored),
        provenance=provenance,
        cautions=cautions(experiment),
        against=against(experiment, evidence),
    )


def require_same_examples(evidence: Evidence, metric: metrics.Metric) -> None:
    """See that all rows were made on the same data and test examples, and can be ranked.

    Raises:
        ValueError: If they were not.
        InputError: If one of them has no value of `metric`.
    """
    fingerprints = {scored.fingerprint for scored in evidence.scored}
    if fingerprints - {evidence.ingested.fingerprint}:
        raise ValueError(f"rows of different data cannot be compared: {sorted(fingerprints)}")
    truths = {scored.truth_digest for scored in evidence.scored}
    if evidence.champion is not None:
        truths.add(evidence.champion.said.truth_digest)
    if len(truths) > 1:
        raise ValueError(f"rows of different test splits cannot be compared: {sorted(truths)}")
    if any(metric.key not in scored.metrics for scored in evidence.scored):
        raise InputError(
            f"compare.metric {metric.key} has no value on this test split; choose another"
        )


def curve(run: Trained) -> Curve:
    """The learning curve of a run."""
    return Curve(
        name=run.name,
        architecture=run.architecture,
        seed=run.seed,
        best_epoch=run.best_epoch,
        epochs=run.epochs,
    )


def in_order(evidence: Evidence) -> Evidence:
    """The same evidence in an order that does not depend on what was there first.

    Sums follow the order, so that without it a comparison made again would be another.
    """
    return evidence.model_copy(
        update={
            "trained": tuple(sorted(evidence.trained, key=lambda run: (run.name, run.seed))),
            "scored": tuple(sorted(evidence.scored, key=lambda one: (one.name, one.seed or 0))),
            "answering": tuple(sorted(evidence.answering, key=lambda one: one.name)),
            "missing": tuple(sorted(evidence.missing, key=lambda one: (one.name, one.seed or 0))),
        }
    )


def compared_data(experiment: Experiment, evidence: Evidence) -> ComparedData:
    """What is said of the data: where they come from, how many, and what was found in them."""
    ingested, prepared = evidence.ingested, evidence.prepared
    facts = [*sentences(ingested), *prepared.notes]
    if isinstance(experiment, ForecastExperiment) and experiment.ingest.noise > 0:
        expected = experiment.ingest.noise * math.sqrt(2 / math.pi)
        facts.append(
            f"the noise alone gives the true mean an MAE of {expected:.3f} °C in expectation; no "
            "forecast can be expected to do better"
        )
    if isinstance(experiment, ClassificationExperiment) and "tfidf_logistic" in (
        experiment.evaluate.baselines
    ):
        facts.append("TF-IDF + logistic regression reads whole texts and every word seen twice")
    return ComparedData(
        source=ingested.source,
        fingerprint=ingested.fingerprint,
        train=prepared.train,
        val=prepared.val,
        test=prepared.test,
        caveat=ingested.caveat,
        facts=tuple(facts),
    )


def floor(scored: Iterable[Scored]) -> dict[str, float]:
    """The error of the true mean on the test days, where it is known."""
    for one in scored:
        if metrics.TEST_REGRET in one.metrics:
            mae, regret = (one.metrics[key] for key in (metrics.TEST_MAE, metrics.TEST_REGRET))
            return {metrics.TEST_MAE: mae - regret}
    return {}
