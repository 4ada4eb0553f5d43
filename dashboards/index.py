"""Reports in a few words -> one HTML page that lists them, the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from components.metrics import ranking_metric
from components.records import Comparison, Summary
from dashboards.pages import policy, source, templates
from dashboards.verdict import in_sentence, verdict
from dashboards.wording import quantity

STYLES = ("page.css", "table.css", "index.css", "print.css")


@dataclass(frozen=True)
class Listed:
    """A report as it stands in the list; `link` is relative to the list's folder."""

    summary: Summary
    when: str
    link: str


def summarise(comparison: Comparison) -> Summary:
    """What the list says of a comparison.

    Raises:
        ValueError: If it was made at no time that can be read.
    """
    metric = ranking_metric(comparison.task, comparison.metric)
    best = next((row for row in comparison.rows if row.best and metric.key in row.metrics), None)
    value = quantity(best.metrics[metric.key].mean, metric) if best else ""
    return Summary(
        id=comparison.id,
        experiment=comparison.experiment,
        title=comparison.title,
        created=datetime.fromisoformat(comparison.created),
        best=best.label if best else None,
        score=f"{in_sentence(metric.label)} {value}" if best else "",
        headline=verdict(comparison).headline,
        num_missing=len(comparison.missing),
    )


def newest_first(summaries: Iterable[Summary]) -> list[Summary]:
    """In the order of the list; of two that began together, the greater id first."""
    return sorted(summaries, key=lambda one: (one.created, one.id), reverse=True)


def render_index(summaries: Iterable[Summary]) -> str:
    """The page that lists the reports; each is linked as `<id>/report.html`."""
    environment = templates()
    style = "".join(source(environment, name) for name in STYLES)
    return environment.get_template("index.html.j2").render(
        reports=[
            Listed(
                summary=one,
                when=f"{one.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
                link=f"{quote(one.id)}/report.html",
            )
            for one in newest_first(summaries)
        ],
        style=style,
        policy=policy(styles=[style]),
    )
