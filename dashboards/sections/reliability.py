"""Whether probabilities can be taken at their word: the reliability diagram of every row."""

from collections.abc import Sequence
from html import escape

from components.records import Comparison, Reliability, Row, TextErrors
from dashboards.look import FAINT, Figure, figure, stroke
from dashboards.panel import Panel
from dashboards.sections.across import Chart, Figures
from dashboards.sections.drawn import best_rows, ends, leaders, line, row_styles, said_of_rest
from dashboards.wording import brackets, listed, number

DIGITS = 3  # of a calibration error


def reliability(comparison: Comparison, errors: TextErrors) -> Chart | None:
    """How often label 1 was right where it was given a probability; absent without any row."""
    rows = best_rows(comparison, errors.reliability)
    if not rows:
        return None
    found = errors.reliability
    title = "Can its probabilities be believed?"
    gist = [f"{row.label} {number(found[row.name].error.mean, DIGITS)}" for row in rows]
    panel = Panel(
        id="reliability",
        title=title,
        alt="Reliability diagram: share of label 1 over the probability that was said. Expected "
        f"calibration error: {listed(gist)}.",
        figure=_figure(comparison, rows, found),
        caption="On the diagonal, of the texts given 80 % for label 1, 80 % have it. Flatter than "
        "the diagonal is too sure, steeper is not sure enough."
        + said_of_rest(len(rows), len(found)),
    )
    return Chart(panel, _figures(rows, found))


def _figure(
    comparison: Comparison, rows: Sequence[Row], reliabilities: dict[str, Reliability]
) -> Figure:
    found = figure(height=380, x_title="Probability of label 1", y_title="Share with label 1")
    found["layout"]["showlegend"] = True
    whole = {"range": [-0.02, 1.02], "dtick": 0.2}
    found["layout"]["xaxis"] |= whole
    found["layout"]["yaxis"] |= whole
    diagonal = {"mode": "lines", "line": stroke(FAINT, 2), "hoverinfo": "skip", "showlegend": False}
    found["data"].append({"type": "scatter", "x": [0, 1], "y": [0, 1]} | diagonal)
    styles = row_styles(comparison)
    seen = {row.name for row in rows if row.kind == "network"} | leaders(rows)
    for row in rows:
        bins = reliabilities[row.name].bins
        drawn = line(row, styles[row.name], [one.said for one in bins], [one.found for one in bins])
        drawn["customdata"] = [f"{one.num_examples:,}" for one in bins]
        drawn["hovertemplate"] = (
            f"{escape(row.label)}<br>said %{{x:.3f}}, found %{{y:.3f}}<br>"
            "%{customdata} texts, all seeds together<extra></extra>"
        )
        found["data"].append(drawn | {"visible": True if row.name in seen else "legendonly"})
    return found


def _figures(rows: Sequence[Row], reliabilities: dict[str, Reliability]) -> Figures:
    def said(row: Row) -> str:
        error = reliabilities[row.name].error
        low, high = ends(error)
        text = number(error.mean, DIGITS)
        return f"{text} {brackets(low, high, DIGITS)}" if low < high else text

    return Figures(
        "Expected calibration error: how far, on average, said and found lie apart",
        ("Row", "Calibration error"),
        tuple((row.label, said(row)) for row in rows),
    )
