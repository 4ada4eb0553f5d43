"""Which rows of a comparison are measured for their size and speed, and by which of their runs."""

import platform
from collections.abc import Iterable
from pathlib import Path

from components.provenance import num_cores
from components.records import Evidence, Ingested, Prepared, Record, Scored
from components.storage import key_of
from params.names import Architecture, SeriesBaseline, TextBaseline
from params.schema import Experiment
from params.sections import SeriesModel, SeriesPreprocess, TextModel, TextPreprocess

VERSION = 1  # of how answers are measured; a change of it measures stored runs again


class MeasuredNetwork(Record):
    """A trained network: its weights lie in `trained`, its scores in `scored`."""

    name: Architecture
    trained: Path
    scored: Path


class MeasuredBaseline(Record):
    """A fitted baseline, which lies in `scored` beside its scores."""

    name: TextBaseline | SeriesBaseline
    scored: Path


class AnsweringJob(Record):
    """The rows to measure, and what they were made from."""

    ingested: Ingested
    prepared: Prepared
    preprocess: TextPreprocess | SeriesPreprocess
    model: TextModel | SeriesModel
    networks: tuple[MeasuredNetwork, ...]
    baselines: tuple[MeasuredBaseline, ...]

    @property
    def key(self) -> str:
        """The digest of all that the result depends on, but for what else the machine has to do."""
        machine = (platform.node(), platform.machine(), num_cores())
        networks = (row.scored.name for row in self.networks)
        baselines = (row.scored.name for row in self.baselines)
        return key_of("answering", VERSION, *machine, self.prepared.key, *networks, *baselines)


def answering_job(experiment: Experiment, evidence: Evidence) -> AnsweringJob:
    """What is to be measured of all that was scored."""
    weights = {(run.architecture, run.seed): run.path for run in evidence.trained}
    runs = measured_runs(evidence.scored)
    return AnsweringJob(
        ingested=evidence.ingested,
        prepared=evidence.prepared,
        preprocess=experiment.preprocess,
        model=experiment.model,
        networks=tuple(
            MeasuredNetwork(name=name, trained=weights[name, run.seed], scored=run.path)
            for name in experiment.architectures
            if (run := runs.get(name)) and run.seed is not None
        ),
        baselines=tuple(
            MeasuredBaseline(name=name, scored=run.path)
            for name in experiment.evaluate.baselines
            if (run := runs.get(name))
        ),
    )


def measured_runs(scored: Iterable[Scored]) -> dict[str, Scored]:
    """The run that each row is measured by, by the row's name: that of its first seed."""
    last_seed_first = sorted(scored, key=lambda run: run.seed or 0, reverse=True)
    return {run.name: run for run in last_seed_first}
