"""One page in one file: headings, sentences, tables and pictures; nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asklearn.errors import MissingExtra


@dataclass(frozen=True)
class Sheet:
    """A table as it is shown: every cell a text. Columns named in `words` stand left, figures right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: frozenset[str] = frozenset()
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it: sentences, then pictures (`<svg>` of `charts.svg`), then tables."""

    title: str
    words: Sequence[str] = ()
    pictures: Sequence[str] = ()
    sheets: Sequence[Sheet] = ()


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The page as HTML. Every text is escaped; only pictures are put in as they are."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise MissingExtra("a report", "app") from error
    there = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return there.get_template("page.html").render(title=title, lead=lead, sections=sections)


def figure(value: Any, digits: int = 3) -> str:
    """A number as pages show it.

    >>> figure(0.91234), figure(None), figure(1200), figure("margin"), figure(True)
    ('0.912', '–', '1,200', 'margin', 'yes')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
