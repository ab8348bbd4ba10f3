"""The pictures of a study: each panel draws one thing on axes it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from asklearn.report import charts
from asklearn.study import judge

if TYPE_CHECKING:
    from asklearn.study.feasibility import Feasibility

BEYOND = 3.0  # times the last measurement: how far the forecast is drawn

Panel = Callable[["Feasibility", Any], None]


def panels(study: Feasibility) -> dict[str, Panel]:
    """Title -> what draws it, of all that was measured."""
    found: dict[str, Panel] = {}
    if study.scores:
        found["Chosen and random labels"] = curves
        found[f"Labels for what {study.budget} random ones reach"] = needs
    if study.subsets:
        found["Luck of the draw: worst, mean and best of random parts"] = luck
    if study.forecast is not None:
        found["What more random labels bring"] = future
    return found


def draw(study: Feasibility) -> Any:
    """A matplotlib `Figure` with all panels; without any it says so."""
    found = panels(study)
    rows = max((len(found) + 1) // 2, 1)
    figure = charts.canvas((11, 3.8 * rows)).figure
    figure.clear()
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for ax, (title, panel) in zip(axes, found.items(), strict=False):
        panel(study, ax)
        ax.set_title(title, color=charts.INK, fontsize="medium", loc="left")
    for ax in axes[len(found) :]:
        ax.axis("off")
    if not found:
        axes[0].text(0, 0.5, "There are too few labels to draw anything.", color=charts.INK)
    return figure


def curves(study: Feasibility, ax: Any) -> None:
    """The mean curve of each strategy with its 95 % interval."""
    bands = {name: judge.interval(scores) for name, scores in study.scores.items()}
    charts.curves(study.labels, bands, study.full, study.metric, ax)


def needs(study: Feasibility, ax: Any) -> None:
    """Labels each strategy needs for what random reaches at the end."""
    table = study.table
    names = list(study.scores)
    for row, name in enumerate(table["strategy"]):
        low, high = table["labels_low"][row], table["labels_high"][row]
        colour = charts.style(name, [other for other in names if other != "random"])["color"]
        ax.plot([low, high], [row, row], color=colour, linewidth=4, alpha=0.4, solid_capstyle="butt")
        ax.plot(table["labels"][row], row, "o", color=colour)
        ax.text(low, row - 0.2, name, color=charts.INK, fontsize="small", parse_math=False)
    ax.axvline(study.budget, color=charts.INK, linewidth=1, linestyle=(0, (1, 2)))
    charts.plain(ax)
    ax.set_yticks([])
    ax.set_ylim(len(table["strategy"]) - 0.4, -0.8)
    ax.set_xlim(left=0)
    ax.set_xlabel("labels needed", color=charts.INK)


def luck(study: Feasibility, ax: Any) -> None:
    """Worst, mean and best of models of random parts."""
    table = study.subsets
    metrics = list(dict.fromkeys(table["metric"]))
    for i, metric in enumerate(metrics):
        rows = [row for row, name in enumerate(table["metric"]) if name == metric]
        at = [100 * table["share"][row] + 3 * (i - (len(metrics) - 1) / 2) for row in rows]
        low, mean, high = (np.array([table[key][row] for row in rows]) for key in ("low", "mean", "high"))
        look = {"color": charts.COLOURS[i], "label": metric.replace("_", " ")}
        ax.errorbar(at, mean, [mean - low, high - mean], fmt="o", capsize=3, markersize=4, **look)
    charts.plain(ax)
    ax.set_xlabel("% of the labels, at random", color=charts.INK)
    ax.legend(frameon=False, fontsize="small", labelcolor=charts.INK)


def future(study: Feasibility, ax: Any) -> None:
    """The power law of random labels, beyond what was measured."""
    found = study.forecast
    if found is None:
        return
    at = np.geomspace(min(found.labels), BEYOND * max(found.labels), 100)
    ax.plot(found.labels, found.values, "o", markersize=3, color=charts.BASE, label="measured")
    forecast = [found.curve.at(each) for each in at]
    ax.plot(at, forecast, color=charts.COLOURS[0], label="forecast")
    ax.axhline(
        found.curve.ceiling, color=charts.INK, linewidth=1, linestyle=(0, (1, 2)), label="never more than"
    )
    ax.set_xscale("log")
    charts.plain(ax)
    ax.set_xlabel("random labels", color=charts.INK)
    ax.set_ylabel(study.metric.replace("_", " "), color=charts.INK, parse_math=False)
    ax.legend(frameon=False, fontsize="small", labelcolor=charts.INK)
