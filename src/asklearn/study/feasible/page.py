"""A study as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asklearn.report import charts
from asklearn.report.html import Section, Sheet, figure
from asklearn.report.html import page as written
from asklearn.study.feasible import chart
from asklearn.study.feasible.words import spelt

if TYPE_CHECKING:
    from asklearn.study.feasibility import Feasibility

SIGNS = {
    "classes": "classes",
    "rarest": "share of the rarest class",
    "copies": "share of rows with a copy, or nearly",
    "purity": "how much oftener than by chance neighbours share their class (0 to 1)",
    "doubtful": "share of labels denied by models that never saw them",
    "falls": "falls of the least sure from round to round, in parts of random's",
    "spread": "differences between splits of the least sure, in parts of random's",
}


def page(study: Feasibility) -> str:
    """The page. Raises `MissingExtra` without the extra "app"."""
    title = f"Is active learning worth it here? {study.verdict.capitalize()}."
    lead = f"{study.rows:,} labelled rows, measured by {spelt(study.metric)}."
    sections = [Section("Why", study.reasons)]
    sections += [
        Section(name, pictures=[picture(study, name, draw)]) for name, draw in chart.panels(study).items()
    ]
    if study.table:
        note = f"Beside random, from half of {study.budget:,} labels on; labels needed for what random reaches with all"
        sections.append(Section("Strategies", sheets=[sheet(study.table, "strategy", note)]))
    if study.subsets:
        sections.append(Section("Random parts of the labels", sheets=[sheet(study.subsets, "metric", "")]))
    if study.signs:
        rows = [[SIGNS[name], figure(value)] for name, value in study.signs.items() if name in SIGNS]
        sections.append(Section("Signs", sheets=[Sheet(["sign", "value"], rows, frozenset({"sign"}))]))
    return written(title, lead, sections)


def picture(study: Feasibility, title: str, draw: chart.Panel) -> str:
    """One panel as SVG."""
    axes = charts.canvas((7, 4))
    draw(study, axes)
    return charts.svg(axes, title, " ".join(study.reasons[:2]))


def sheet(table: dict[str, list[Any]], words: str, caption: str) -> Sheet:
    """A table of columns as it is shown."""
    rows = [[figure(cell) for cell in row] for row in zip(*table.values(), strict=True)]
    return Sheet([spelt(name) for name in table], rows, frozenset({words}), caption)
