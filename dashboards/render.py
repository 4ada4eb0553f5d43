"""Comparison record -> one self-contained HTML page that opens offline.

The page may not load anything: its policy lets run only the scripts and styles inlined here, named
by their hashes, and everything else in it is data that Jinja escapes.
"""

from functools import cache

from jinja2 import Environment

from components.metrics import metrics_of
from components.records import Comparison
from dashboards import look
from dashboards.pages import breakable, policy, source, templates
from dashboards.pairs import has_intervals
from dashboards.ranking import ranking
from dashboards.sections.gather import sections
from dashboards.table import measured_beside, tables
from dashboards.texts import numbers, readings
from dashboards.verdict import in_sentence, verdict
from dashboards.wording import quantity, unbroken
from params.errors import plural
from params.names import ARCHITECTURE_LABELS, BASELINE_LABELS

TASK_LABELS = {"classification": "Text classification", "forecast": "Forecast of a series"}
STYLES = ("page.css", "table.css", "charts.css", "sections.css", "print.css")
SCRIPTS = ("charts.js", "legend.js", "cost.js", "table.js")

# The library fills style elements of its own, which are empty at first, rule by rule.
EMPTY_STYLE = ""
# It would add one more, for maps, if there were no element of this id; the page has no map.
LIBRARY_STYLE = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53"


def render(comparison: Comparison) -> str:
    """The page, complete: text and tables read without JavaScript, charts drawn in place with it.

    Every section is a template of its own, which gets what it shows by the names given here.
    """
    environment = _environment()
    style = "".join(source(environment, name) for name in STYLES)
    scripts = (_plotly(), *(source(environment, name) for name in SCRIPTS))
    return environment.get_template("page.html.j2").render(
        comparison=comparison,
        task=TASK_LABELS[comparison.task],
        asked=_asked(comparison),
        verdict=verdict(comparison),
        ranking=ranking(comparison),
        tables=tables(comparison),
        measured_beside=measured_beside(comparison),
        metric_in_sentence=in_sentence(metrics_of(comparison.task)[comparison.metric].label),
        has_intervals=has_intervals(comparison),
        names=_names(comparison),
        floors=_floors(comparison),
        sections=sections(comparison),
        numbers=numbers(comparison),
        readings=readings(comparison),
        neutral=look.MUTED,
        neutrals=look.NEUTRALS,
        shapes=look.SHAPES,
        style=style,
        scripts=scripts,
        policy=policy(scripts=scripts, styles=(style, EMPTY_STYLE)),
        library_style=LIBRARY_STYLE,
    )


def _environment() -> Environment:
    environment = templates()
    environment.filters |= {
        "in_sentence": in_sentence,
        "unbroken": unbroken,
        "breakable": breakable,
    }
    return environment


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _names(comparison: Comparison) -> dict[str, str]:
    """Name -> label of everything that was to be compared, whether it finished or not."""
    known: dict[str, str] = dict([*ARCHITECTURE_LABELS.items(), *BASELINE_LABELS.items()])
    return known | {row.name: row.label for row in comparison.rows}


def _asked(comparison: Comparison) -> str:
    """What was compared on which data, in one line."""
    networks = [row for row in comparison.rows if row.kind == "network"]
    runs = sum(len(row.seeds) for row in networks)
    baselines = len(comparison.rows) - len(networks)
    counts = (plural(len(networks), "network"), plural(runs, "run"))
    data = comparison.data
    return (
        f"{', '.join(counts)} and {plural(baselines, 'baseline')} on {data.source}: "
        f"{data.train:,} to train, {data.val:,} to validate, {data.test:,} to test."
    )


def _floors(comparison: Comparison) -> tuple[str, ...]:
    metrics = metrics_of(comparison.task)
    return tuple(
        f"{metrics[key].label} {quantity(value, metrics[key])}"
        for key, value in comparison.floor.items()
    )
