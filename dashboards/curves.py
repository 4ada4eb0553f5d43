"""Comparison record -> plotly figures of the training: one of learning curves an architecture."""

import json
import math
from collections.abc import Sequence

import plotly.graph_objects as go

from components.metrics import TRAIN_LOSS, VAL_LOSS, metrics_of
from components.records import Comparison, Curve, Epoch
from dashboards.look import FAINT, SURFACE, colour, empty_figure, finite, outline, stroke
from dashboards.panel import Panel

FEW_EPOCHS = 12  # up to here every epoch gets a dot and a tick
STEEP = 5  # losses that differ by more than this factor are drawn on a log scale


def learning_curves(comparison: Comparison) -> dict[str, go.Figure]:
    """One figure an architecture, by name in the order of the rows, on one common loss axis.

    Each run is a solid line of validation loss and a dotted one of training loss, with a ring at
    the epoch whose weights stay. The other architectures' validation losses stand behind, in grey.
    """
    curves = comparison.curves
    order = [row.name for row in comparison.rows] + [curve.name for curve in curves]
    names = [name for name in dict.fromkeys(order) if any(name == curve.name for curve in curves)]
    loss_axis = _loss_axis(curves)
    label = metrics_of(comparison.task)[VAL_LOSS].label
    figures = {}
    for name in names:
        figure = empty_figure(height=280, x_title="Epoch")
        for curve in curves:
            if curve.name != name:
                _add_behind(figure, curve)
        for curve in curves:
            if curve.name == name:
                _add_run(figure, curve, label=label)
        figure.update_xaxes(_epoch_axis(curves))
        figure.update_yaxes(loss_axis)
        figures[name] = figure
    return figures


def _epoch_axis(curves: Sequence[Curve]) -> dict[str, object]:
    last = max((epoch.epoch for curve in curves for epoch in curve.epochs), default=1)
    margin = 0.04 * (last - 1) or 0.5
    axis: dict[str, object] = {"range": [1 - margin, last + margin]}
    return axis | {"dtick": 1} if last <= FEW_EPOCHS else axis


def _loss_axis(curves: Sequence[Curve]) -> dict[str, object]:
    """The loss axis that all learning curves share: on a log scale where they fall steeply."""
    epochs = [epoch for curve in curves for epoch in curve.epochs]
    losses = finite(epoch.metrics.get(key) for epoch in epochs for key in (TRAIN_LOSS, VAL_LOSS))
    axis: dict[str, object] = {"title_text": "Loss"}
    if not losses:
        return axis
    low, high = min(losses), max(losses)
    if 0 < low * STEEP < high:
        low, high = math.log10(low), math.log10(high)
        ticks = [digit * 10.0**power for power in range(-9, 10) for digit in (1, 2, 5)]
        axis = {"title_text": "Loss, log scale", "type": "log", "tickvals": ticks}
        axis["ticktext"] = [f"{tick:g}" for tick in ticks]
    margin = 0.06 * (high - low) or 0.01
    return axis | {"range": [low - margin, high + margin]}


def _add_behind(figure: go.Figure, curve: Curve) -> None:
    figure.add_scatter(
        x=[epoch.epoch for epoch in curve.epochs],
        y=_values(curve.epochs, VAL_LOSS),
        mode="lines",
        line=stroke(FAINT, 1),
        hoverinfo="skip",
    )


def _add_run(figure: go.Figure, curve: Curve, *, label: str) -> None:
    epochs = [epoch.epoch for epoch in curve.epochs]
    hover = f"epoch %{{x}}, seed {curve.seed}<br>%{{y:.4f}}<extra></extra>"
    figure.add_scatter(
        x=epochs,
        y=_values(curve.epochs, TRAIN_LOSS),
        mode="lines",
        line=stroke(colour(curve.name), 1.5, "dot"),
        hovertemplate=f"Training loss<br>{hover}",
    )
    figure.add_scatter(
        x=epochs,
        y=_values(curve.epochs, VAL_LOSS),
        mode="lines+markers" if len(epochs) <= FEW_EPOCHS else "lines",
        line=stroke(colour(curve.name), 2),
        marker={"size": 5},
        hovertemplate=f"{label}<br>{hover}",
    )
    best = [epoch for epoch in curve.epochs if epoch.epoch == curve.best_epoch]
    figure.add_scatter(
        x=[epoch.epoch for epoch in best],
        y=_values(best, VAL_LOSS),
        mode="markers",
        marker={"size": 11, "color": SURFACE, "line": outline(colour(curve.name), 2.5)},
        hovertemplate=f"Best epoch, its weights stay<br>{hover}",
    )


def _values(epochs: Sequence[Epoch], key: str) -> list[float | None]:
    return [epoch.metrics.get(key) for epoch in epochs]


def curve_panels(comparison: Comparison) -> tuple[Panel, ...]:
    """A panel for each architecture, in the order of the rows."""
    labels = {row.name: row.label for row in comparison.rows}
    return tuple(
        Panel(
            f"curve-{place}",
            labels.get(name, name),
            f"Training and validation loss of {labels.get(name, name)} by epoch, one pair of lines "
            f"for each of {sum(curve.name == name for curve in comparison.curves)} runs.",
            json.loads(figure.to_json()),
            colour(name),
        )
        for place, (name, figure) in enumerate(learning_curves(comparison).items())
    )
