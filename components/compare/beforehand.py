"""What can be seen of a comparison before anything is trained."""

import math

from components import metrics
from components.ingest.series import SERIES
from components.records import Ingested, Prepared
from params.errors import InputError
from params.schema import ClassificationExperiment, Experiment


def require_comparable(experiment: Experiment, ingested: Ingested, prepared: Prepared) -> None:
    """See, before anything is trained, that the data allow the comparison that was asked for.

    Raises:
        InputError: If a metric or a baseline has no value on the test split.
    """
    asked = metrics.metrics_asked(experiment.task, experiment.compare)
    if isinstance(experiment, ClassificationExperiment):
        test = ingested.splits["test"]
        one_label = test.positives in (0, test.num_examples)
        for metric, name in zip(asked, ("compare.metric", "compare.alert.metric"), strict=False):
            if metric.needs_both_labels and one_label:
                raise InputError(
                    f"{name} {metric.key} needs both labels in split test, which has one only"
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
