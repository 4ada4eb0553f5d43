"""Runs and baselines -> one comparison: rows with their spread over the seeds, best first."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

import pandas as pd

from components import metrics
from components.cautions import cautions
from components.compare.pairs import with_evidence
from components.evaluate.score import PREDICTIONS
from components.ingest.facts import sentences
from components.ingest.series import SERIES
from components.preprocess import explain
from components.records import (
    ComparedData,
    Comparison,
    Curve,
    Evidence,
    ForecastPicture,
    Ingested,
    NewText,
    Prepared,
    Provenance,
    Row,
    Scored,
    Spread,
    TextNumbers,
)
from params.errors import InputError
from params.names import ARCHITECTURE_LABELS, BASELINE_LABELS
from params.schema import ClassificationExperiment, Experiment, ForecastExperiment

LABELS: dict[str, str] = dict([*ARCHITECTURE_LABELS.items(), *BASELINE_LABELS.items()])


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
        ValueError: If the rows were not all made on the same data.
        InputError: If the ranking metric is not defined on them, as with one label in the test.
    """
    fingerprints = {scored.fingerprint for scored in evidence.scored}
    if fingerprints - {evidence.ingested.fingerprint}:
        raise ValueError(f"rows of different data cannot be compared: {sorted(fingerprints)}")
    metric = metrics.ranking_metric(experiment.task, experiment.compare.metric)
    if any(metric.key not in scored.metrics for scored in evidence.scored):
        raise InputError(
            f"compare.metric {metric.key} has no value on this test split; choose another"
        )
    rows, pairs = with_evidence(
        [
            *ranked("network", evidence.scored, metric),
            *ranked("baseline", evidence.scored, metric),
        ],
        evidence.scored,
        metric,
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
        rows=tuple(rows),
        pairs=tuple(pairs),
        missing=evidence.missing,
        curves=tuple(
            Curve(
                name=run.architecture, seed=run.seed, best_epoch=run.best_epoch, epochs=run.epochs
            )
            for run in sorted(evidence.trained, key=lambda run: (run.architecture, run.seed))
        ),
        forecast=picture,
        numbers=text_numbers(experiment, evidence),
        new_texts=new_texts(experiment, evidence),
        floor=floor(evidence.scored),
        provenance=provenance,
        cautions=cautions(experiment),
    )


def require_comparable(experiment: Experiment, ingested: Ingested, prepared: Prepared) -> None:
    """See, before anything is trained, that the data allow the comparison that was asked for.

    Raises:
        InputError: If the ranking metric or a baseline has no value on the test split.
    """
    metric = metrics.ranking_metric(experiment.task, experiment.compare.metric)
    if isinstance(experiment, ClassificationExperiment):
        test = ingested.splits["test"]
        if metric.needs_both_labels and test.positives in (0, test.num_examples):
            raise InputError(
                f"compare.metric {metric.key} needs both labels in split test, which has one only"
            )
    elif "seasonal_last_value" in experiment.evaluate.baselines:
        horizon = experiment.preprocess.prediction_length
        before = ingested.splits[SERIES].num_examples - prepared.test - horizon + 1
        seasons = math.ceil(horizon / experiment.evaluate.seasonal_period)
        if before < seasons * experiment.evaluate.seasonal_period:
            raise InputError(
                f"evaluate.seasonal_period {experiment.evaluate.seasonal_period} is longer than "
                f"the {before} days before the first test day; leave seasonal_last_value out of "
                "evaluate.baselines or make the series longer"
            )


def ranked(kind: str, scored: Iterable[Scored], metric: metrics.Metric) -> list[Row]:
    """One row for each name of `kind`, best first; the best network is marked."""
    by_name: dict[str, list[Scored]] = {}
    for one in scored:
        if one.kind == kind:
            by_name.setdefault(one.name, []).append(one)
    rows = [row_of(name, group) for name, group in by_name.items()]
    sign = -1 if metric.better == "higher" else 1
    rows.sort(key=lambda row: (sign * row.metrics[metric.key].mean, row.name))
    if kind == "network" and rows:
        rows[0] = rows[0].model_copy(update={"best": True})
    return rows


def row_of(name: str, group: Sequence[Scored]) -> Row:
    """One line of the table from the runs of one architecture, or from one baseline."""
    group = sorted(group, key=lambda scored: scored.seed or 0)
    keys = [key for key in group[0].metrics if all(key in scored.metrics for scored in group)]
    return Row(
        kind=group[0].kind,
        name=name,
        label=LABELS[name],
        num_parameters=group[0].num_parameters,
        train_seconds=fmean(scored.train_seconds for scored in group),
        seeds=tuple(scored.seed for scored in group if scored.seed is not None),
        run_ids=tuple(scored.run_id for scored in group if scored.run_id is not None),
        metrics={key: spread([scored.metrics[key] for scored in group]) for key in keys},
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean, smallest and largest of `values`."""
    return Spread(mean=fmean(values), low=min(values), high=max(values), values=tuple(values))


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


def text_numbers(experiment: Experiment, evidence: Evidence) -> TextNumbers | None:
    """How the texts became numbers, where there are texts."""
    if not isinstance(experiment, ClassificationExperiment):
        return None
    return explain.text_numbers(evidence.ingested, evidence.prepared, experiment.preprocess)


def new_texts(experiment: Experiment, evidence: Evidence) -> tuple[NewText, ...]:
    """The texts that nobody labelled, each with what every network says of it over its seeds."""
    if not isinstance(experiment, ClassificationExperiment) or not experiment.evaluate.texts:
        return ()
    texts = experiment.evaluate.texts
    counts = explain.count_known(texts, evidence.prepared, experiment.preprocess)
    by_name: dict[str, list[tuple[float, ...]]] = {}
    for one in sorted(evidence.scored, key=lambda one: one.seed or 0):
        if one.kind == "network":
            by_name.setdefault(one.name, []).append(one.new_texts)
    return tuple(
        NewText(
            text=text,
            num_words=num_words,
            num_known=num_known,
            said={name: spread([run[place] for run in runs]) for name, runs in by_name.items()},
        )
        for place, (text, (num_words, num_known)) in enumerate(zip(texts, counts, strict=True))
    )


def floor(scored: Iterable[Scored]) -> dict[str, float]:
    """The error of the true mean on the test days, where it is known."""
    for one in scored:
        if metrics.TEST_REGRET in one.metrics:
            mae, regret = (one.metrics[key] for key in (metrics.TEST_MAE, metrics.TEST_REGRET))
            return {metrics.TEST_MAE: mae - regret}
    return {}


def forecast_picture(scored: Sequence[Scored], num_days: int) -> ForecastPicture | None:
    """The first test days as every row forecasts them one step ahead, with its first seed."""
    first: dict[str, Scored] = {}
    for one in sorted(scored, key=lambda one: one.seed or 0):
        first.setdefault(one.name, one)
    tables = {}
    for name, one in first.items():
        table = pd.read_parquet(one.path / PREDICTIONS)
        tables[name] = table[table["step"] == 1].head(num_days)
    if not tables:
        return None
    any_table = next(iter(tables.values()))
    has_mean = "true_mean" in any_table
    return ForecastPicture(
        days=tuple(any_table["day"].tolist()),
        truth=tuple(any_table["truth"].tolist()),
        true_mean=tuple(any_table["true_mean"].tolist()) if has_mean else None,
        forecasts={name: tuple(table["forecast"].tolist()) for name, table in tables.items()},
    )
