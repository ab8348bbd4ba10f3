"""Pictures of arrays: learning curves with their intervals, critical differences. Numbers in, axes out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from asklearn.errors import MissingExtra

INK = "#4d4d4d"  # 8 : 1 on white
BASE = "#8c8c8c"  # what others are measured against
# Okabe and Ito (2008): told apart with every kind of colour vision; dashes say the same without colour.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean, low, high, one entry a number of labels


def curves(
    labels: np.ndarray, bands: Mapping[str, Band], full: float | None, metric: str, ax: Any = None
) -> Any:
    """The axes with a curve and its interval for each name; "random" in grey, `full` data as a dotted line.

    A bound that is not finite is not drawn. `ax`: axes of matplotlib to draw on; new ones when left out.
    """
    ax = axes((6.4, 4.0)) if ax is None else ax
    lines = []
    for name, (mean, low, high) in bands.items():
        look = style(name, [other for other in bands if other != "random"])
        bounded = np.isfinite(low) & np.isfinite(high)
        ax.fill_between(labels, low, high, where=bounded, color=look["color"], alpha=0.15, linewidth=0)
        lines += ax.plot(labels, mean, linewidth=1.8, marker="o" if len(labels) == 1 else "", **look)
    if full is not None:
        lines.append(ax.axhline(full, color=INK, linewidth=1, linestyle=(0, (1, 2))))
    # A space before each name: matplotlib leaves out those that begin with a line.
    names = [" " + name for name in (*bands, *([] if full is None else ["all labels"]))]
    legend = ax.legend(lines, names, frameon=False, fontsize="small", labelcolor=INK)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a $ in a name is a $
    ax.set_xlabel("labels given", color=INK)
    ax.set_ylabel(metric.replace("_", " "), color=INK, parse_math=False)
    plain(ax)
    ax.grid(axis="y", color=INK, alpha=0.2, linewidth=0.5)
    return ax


def ranks(
    names: Sequence[str],
    mean: np.ndarray,
    difference: float,
    groups: Sequence[Sequence[str]],
    ax: Any = None,
) -> Any:
    """The axes with a critical-difference diagram (Demšar 2006): best on the left, bars join what is alike."""
    k = len(names)
    rows = (k + 1) // 2
    ax = axes((6.4, 1.4 + 0.28 * (rows + len(groups)))) if ax is None else ax
    place = dict(zip(names, map(float, mean), strict=True))
    order = sorted(names, key=place.__getitem__)
    ax.set_xlim(1 - 0.02 * (k - 1), k + 0.02 * (k - 1))
    top, step = 0.0, 1.0
    ax.plot([1, k], [top, top], color=INK, linewidth=1)
    for rank in range(1, k + 1):
        ax.plot([rank, rank], [top, top + 0.25], color=INK, linewidth=1)
        ax.text(rank, top + 0.4, str(rank), ha="center", va="bottom", color=INK, fontsize="small")
    ax.plot([1, min(1 + difference, k)], [top + 1.7] * 2, color=INK, linewidth=1.5, marker="|")
    said = f"critical difference {difference:.2f}"
    ax.text(1, top + 1.9, said, ha="left", va="bottom", color=INK, fontsize="small")
    for i, group in enumerate(groups):
        ends = [place[name] for name in group]
        height = top - 0.45 - 0.35 * i
        ax.plot([min(ends) - 0.03, max(ends) + 0.03], [height] * 2, color=COLOURS[0], linewidth=3.5)
    first = top - 0.45 - 0.35 * len(groups) - 0.4
    for i, name in enumerate(order):
        left = i < rows
        depth = first - step * (i if left else k - 1 - i)
        edge, turned = (0.0, "left") if left else (1.0, "right")
        at = ax.get_xlim()[0] if left else ax.get_xlim()[1]
        ax.plot([place[name], place[name], at], [top, depth, depth], color=BASE, linewidth=0.8)
        ax.text(
            edge,
            depth + 0.08,
            f"{name} ({place[name]:.2f})",
            transform=ax.get_yaxis_transform(),
            ha=turned,
            va="bottom",
            color=INK,
            fontsize="small",
            parse_math=False,
        )
    ax.set_ylim(first - step * (rows - 1) - 0.3, top + 2.8)
    ax.set_axis_off()
    return ax


def style(name: str, names: Sequence[str]) -> dict[str, Any]:
    """Colour and dashes of a name among others; no two of the first 24 look alike.

    >>> style("random", ["margin"])["color"], style("margin", ["margin"])["color"]
    ('#8c8c8c', '#0072b2')
    """
    if name == "random":
        return {"color": BASE, "linestyle": (0, (4, 2))}
    i = list(names).index(name)
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[(i + i // len(COLOURS)) % len(DASHES)] if len(names) > 1 else "-",
    }


def axes(size: tuple[float, float]) -> Any:
    """New axes, such as a notebook shows by itself."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        raise MissingExtra("a chart", "app") from error
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def canvas(size: tuple[float, float]) -> Any:
    """New axes that nobody but the caller knows of: for files."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra("a chart", "app") from error
    return Figure(figsize=size, layout="constrained").subplots()


def plain(ax: Any) -> None:
    """Two spines and their ticks, in ink."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.tick_params(colors=INK)


def svg(ax: Any, title: str, description: str) -> str:
    """The figure of these axes as an <svg> to put into a page, with words for those who do not see it.

    The same numbers give the same text.
    """
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        ax.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    said = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return re.sub(r"<svg([^>]*)>", lambda tag: f'<svg{tag[1]} role="img">{said}', text, count=1)
