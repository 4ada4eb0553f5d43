"""How the networks learned: the loss by epoch of all their runs, seeds as a band."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape

from components.metrics import TRAIN_LOSS, VAL_LOSS, metrics_of
from components.records import Comparison, Curve, Row
from dashboards.look import SURFACE, Figure, Style, figure, finite, outline, stroke
from dashboards.panel import Panel
from dashboards.scale import log_ticks
from dashboards.sections.drawn import band, best_rows, row_styles, said_of_rest, trace
from dashboards.wording import listed

FEW_EPOCHS = 12  # up to here every epoch gets a mark and a tick
FEW_ROWS = 4  # up to here each row's runs are drawn one by one as well
STEEP = 5  # losses that differ by more than this factor are drawn on a log scale


def learning_curves(comparison: Comparison) -> Panel | None:
    """The validation loss of every row by epoch, its seeds as a band; absent without a curve."""
    curves = _curves_of(comparison)
    rows = best_rows(comparison, curves)
    if not rows:
        return None
    styles = row_styles(comparison)
    found = figure(height=420, x_title="Epoch")
    found["layout"]["showlegend"] = True
    for row in rows:
        found["data"] += _traces(row, styles[row.name], curves[row.name])
    drawn = [curve for row in rows for curve in curves[row.name]]
    _set_axes(found, drawn)
    least = [f"{row.label} {_least(curves[row.name]):.4f}" for row in rows]
    return Panel(
        id="curves",
        title="",
        alt=f"Lines of {metrics_of(comparison.task)[VAL_LOSS].label.lower()} by epoch. Lowest, "
        f"mean over the seeds: {listed(least)}.",
        figure=found,
        caption="Solid: validation loss, mean over the seeds that still train; the band runs from "
        "the lowest to the highest. Dotted: training loss. Rings are the best epoch of each seed, "
        "whose weights stay. Where training falls on while validation rises, the network overfits."
        + said_of_rest(len(rows), len(curves), "networks"),
    )


def single_runs(comparison: Comparison) -> tuple[Panel, ...]:
    """A small chart of every run for each row, all on one scale; none where there are many rows."""
    curves = _curves_of(comparison)
    rows = best_rows(comparison, curves)
    several = any(len(runs) > 1 for runs in curves.values())
    if len(rows) > FEW_ROWS or not several:
        return ()
    styles = row_styles(comparison)
    drawn = [curve for row in rows for curve in curves[row.name]]
    panels = []
    for place, row in enumerate(rows):
        found = figure(height=200, x_title="Epoch")
        found["layout"]["margin"]["t"] = 8
        for curve in curves[row.name]:
            found["data"] += _run(row, styles[row.name], curve)
        _set_axes(found, drawn)
        alt = f"Training and validation loss of {row.label} by epoch, a pair of lines for each of "
        alt += f"{len(curves[row.name])} runs."
        panels.append(Panel(f"curves-{place}", row.label, alt, found, styles[row.name]))
    return tuple(panels)


def _curves_of(comparison: Comparison) -> Mapping[str, list[Curve]]:
    known = {row.name for row in comparison.rows}
    found: dict[str, list[Curve]] = defaultdict(list)
    for curve in comparison.curves:
        if curve.name in known:
            found[curve.name].append(curve)
    return found


def _traces(row: Row, style: Style, curves: Sequence[Curve]) -> list[Figure]:
    epochs, validation = _by_epoch(curves, VAL_LOSS)
    means = [_mean(values) for values in validation]
    found = []
    if len(curves) > 1:
        lows = [min(finite(values), default=math.nan) for values in validation]
        highs = [max(finite(values), default=math.nan) for values in validation]
        found.append(band(row, style, epochs, lows, highs))
    hover = f"{escape(row.label)}, epoch %{{x}}<br>"
    trained, training = _by_epoch(curves, TRAIN_LOSS)
    found.append(
        trace(
            row,
            mode="lines",
            x=trained,
            y=[_mean(values) for values in training],
            line=stroke(style.colour, 1.5, "dot"),
            hovertemplate=f"{hover}training loss %{{y:.4f}}<extra></extra>",
            showlegend=False,
        )
    )
    found.append(
        trace(
            row,
            mode="lines+markers",
            x=epochs,
            y=means,
            line=stroke(style.colour, 2),
            marker={
                "size": 6,
                "symbol": style.symbol,
                "color": style.colour,
                "maxdisplayed": FEW_EPOCHS,
            },
            customdata=[len(finite(values)) for values in validation],
            hovertemplate=f"{hover}validation loss %{{y:.4f}}, mean of %{{customdata}}"
            "<extra></extra>",
        )
    )
    return [*found, _rings(row, style, curves)]


def _rings(row: Row, style: Style, curves: Sequence[Curve]) -> Figure:
    best = [(curve, curve.epochs[curve.best_epoch - 1]) for curve in curves]
    return trace(
        row,
        mode="markers",
        x=[epoch.epoch for _, epoch in best],
        y=[epoch.metrics.get(VAL_LOSS) for _, epoch in best],
        customdata=[curve.seed for curve, _ in best],
        marker={
            "size": 10,
            "symbol": style.symbol,
            "color": SURFACE,
            "line": outline(style.colour, 2.5),
        },
        hovertemplate=f"{escape(row.label)}, seed %{{customdata}}<br>best epoch %{{x}}: %{{y:.4f}}"
        "<extra></extra>",
        showlegend=False,
    )


def _run(row: Row, style: Style, curve: Curve) -> list[Figure]:
    epochs = [epoch.epoch for epoch in curve.epochs]
    dressed = (
        (TRAIN_LOSS, "training", stroke(style.colour, 1.2, "dot")),
        (VAL_LOSS, "validation", stroke(style.colour, 1.5)),
    )
    lines = [
        trace(
            row,
            mode="lines",
            x=epochs,
            y=[epoch.metrics.get(key) for epoch in curve.epochs],
            line=look,
            hovertemplate=f"Seed {curve.seed}, epoch %{{x}}<br>{what} loss %{{y:.4f}}"
            "<extra></extra>",
        )
        for key, what, look in dressed
    ]
    return [*lines, _rings(row, style, [curve])]


def _by_epoch(curves: Sequence[Curve], key: str) -> tuple[list[int], list[list[float]]]:
    """The epochs that any run has, and the values of the runs at each."""
    found: dict[int, list[float]] = defaultdict(list)
    for curve in curves:
        for epoch in curve.epochs:
            found[epoch.epoch].append(epoch.metrics.get(key, math.nan))
    return sorted(found), [found[epoch] for epoch in sorted(found)]


def _mean(values: Sequence[float]) -> float:
    drawn = finite(values)
    return sum(drawn) / len(drawn) if drawn else math.nan


def _least(curves: Sequence[Curve]) -> float:
    _, validation = _by_epoch(curves, VAL_LOSS)
    return min(finite(map(_mean, validation)), default=math.nan)


def _set_axes(found: Figure, curves: Sequence[Curve]) -> None:
    """Axes that hold all these curves: the loss on a log scale where it falls steeply."""
    epochs = [epoch for curve in curves for epoch in curve.epochs]
    last = max((epoch.epoch for epoch in epochs), default=1)
    margin = 0.04 * (last - 1) or 0.5
    found["layout"]["xaxis"] |= {"range": [1 - min(margin, 0.9), last + margin]}  # no epoch 0
    if last <= FEW_EPOCHS:
        found["layout"]["xaxis"]["dtick"] = 1
    losses = finite(epoch.metrics.get(key) for epoch in epochs for key in (TRAIN_LOSS, VAL_LOSS))
    axis = found["layout"]["yaxis"]
    axis["title"] = axis["title"] | {"text": "Loss"}
    if not losses:
        return
    low, high = min(losses), max(losses)
    if 0 < low * STEEP < high:
        low, high = math.log10(low), math.log10(high)
        ticks = list(log_ticks(low, high))
        axis |= {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
        axis["title"]["text"] = "Loss, log scale"
    margin = 0.06 * (high - low) or 0.01
    axis["range"] = [low - margin, high + margin]
