"""What an experiment asks for, one job each: trainings, baselines, and how many go side by side."""

from components.compare.across.points import grid_rows
from components.evaluate.answering import NetworkRow, network_row
from components.evaluate.score import (
    BaselineJob,
    NewTexts,
    SeriesBaselineJob,
    TextBaselineJob,
)
from components.provenance import num_cores
from components.records import Ingested, Prepared
from components.train.job import TrainingJob
from params.grid import points
from params.names import Architecture
from params.schema import Experiment, ForecastExperiment

# What an epoch costs relative to the others: the longest trainings start first.
RELATIVE_COST: dict[Architecture, int] = {"bilstm": 4, "gru": 3, "lstm": 2, "rnn": 1}


def training_jobs(params: Experiment, prepared: Prepared) -> list[TrainingJob]:
    """One job for each architecture and seed at each point of the grid, the longest first."""
    threads = max(1, num_cores() // (num_workers(params) * params.resources.devices))
    rows = network_rows(params, prepared)
    named = {name: row.named for name, row in grid_rows(params).items()}
    own = own_params(params)
    return [
        TrainingJob(
            task=params.task,
            architecture=row.architecture,
            seed=seed,
            model=row.model,
            train=own[row.name].train,
            prepared=row.prepared,
            num_threads=threads,
            resources=params.resources,
            row=named.get(row.name),
        )
        for row in sorted(rows, key=lambda row: -RELATIVE_COST.get(row.architecture, 1))
        for seed in params.seeds
    ]


def network_rows(params: Experiment, prepared: Prepared) -> list[NetworkRow]:
    """A row for each architecture, at each point of the grid where there is one."""
    if not params.grid:
        return [network_row(name, name, params, prepared) for name in params.architectures]
    return [
        network_row(name, row.architecture, row.params, prepared.at(row.place))
        for name, row in grid_rows(params).items()
    ]


def own_params(params: Experiment) -> dict[str, Experiment]:
    """What is asked of every row of networks, by its name: without a grid the same of all."""
    if not params.grid:
        return dict.fromkeys(params.architectures, params)
    return {name: row.params for name, row in grid_rows(params).items()}


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
    """How many trainings run at a time: as many as asked for, by default one a core.

    Never more than there are cores for. Measured on two cores: two single-threaded trainings side
    by side end 1.4 times sooner than one after the other with two threads each. Which of them run
    on which GPU is decided when they begin.
    """
    trainings = len(params.architectures) * len(points(params)) * len(params.seeds)
    asked = params.resources.workers
    most = max(1, num_cores() // params.resources.devices)
    return min(trainings, most if asked == "auto" else min(asked, most))


def new_texts(params: Experiment) -> NewTexts | None:
    """The texts that nobody labelled, where there are any, and how they become numbers."""
    if isinstance(params, ForecastExperiment) or not params.evaluate.texts:
        return None
    return NewTexts(texts=params.evaluate.texts, preprocess=params.preprocess)
