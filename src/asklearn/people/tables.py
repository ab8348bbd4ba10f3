"""A portrait in tables of words, for a page and a terminal alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
Cells = dict[str, list[Any]]  # head: names of the columns; rows: a list of texts each

MEASURES = {
    "raw": "Raw agreement",
    "cohen": "Cohen's kappa",
    "fleiss": "Fleiss' kappa",
    "krippendorff": "Krippendorff's alpha",
    "krippendorff:ordinal": "Alpha of ranks",
    "krippendorff:interval": "Alpha of numbers",
}
LIKELIEST = 5  # labels of an item whose chance is shown
PAIRS = 20  # shown; the document has more


def case(said: Row) -> list[dict[str, Any]]:
    """What everybody said of an item, as `Project.said_of` tells it, in cards: title, and table, words or facts."""
    who = [
        [f"{vote['by']} (you)" if vote["you"] else vote["by"], spoken(vote), likely(vote["right"])]
        for vote in said["votes"]
    ]
    chances = [[written(one["label"]), likely(one)] for one in said["posterior"][:LIKELIEST]]
    notes = [[note["by"], note["note"]] for note in said["notes"]]
    found: list[dict[str, Any]] = [
        {"title": "Who said what", "table": {"head": ["Name", "Said", "Usually right"], "rows": who}}
    ]
    if chances:
        head = ["Label", "Chance (95 % interval)"]
        found.append({"title": "What that comes to", "table": {"head": head, "rows": chances}})
    if said["proposal"]:
        label, sure = written(said["proposal"]["label"]), said["proposal"].get("probability")
        found.append({"title": "The model", "words": label if sure is None else f"{label}, {percent(sure)}"})
    if notes:
        found.append({"title": "Notes", "facts": notes})
    return found


def spoken(vote: Row) -> str:
    """The label, or in place of one that the item was skipped, flagged or unsure."""
    return written(vote["label"]) if vote["kind"] == "label" else str(vote["kind"])


def written(label: Any) -> str:
    """A label of any task in a few words.

    >>> written("ham"), written([{"start": 0, "end": 3, "label": "PER"}]), written([])
    ('ham', 'PER', 'none')
    """
    if not isinstance(label, list):
        return str(label)
    parts = [str(part["label"]) if isinstance(part, dict) else str(part) for part in label]
    return ", ".join(parts) or "none"


def likely(one: Row | None) -> str:
    """A chance with its interval.

    >>> likely({"value": 0.9, "low": 0.8512, "high": 0.999})
    '90 % (85 % to > 99 %)'
    """
    return "" if one is None else f"{percent(one['value'])} ({percent(one['low'])} to {percent(one['high'])})"


def percent(p: float) -> str:
    """A chance without false certainty.

    >>> percent(0.001), percent(0.5), percent(1.0)
    ('< 1 %', '50 %', '> 99 %')
    """
    if p > 0.99:
        return "> 99 %"
    return "< 1 %" if p < 0.01 else f"{100 * p:.0f} %"


def everybody(people: Iterable[Row]) -> Cells:
    """How right and how fast each person is; right by what others say of the same items."""
    rows = [
        [
            str(one["annotator"]),
            f"{one['answers']:,}",
            spread(one.get("right")),
            known(one.get("gold")),
            "" if one["seconds"] is None else f"{one['seconds']:.1f} s",
            *([" ".join(one["words"]) or mistakes(one["mistakes"])] if "words" in one else [""]),
        ]
        for one in people
    ]
    return {"head": ["Name", "Answers", "Right", "Gold", "Each takes", "Remarks"], "rows": rows}


def mistakes(found: Sequence[Row]) -> str:
    """The worst of what somebody takes for something else.

    >>> mistakes([{"truth": "ham", "label": "spam", "share": 0.25, "answers": 8.0}])
    'Says spam to 25 % of ham.'
    """
    if not found:
        return ""
    worst = found[0]
    return f"Says {worst['label']} to {100 * worst['share']:.0f} % of {worst['truth']}."


def labels_of(people: Iterable[Row]) -> Cells:
    """How right each person is by label: of items believed to have it, the share so called."""
    rows = [
        [
            str(one["annotator"]),
            str(cell["label"]),
            f"{cell['answers']:.0f}",
            spread(cell | {"value": cell["share"]}),
        ]
        for one in people
        for cell in one.get("labels", ())
        if cell["answers"] >= 0.5
    ]
    return {"head": ["Name", "Label", "Items", "Right"], "rows": rows}


def overall(agreement: Row) -> Cells:
    """Every measure with its interval."""
    found = agreement["overall"]
    rows = [[MEASURES.get(name, name), spread(one), f"{one['n']:,}"] for name, one in found.items()]
    return {"head": ["Measure", "Value", "Items"], "rows": rows}


def by_label(agreement: Row) -> Cells:
    """Krippendorff's alpha of each label against all others."""
    rows = [[str(one["label"]), spread(one), f"{one['items']:,}"] for one in agreement["labels"]]
    return {"head": ["Label", "Alpha", "Items"], "rows": rows}


def by_pair(agreement: Row) -> Cells:
    """Cohen's kappa of those who met most often."""
    often = sorted(agreement["pairs"], key=lambda one: -one["items"])[:PAIRS]
    rows = [
        [f"{one['one']}, {one['other']}", spread(one | {"value": one["kappa"]}), f"{one['items']:,}"]
        for one in often
    ]
    return {"head": ["Two people", "Kappa", "Items"], "rows": rows}


def by_time(agreement: Row) -> Cells:
    """Krippendorff's alpha in the order of time."""
    rows = [[day(one["last"]), spread(one), f"{one['items']:,}"] for one in agreement["time"]]
    return {"head": ["Until", "Alpha", "Items"], "rows": rows}


def spread(one: Row | None) -> str:
    """A value with its interval.

    >>> spread({"value": 0.9, "low": 0.85, "high": 0.94})
    '0.90 (0.85 to 0.94)'
    """
    return "" if one is None else f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"


def known(gold: Row | None) -> str:
    """Right answers of gold items.

    >>> known({"right": 9, "gold": 10})
    '9 of 10'
    """
    return "" if gold is None else f"{gold['right']} of {gold['gold']}"


def day(at: float) -> str:
    """Seconds since 1970 as people read them, by the clock of this machine."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")
