"""How people answer, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asklearn.cli.terminal import document, say, table
from asklearn.people import tables

SUSPECTS = 10


def show_quality(folder: Path, *, json: bool) -> None:
    """Print how people answer, how far they agree, and which answers are probably wrong."""
    from asklearn.project import Project

    with Project.open(folder, writing=False) as project:
        found = project.quality()
        in_doubt = project.review(n=0)["left"]
    if json:
        document(found | {"in_doubt": in_doubt})
        return
    if not found["people"]:
        say("Nobody has answered yet.")
        return
    together = found["agreement"]
    printed("How each answers", tables.everybody(found["people"]))
    printed("How far all agree", tables.overall(together))
    printed("How far on each label", tables.by_label(together))
    printed("How far each two", tables.by_pair(together))
    printed("Answers that are probably wrong", suspected(found))
    say("", f"{in_doubt:,} items to be decided: people differ, or somebody flagged them or was unsure.")


def suspected(found: Mapping[str, Any]) -> tables.Cells:
    """The answers that are most probably wrong."""
    rows = [
        [one["item"], one["annotator"], str(one["label"]), str(one["likely"]), f"{one['chance']:.2f}"]
        for one in found["suspects"][:SUSPECTS]
    ]
    return {"head": ["Item", "Name", "Said", "Likelier", "Chance of being right"], "rows": rows}


def printed(title: str, cells: tables.Cells) -> None:
    """A table under its title; nothing where it has no rows."""
    if cells["rows"]:
        say("", title)
        table(cells["head"], cells["rows"])
