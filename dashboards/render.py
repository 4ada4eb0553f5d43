"""Comparison record -> one self-contained HTML page that opens offline.

The page may not load anything: its policy lets run only the two scripts inlined here, named by
their hashes, and everything else in it is data that Jinja escapes.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from components.metrics import metrics_of, ranking_metric
from components.records import Comparison
from dashboards import charts, look
from dashboards.curves import learning_curves
from dashboards.pairs import has_intervals, pair_lines
from dashboards.table import number, quantity, table
from dashboards.texts import numbers, readings
from dashboards.verdict import in_sentence, verdict
from dashboards.wording import listed
from params.names import ARCHITECTURE_LABELS, BASELINE_LABELS

TASK_LABELS = {"classification": "Text classification", "forecast": "Forecast of a series"}


@dataclass(frozen=True)
class Panel:
    """One chart: what it shows in words, and the plotly figure as JSON values."""

    id: str
    title: str
    alt: str
    figure: Any  # plotly's JSON
    colour: str = ""


def render(comparison: Comparison) -> str:
    """The page, complete: text and table read without JavaScript, charts drawn in place with it."""
    environment = Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plotly_script = get_plotlyjs()
    page_script = environment.get_template("charts.js").render()
    metric = ranking_metric(comparison.task, comparison.metric)
    return environment.get_template("page.html.j2").render(
        comparison=comparison,
        task=TASK_LABELS[comparison.task],
        compared=_compared(comparison),
        metric=metric,
        metric_in_sentence=in_sentence(metric.label),
        verdict=verdict(comparison),
        table=table(comparison),
        pairs=pair_lines(comparison),
        has_intervals=has_intervals(comparison),
        names=_names(comparison),
        floors=_floors(comparison),
        ranking=_ranking(comparison),
        forecast=_forecast(comparison),
        curves=_curves(comparison),
        numbers=numbers(comparison),
        readings=readings(comparison),
        neutrals=look.NEUTRALS,
        policy=_policy(plotly_script, page_script),
        plotly_script=plotly_script,
        page_script=page_script,
    )


def _policy(*scripts: str) -> str:
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _names(comparison: Comparison) -> dict[str, str]:
    """Name -> label of everything that was to be compared, whether it finished or not."""
    known: dict[str, str] = dict([*ARCHITECTURE_LABELS.items(), *BASELINE_LABELS.items()])
    return known | {row.name: row.label for row in comparison.rows}


def _compared(comparison: Comparison) -> str:
    names = _names(comparison)
    baselines = [row.label for row in comparison.rows if row.kind == "baseline"]
    networks = {row.name for row in comparison.rows if row.kind == "network"}
    networks |= {run.name for run in comparison.missing if run.seed is not None}
    labels = [label for name, label in names.items() if name in networks]
    return ", beside ".join(filter(None, (listed(labels), listed(baselines))))


def _floors(comparison: Comparison) -> tuple[str, ...]:
    metrics = metrics_of(comparison.task)
    return tuple(
        f"{metrics[key].label} {quantity(value, metrics[key])}"
        for key, value in comparison.floor.items()
    )


def _json(figure: go.Figure) -> Any:
    """The figure as JSON values; plotly writes what is not finite as null."""
    return json.loads(figure.to_json())


def _ranking(comparison: Comparison) -> Panel | None:
    if not comparison.rows:
        return None
    metric = ranking_metric(comparison.task, comparison.metric)
    means = [
        f"{row.label} {number(row.metrics[metric.key].mean, metric.digits)}"
        for row in comparison.rows
        if metric.key in row.metrics
    ]
    alt = f"Dots and ranges of {in_sentence(metric.label)}, {metric.better} is better. Means: "
    figure = charts.ranking(comparison)
    return Panel("ranking", f"{metric.label} of every row", f"{alt}{listed(means)}.", _json(figure))


def _forecast(comparison: Comparison) -> Panel | None:
    figure = charts.forecast(comparison)
    if figure is None or comparison.forecast is None:
        return None
    picture = comparison.forecast
    days = f"day {picture.days[0]} to day {picture.days[-1]}" if picture.days else "no day"
    labels = [row.label for row in comparison.rows if row.name in picture.forecasts]
    alt = f"Lines of temperature in °C, {days}: the truth and the forecasts of {listed(labels)}."
    return Panel("forecast", "Truth and forecasts", alt, _json(figure))


def _curves(comparison: Comparison) -> tuple[Panel, ...]:
    names = _names(comparison)
    return tuple(
        Panel(
            f"curve-{place}",
            names.get(name, name),
            f"Training and validation loss of {names.get(name, name)} by epoch, one pair of lines "
            f"for each of {sum(curve.name == name for curve in comparison.curves)} runs.",
            _json(figure),
            look.colour(name),
        )
        for place, (name, figure) in enumerate(learning_curves(comparison).items())
    )
