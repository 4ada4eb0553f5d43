"""Comparison record -> Markdown for trackers and schedulers: the verdict and the ranked table."""

from components.markdown import plain
from components.markdown import table as markdown_table
from components.metrics import Metric, ranking_metric
from components.records import Comparison, Row
from dashboards.against import AgainstLast, against_last
from dashboards.ranking import ranked, shown_metrics
from dashboards.verdict import verdict
from dashboards.wording import DASH, between, count, number, run_name, seconds


def summary(comparison: Comparison) -> str:
    """The question, the answer in words, and a table of all rows, the best first.

    Every row has its ranking metric with the 95 % interval, where there is one.
    """
    said = verdict(comparison)
    lines = [f"**{plain(comparison.title)}**", f"{plain(said.headline)}"]
    if said.notes:
        lines.append("\n".join(f"- {plain(note)}" for note in said.notes))
    if last := against_last(comparison):
        lines.append(last_champion(last))
    if comparison.missing:
        lines.append("\n".join(f"- {line}" for line in absent(comparison)))
    if comparison.rows:
        lines.append(rows_table(comparison))
    return "\n\n".join(lines)


def last_champion(found: AgainstLast) -> str:
    """How the new best network does against the last champion, and who that was."""
    alarm = f"**Regression: {plain(found.alarm)}.** " if found.alarm else ""
    return f"{alarm}{plain(' '.join([found.who, *found.sentences]))}"


def absent(comparison: Comparison) -> list[str]:
    """Which runs have no result, and why."""
    return [
        f"Without a result: {run_name(one)} ({one.status}: {plain(one.reason)})"
        for one in comparison.missing
    ]


def rows_table(comparison: Comparison) -> str:
    """All rows, networks and baselines together, ranked; the best network is in bold."""
    ranks = ranking_metric(comparison.task, comparison.metric)
    others = [metric for metric in shown_metrics(comparison) if metric.compute and metric != ranks]
    headings = [
        *("Rank", "Row", f"{heading(ranks)} (95 % interval)", *map(heading, others)),
        *("Seeds", "Parameters", "Training, s"),
    ]
    lines = [
        [str(place), name_of(row), f"{mean(row, ranks)} {interval(row, ranks)}".rstrip()]
        + [mean(row, metric) for metric in others]
        + [str(len(row.seeds)) if row.seeds else DASH]
        + [count(row.num_parameters), seconds(row.train_seconds)]
        for place, row in enumerate(ranked(comparison.rows, ranks), start=1)
    ]
    return markdown_table(headings, lines, numbers_from=2)


def heading(metric: Metric) -> str:
    """The label of a metric with its unit."""
    return f"{metric.label}, {metric.unit}" if metric.unit else metric.label


def name_of(row: Row) -> str:
    """The label of a row: bold for the best network, set off for a baseline."""
    if row.kind == "baseline":
        return f"*{plain(row.label)}*"
    return f"**{plain(row.label)}**" if row.best else plain(row.label)


def mean(row: Row, metric: Metric) -> str:
    """The mean over the seeds, in the digits of the metric."""
    spread = row.metrics.get(metric.key)
    return DASH if spread is None else number(spread.mean, metric.digits)


def interval(row: Row, metric: Metric) -> str:
    """The ends of the 95 % interval in brackets, where there is one."""
    spread = row.metrics.get(metric.key)
    if spread is None or spread.interval is None:
        return ""
    return f"({between(*spread.interval, metric)})"
