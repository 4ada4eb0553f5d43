"""Numbers as a reader sees them: digits and units are those of the metric."""

import math
import re
from collections.abc import Sequence

from components.metrics import Metric
from components.records import Missing, Spread

DASH = "–"
TO = "to"  # a hyphen between two numbers reads as a minus
HELD = re.compile(
    r"(?<=\d) (?=(?:°C|points|nats|ms|s|[kMG]?B|%)(?!\w))"  # a number and its unit
    r"| (?=\[-?\d)|(?<=\d,) (?=-?[\d.]+\])"  # what stands before an interval, and its two ends
)


def number(value: float | None, digits: int) -> str:
    """The value with so many decimals, or a dash where there is none; never a negative zero."""
    return DASH if value is None or math.isnan(value) else f"{value:z.{digits}f}"


def quantity(value: float | None, metric: Metric) -> str:
    """The value of a metric with its unit, such as `1.596 °C`."""
    return f"{number(value, metric.digits)} {metric.unit}".rstrip()


def span(spread: Spread, metric: Metric) -> str:
    """`0.8501 to 0.8553`; empty for a single value, or where one is not a number."""
    if len(spread.values) < 2 or math.isnan(spread.mean):
        return ""
    return between(spread.low, spread.high, metric)


def between(low: float, high: float, metric: Metric) -> str:
    """`0.8501 to 0.8553`, in the metric's digits."""
    return f"{number(low, metric.digits)} {TO} {number(high, metric.digits)}"


def brackets(low: float, high: float, digits: int) -> str:
    """`[0.8501, 0.8553]`, for where there is little room."""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def seconds(value: float | None) -> str:
    """Seconds without false precision: `1,234`, `56.7`, `0.08`."""
    if value is None or math.isnan(value):
        return DASH
    if 0 < value < 0.01:
        return "< 0.01"
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 10 else 2}f}"


def size(num_bytes: int | None) -> str:
    """Bytes with a prefix, in steps of a thousand: `812 B`, `121 kB`, `1.4 MB`."""
    if num_bytes is None:
        return DASH
    value, prefixes = float(num_bytes), ["", "k", "M", "G"]
    while value >= 999.5 and len(prefixes) > 1:
        value, prefixes = value / 1000, prefixes[1:]
    few = value < 9.95 and prefixes[0] != ""
    return f"{value:,.{1 if few else 0}f} {prefixes[0]}B"


def count(value: int | None) -> str:
    """A whole number with commas, or a dash."""
    return DASH if value is None else f"{value:,}"


def moment(created: str) -> str:
    """`2026-11-22 18:55`, of a moment in ISO 8601."""
    return created[:16].replace("T", " ")


def run_name(run: Missing) -> str:
    """`lstm seed 2`, or by the label of its row where it has one; a baseline has no seed."""
    if run.seed is None:
        return run.label or run.name
    return f"{run.label}, seed {run.seed}" if run.label else f"{run.name} seed {run.seed}"


def listed(words: Sequence[str]) -> str:
    """The words as in a sentence: `LSTM, GRU and BiLSTM`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def unbroken(text: str) -> str:
    """The text with spaces that no line breaks at between a number, its unit and its interval."""
    return HELD.sub("\N{NO-BREAK SPACE}", text)
