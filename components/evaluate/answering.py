"""Which rows of a comparison are measured for their size and speed, and by which of their runs."""

import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from components.outputs import key_of
from components.provenance import num_cores
from components.records import Evidence, Ingested, Prepared, Record, Scored
from params.names import Architecture, SeriesBaseline, TextBaseline
from params.schema import Experiment
from params.sections import SeriesModel, SeriesPreprocess, TextModel, TextPreprocess

VERSION = 1  # of how answers are measured; a change of it measures stored runs again


class NetworkRow(Record):
    """A row of networks: what it is called, how they are built, and what they read."""

    name: str
    architecture: Architecture
    model: TextModel | SeriesModel
    preprocess: TextPreprocess | SeriesPreprocess
    prepared: Prepared


class MeasuredNetwork(NetworkRow):
    """A trained network of a row: its weights lie in `trained`, its scores in `scored`."""

    trained: Path
    scored: Path


class MeasuredBaseline(Record):
    """A fitted baseline, which lies in `scored` beside its scores."""

    name: TextBaseline | SeriesBaseline
    scored: Path


class AnsweringJob(Record):
    """The rows to measure, and the test examples; `prepared` and `preprocess` say which."""

    ingested: Ingested
    prepared: Prepared
    preprocess: TextPreprocess | SeriesPreprocess
    networks: tuple[MeasuredNetwork, ...]
    baselines: tuple[MeasuredBaseline, ...]

    @property
    def key(self) -> str:
        """The digest of all that the result depends on, but for what else the machine has to do."""
        machine = (platform.node(), platform.machine(), num_cores())
        networks = (row.scored.name for row in self.networks)
        baselines = (row.scored.name for row in self.baselines)
        return key_of("answering", VERSION, *machine, self.prepared.key, *networks, *baselines)


def answering_job(
    experiment: Experiment, evidence: Evidence, rows: Sequence[NetworkRow] | None = None
) -> AnsweringJob:
    """What is to be measured of all that was scored.

    Args:
        experiment: What was asked.
        evidence: What was found.
        rows: Every row of networks, by default one for each architecture.
    """
    trained = {(run.name, run.seed): run for run in evidence.trained}
    runs = measured_runs(evidence.scored)
    if rows is None:
        rows = [
            network_row(name, name, experiment, evidence.prepared)
            for name in experiment.architectures
        ]
    return AnsweringJob(
        ingested=evidence.ingested,
        prepared=evidence.prepared,
        preprocess=experiment.preprocess,
        networks=tuple(
            MeasuredNetwork(**dict(row), trained=trained[row.name, run.seed].path, scored=run.path)
            for row in rows
            if (run := runs.get(row.name)) and run.seed is not None
        ),
        baselines=tuple(
            MeasuredBaseline(name=name, scored=run.path)
            for name in experiment.evaluate.baselines
            if (run := runs.get(name))
        ),
    )


def network_row(
    name: str, architecture: Architecture, experiment: Experiment, prepared: Prepared
) -> NetworkRow:
    """The row called `name`, whose networks are trained as `experiment` says on `prepared`."""
    return NetworkRow(
        name=name,
        architecture=architecture,
        model=experiment.model,
        preprocess=experiment.preprocess,
        prepared=prepared,
    )


def measured_runs(scored: Iterable[Scored]) -> dict[str, Scored]:
    """The run that each row is measured by, by the row's name: that of its first seed."""
    last_seed_first = sorted(scored, key=lambda run: run.seed or 0, reverse=True)
    return {run.name: run for run in last_seed_first}
