"""Comparison record -> the numbers of all rows, for the scripts of the page."""

from typing import Any

from components.records import Comparison, Row
from dashboards.look import Style, styles
from dashboards.panel import plain
from dashboards.ranking import shown_metrics


def rows_data(comparison: Comparison) -> Any:  # JSON, which has no type of its own
    """What the script element `rows` holds: the metrics, and each row with its look and numbers.

    Charts that follow the choice of a metric take their numbers from here.
    """
    looks = styles(comparison.rows)
    return {
        "metric": comparison.metric,
        "metrics": [
            {
                "key": metric.key,
                "label": metric.label,
                "unit": metric.unit,
                "better": metric.better,
                "digits": metric.digits,
            }
            for metric in shown_metrics(comparison)
        ],
        "rows": [_row(row, looks[row.name]) for row in comparison.rows],
    }


def _row(row: Row, style: Style) -> Any:  # JSON
    return {
        "name": row.name,
        "label": row.label,
        "kind": row.kind,
        "colour": style.colour,
        "symbol": style.symbol,
        "dash": style.dash,
        "seeds": list(row.seeds),
        "parameters": row.num_parameters,
        "train_seconds": row.train_seconds,
        "cost": row.cost.model_dump() if row.cost else None,
        "metrics": {key: plain(spread.model_dump()) for key, spread in row.metrics.items()},
    }
