"""A portrait in tables of words, for a page and a terminal alike."""

from __future__ import annotations

import json
from collections import Counter
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
PASSAGE = 40  # signs of one that are shown


def case(said: Row, text: str = "") -> list[dict[str, Any]]:
    """What everybody said of an item, as `Project.said_of` tells it, in cards: title, and table, words or facts.

    Of a class who said what is among them; other answers are told by `given`. text: what passages are of.
    """
    found: list[dict[str, Any]] = []
    if said["together"] is None:
        head = ["Name", "Said", "Usually right"]
        who = [[_who(vote), spoken(vote), likely(vote["right"])] for vote in said["votes"]]
        found.append({"title": "Who said what", "table": {"head": head, "rows": who}})
    elif others := [[_who(vote), spoken(vote)] for vote in said["votes"] if vote["kind"] != "label"]:
        found.append({"title": "Others", "facts": others})
    chances = [[written(one["label"]), likely(one)] for one in said["posterior"][:LIKELIEST]]
    if chances:
        head = ["Label", "Chance (95 % interval)"]
        found.append({"title": "What that comes to", "table": {"head": head, "rows": chances}})
    if said["together"] is not None:
        labels = [vote["label"] for vote in said["votes"] if vote["kind"] == "label"]
        found.append({"title": "What that comes to", **_together(said["together"]["label"], labels, text)})
    if said["proposal"]:
        found.append({"title": "The model", "words": _proposed(said["proposal"], text)})
    notes = [[note["by"], note["note"]] for note in said["notes"]]
    if notes:
        found.append({"title": "Notes", "facts": notes})
    return found


def given(said: Row, text: str = "") -> list[dict[str, Any]]:
    """The answers that one can decide for, each once: label, words, and by whom; none of a class, whose names are all.

    What people said, what that comes to, and what the model proposes.
    """
    if said["together"] is None:
        return []
    found: list[dict[str, Any]] = []
    every = [(vote["label"], _who(vote)) for vote in said["votes"] if vote["kind"] == "label"]
    every.append((said["together"]["label"], "all together"))
    every += [(said["proposal"]["label"], "the model")] if said["proposal"] else []
    for label, who in every:
        there = next((one for one in found if one["label"] == label), None)
        if there is None:
            there = {"label": label, "words": _told(label, text), "by": []}
            found.append(there)
        there["by"].append(who)
    return found


def _who(vote: Row) -> str:
    return f"{vote['by']} (you)" if vote["you"] else str(vote["by"])


def _together(label: Any, labels: Sequence[Any], text: str) -> dict[str, Any]:
    """What these answers come to, and how many of them hold each part; of numbers from where to where they go."""
    if not isinstance(label, list):
        return {"words": f"{_told(label)}, the middle of {_told(min(labels))} to {_told(max(labels))}"}
    parts = Counter(
        json.dumps(part) for one in labels for part in one
    )  # the same words elsewhere are another
    rows = [[written([json.loads(part)], text), f"{n} of {len(labels)}"] for part, n in parts.most_common()]
    words = f"{written(label, text)}: what more than half of them said"
    return {"words": words} | ({"table": {"head": ["Part", "Said by"], "rows": rows}} if rows else {})


def _proposed(proposal: Row, text: str) -> str:
    label, sure = proposal["label"], proposal.get("probability")
    if proposal.get("low") is not None:
        return f"{_told(label)}, in 4 cases of 5 from {_told(proposal['low'])} to {_told(proposal['high'])}"
    return written(label, text) if sure is None else f"{written(label, text)}, {percent(sure)}"


def _told(label: Any, text: str = "") -> str:
    """An answer that is no class: a number as the page writes it, 4 for 4.0."""
    return f"{label:.10g}" if isinstance(label, float) else written(label, text)


def spoken(vote: Row) -> str:
    """The label, or in place of one that the item was skipped, flagged or unsure."""
    return written(vote["label"]) if vote["kind"] == "label" else str(vote["kind"])


def written(label: Any, text: str = "") -> str:
    """A label of any task in a few words; of passages with what they say, where `text` is what they are of.

    >>> written("ham"), written([{"start": 0, "end": 3, "label": "PER"}], "Ada left."), written([])
    ('ham', '“Ada” PER', 'none')
    """
    if not isinstance(label, list):
        return str(label)
    return ", ".join(_part(part, text) for part in label) or "none"


def _part(part: Any, text: str) -> str:
    if not isinstance(part, dict):
        return str(part)
    said = " ".join(text[part["start"] : part["end"]].split())
    if not said:
        return str(part["label"])
    return f"“{said if len(said) <= PASSAGE else said[: PASSAGE - 1] + '…'}” {part['label']}"


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
