"""Pictures of arrays: learning curves with their intervals, critical differences. Numbers in, axes out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from html import escape
from typing import Any

import numpy as np

from asklearn.errors import MissingExtra
from asklearn.measures import higher

INK = "#4d4d4d"  # 8 : 1 on white
GREY = "#767676"  # 4.5 : 1 on white and on black: for a picture that does not know what it lies on
CLEAR = "#3d85c6"  # 3 : 1 on white and on black
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
    ax = axes(ranks_size(k, len(groups))) if ax is None else ax
    place = dict(zip(names, map(float, mean), strict=True))
    order = sorted(names, key=place.__getitem__)
    wide = max(k - 1, 1)
    left, right, gap = 1 - 0.06 * wide, k + 0.06 * wide, 0.01 * wide
    ax.set_xlim(left - 0.45 * wide, right + 0.45 * wide)  # room for the names
    ax.plot([1, k], [0, 0], color=INK, linewidth=1)
    for rank in range(1, k + 1):
        ax.plot([rank, rank], [0, 0.2], color=INK, linewidth=1)
        ax.text(rank, 0.3, str(rank), ha="center", va="bottom", color=INK, fontsize="small")
    ax.plot([1, min(1 + difference, k)], [1.5] * 2, color=INK, linewidth=1.5, marker="|")
    said = f"critical difference {difference:.2f}"
    ax.text(1, 1.65, said, ha="left", va="bottom", color=INK, fontsize="small")
    for i, group in enumerate(groups):
        ends = [place[name] for name in group]
        height = -0.35 * (i + 1)
        ax.plot([min(ends) - gap, max(ends) + gap], [height] * 2, color=COLOURS[0], linewidth=3.5)
    first = -0.35 * len(groups) - 0.7
    for i, name in enumerate(order):
        on_left = i < rows
        depth = first - (i if on_left else k - 1 - i) * 0.9
        edge, turned = (left, "right") if on_left else (right, "left")
        ax.plot([place[name], place[name], edge], [0, depth, depth], color=BASE, linewidth=0.8)
        ax.text(
            edge - gap if on_left else edge + gap,
            depth,
            f"{name} ({place[name]:.2f})",
            ha=turned,
            va="center",
            color=INK,
            fontsize="small",
            parse_math=False,
        )
    ax.set_ylim(first - 0.9 * (rows - 1) - 0.3, 2.3)
    ax.set_axis_off()
    return ax


def ranks_size(names: int, groups: int) -> tuple[float, float]:
    """Width and height in inches at which a diagram of so many names is easy to read."""
    return 7.2, 1.2 + 0.26 * ((names + 1) // 2 + groups)


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


def canvas(size: tuple[float, float], clear: bool = False) -> Any:
    """New axes that nobody but the caller knows of: for files; `clear`: what lies below shows through."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra("a chart", "app") from error
    ax = Figure(figsize=size, layout="constrained").subplots()
    if clear:
        ax.figure.patch.set_alpha(0)
        ax.patch.set_alpha(0)
    return ax


def plain(ax: Any, ink: str = INK) -> None:
    """Two spines and their ticks, in ink."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(ink)
    ax.tick_params(colors=ink)


def measured(ax: Any, labels: Sequence[float], band: Band, metric: str) -> None:
    """A learning curve from 0 up with its interval, in colours for any background; words where it is empty."""
    plain(ax, GREY)
    ax.set_xlabel("labels given", color=GREY)
    ax.set_ylabel(metric.replace("_", " "), color=GREY, parse_math=False)
    value, low, high = band
    ax.set_ylim(0, (1.0 if higher(metric) else 1.05 * max(high)) if len(high) else 1.0)
    ax.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.5)
    if len(labels) == 0:
        nothing(ax, "no measurement yet")
        return
    ax.fill_between(labels, low, high, color=CLEAR, alpha=0.25, linewidth=0)
    ax.plot(labels, value, color=CLEAR, marker="o", markersize=3)
    ax.set_xlim(0, max(1, labels[-1]) * 1.05)


def bars(ax: Any, counts: Sequence[int], ticks: Mapping[int, str], ylabel: str) -> None:
    """A bar for each count, in colours for any background; `ticks`: words below some of them."""
    plain(ax, GREY)
    ax.set_ylabel(ylabel, color=GREY)
    if not any(counts):
        nothing(ax, "nothing yet")
        return
    ax.bar(range(len(counts)), counts, color=CLEAR, width=0.8)
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.yaxis.get_major_locator().set_params(integer=True)


def nothing(ax: Any, words: str) -> None:
    """Words in place of a picture."""
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.text(0.5, 0.5, words, color=GREY, ha="center", transform=ax.transAxes)


def svg(ax: Any, title: str, description: str) -> str:
    """The figure of these axes as an <svg> to put into a page, with words for those who do not see it.

    There is no style in it, so that no content security policy blanks it. The same numbers give the same text.
    """
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        ax.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r' style="([^"]*)"', lambda found: attributes(found[1]), text)
    name = blake2b(title.encode(), digest_size=4).hexdigest()  # a page may hold several pictures
    said = f'<title id="t{name}">{escape(title)}</title><desc id="d{name}">{escape(description)}</desc>'
    labelled = (
        f'role="img" aria-labelledby="t{name} d{name}" font-family="sans-serif" stroke-linejoin="round"'
    )
    return re.sub(r"<svg([^>]*)>", lambda tag: f"<svg{tag[1]} {labelled}>{said}", text, count=1)


def attributes(style: str) -> str:
    """A style's declarations as presentation attributes, which a content policy has nothing against.

    >>> attributes("fill: none; font: 10px 'Verdana', sans-serif; text-anchor: middle")
    ' fill="none" font-size="10px" text-anchor="middle"'
    """
    out = []
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            out.append(f' font-size="{value.partition(" ")[0]}"')  # the family is said once, at the top
        else:
            out.append(f' {name}="{value}"')
    return "".join(out)
