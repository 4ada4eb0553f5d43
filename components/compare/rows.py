"""Runs and baselines -> the rows of a comparison, with their spread over the seeds and costs."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from components import metrics
from components.records import Cost, Evidence, NamedRow, Row, Scored, Spread
from params.names import ARCHITECTURE_LABELS, BASELINE_LABELS, Architecture

LABELS: dict[str, str] = dict([*ARCHITECTURE_LABELS.items(), *BASELINE_LABELS.items()])


def ranked(
    kind: str, scored: Iterable[Scored], metric: metrics.Metric, named: Iterable[NamedRow] = ()
) -> list[Row]:
    """One row for each name of `kind`, best first; the best network is marked.

    Args:
        kind: `network` or `baseline`.
        scored: What was scored, of both kinds.
        metric: What ranks the rows.
        named: The rows that are called otherwise than their architecture or baseline.
    """
    own = {one.name: one for one in named}
    by_name: dict[str, list[Scored]] = {}
    for one in scored:
        if one.kind == kind:
            by_name.setdefault(one.name, []).append(one)
    rows = [row_of(name, group, own.get(name)) for name, group in by_name.items()]
    sign = -1 if metric.better == "higher" else 1
    rows.sort(key=lambda row: (sign * row.metrics[metric.key].mean, row.name))
    if kind == "network" and rows:
        rows[0] = rows[0].model_copy(update={"best": True})
    return rows


def row_of(name: str, group: Sequence[Scored], named: NamedRow | None = None) -> Row:
    """One line of the table from the runs of one architecture, or from one baseline."""
    group = sorted(group, key=lambda scored: scored.seed or 0)
    keys = [key for key in group[0].metrics if all(key in scored.metrics for scored in group)]
    return Row(
        kind=group[0].kind,
        name=name,
        label=named.label if named else LABELS[name],
        architecture=named.architecture if named else architecture(name),
        changed=named.changed if named else {},
        num_parameters=group[0].num_parameters,
        train_seconds=fmean(scored.train_seconds for scored in group),
        seeds=tuple(scored.seed for scored in group if scored.seed is not None),
        run_ids=tuple(scored.run_id for scored in group if scored.run_id is not None),
        metrics={key: spread([scored.metrics[key] for scored in group]) for key in keys},
    )


def architecture(name: str) -> Architecture | None:
    """The architecture that a row is called after; a baseline has none."""
    return next((known for known in ARCHITECTURE_LABELS if known == name), None)


def spread(values: Sequence[float]) -> Spread:
    """Mean, smallest and largest of `values`."""
    return Spread(mean=fmean(values), low=min(values), high=max(values), values=tuple(values))


def with_costs(rows: Iterable[Row], evidence: Evidence) -> list[Row]:
    """The rows of one experiment with what each costs, None for one that was not measured."""
    return [row.model_copy(update={"cost": cost_of(row, evidence)}) for row in rows]


def cost_of(row: Row, evidence: Evidence) -> Cost | None:
    """What the runs behind a row cost to make, and how one of them answers."""
    answering = {one.name: one for one in evidence.answering}.get(row.name)
    if answering is None:
        return None
    epoch_seconds = [
        run.seconds_per_epoch
        for run in evidence.trained
        if run.name == row.name and run.seed in row.seeds
    ]
    memory = [run.peak_memory_bytes for run in evidence.scored if run.name == row.name]
    return Cost(
        seconds_per_epoch=fmean(epoch_seconds) if epoch_seconds else None,
        peak_memory_bytes=round(fmean(memory)),
        size_bytes=answering.size_bytes,
        latency_median_seconds=answering.latency_median_seconds,
        latency_p99_seconds=answering.latency_p99_seconds,
        throughput=answering.throughput,
        busy_cores=answering.busy_cores,
    )
