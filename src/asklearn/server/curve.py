"""The learning curve as a picture: honest quality against labels given, with its interval."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

INK = "#767676"  # 4.5 : 1 against white and against black: the picture does not know what it lies on
LINE = "#3d85c6"


class Chart:
    """The newest picture, kept until there is one more measurement."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn: tuple[int, bytes] | None = None

    def svg(self, curve: Sequence[Mapping[str, Any]]) -> bytes:
        """The picture of this curve. The first call imports matplotlib, which takes a second."""
        with self._lock:
            if self._drawn is None or self._drawn[0] != len(curve):
                self._drawn = len(curve), draw(curve)
            return self._drawn[1]


def draw(curve: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> bytes:
    """An SVG with title and description, without styles, so that no content security policy blanks it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "asklearn", "font.size": 10}):
        figure = Figure(figsize=(4.8, 2.6), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.subplots()
        axes.patch.set_alpha(0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(INK)
        axes.tick_params(colors=INK)
        axes.set_xlabel("labels given", color=INK)
        axes.set_ylabel(metric, color=INK)
        axes.set_ylim(0, 1)
        axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.5)
        if curve:
            labels = [point["labels"] for point in curve]
            low, high = ([point[name] for point in curve] for name in ("low", "high"))
            axes.fill_between(labels, low, high, color=LINE, alpha=0.25, linewidth=0)
            axes.plot(labels, [point["value"] for point in curve], color=LINE, marker="o", markersize=3)
            axes.set_xlim(0, max(1, labels[-1]) * 1.05)
        else:
            axes.set_xlim(0, 1)
            axes.set_xticks([])
            axes.text(0.5, 0.5, "no measurement yet", color=INK, ha="center")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    title = f"Learning curve: {metric} by labels given"
    return _accessible(out.getvalue(), title, words(curve, metric)).encode()


def words(curve: Sequence[Mapping[str, Any]], metric: str) -> str:
    """The curve for those who do not see it.

    >>> words([{"labels": 20, "value": 0.5, "low": 0.4, "high": 0.6, "n": 9}], "accuracy")
    'After 20 labels the accuracy is 0.50 (95 % interval 0.40 to 0.60, measured on 9 items).'
    """
    if not curve:
        return (
            f"The {metric} was not measured yet: it takes a model and an answer to an item drawn at random."
        )
    last = curve[-1]
    return (
        f"After {last['labels']} labels the {metric} is {last['value']:.2f} "
        f"(95 % interval {last['low']:.2f} to {last['high']:.2f}, measured on {last['n']} items)."
    )


def _accessible(svg: str, title: str, description: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' style="([^"]*)"', lambda found: _attributes(found[1]), svg)
    said = f'<title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc>'
    return re.sub(
        r"<svg([^>]*)>",
        rf'<svg\1 role="img" aria-labelledby="t d" font-family="sans-serif" stroke-linejoin="round">{said}',
        svg,
        count=1,
    )


def _attributes(style: str) -> str:
    """A style's declarations as presentation attributes, which a content policy has nothing against.

    >>> _attributes("fill: none; font: 10px 'Verdana', sans-serif; text-anchor: middle")
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
