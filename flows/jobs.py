"""What an experiment asks for, one job each: trainings, baselines, and how many go side by side."""

from components.evaluate.score import (
    BaselineJob,
    NewTexts,
    SeriesBaselineJob,
    TextBaselineJob,
)
from components.provenance import num_cores
from components.records import Ingested, Prepared
from components.train.job import TrainingJob
from params.names import Architecture
from params.schema import Experiment, ForecastExperiment

# What an epoch costs relative to the others: the longest trainings start first.
RELATIVE_COST: dict[Architecture, int] = {"bilstm": 4, "gru": 3, "lstm": 2, "rnn": 1}


def training_jobs(params: Experiment, prepared: Prepared) -> list[TrainingJob]:
    """One job for each architecture and seed, the longest first."""
    threads = max(1, num_cores() // num_workers(params))
    order = sorted(params.architectures, key=lambda name: -RELATIVE_COST.get(name, 1))
    return [
        TrainingJob(
            task=params.task,
            architecture=architecture,
            seed=seed,
            model=params.model,
            train=params.train,
            prepared=prepared,
            num_threads=threads,
        )
        for architecture in order
        for seed in params.seeds
    ]


def baseline_jobs(params: Experiment, ingested: Ingested, prepared: Prepared) -> list[BaselineJob]:
    """One job for each baseline."""
    if isinstance(params, ForecastExperiment):
        return [
            SeriesBaselineJob(
                ingested=ingested, prepared=prepared, name=name, params=params.evaluate
            )
            for name in params.evaluate.baselines
        ]
    return [
        TextBaselineJob(ingested=ingested, prepared=prepared, name=name, params=params.evaluate)
        for name in params.evaluate.baselines
    ]


def num_workers(params: Experiment) -> int:
    """How many trainings run at a time: one a core.

    Measured on two cores: two single-threaded trainings side by side end 1.4 times sooner than one
    after the other with two threads each.
    """
    return min(num_cores(), len(params.architectures) * len(params.seeds))


def new_texts(params: Experiment) -> NewTexts | None:
    """The texts that nobody labelled, where there are any, and how they become numbers."""
    if isinstance(params, ForecastExperiment) or not params.evaluate.texts:
        return None
    return NewTexts(texts=params.evaluate.texts, preprocess=params.preprocess)
