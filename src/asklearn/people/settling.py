"""What a reviewer decides: a fact that overrides votes, and a line for the guideline."""

from __future__ import annotations

from collections.abc import Container

from asklearn.errors import AnswerError, KeyReused
from asklearn.events import Label, Settled
from asklearn.state import State

HEADING = "## "
LONGEST = 2000  # signs of a note, and of a line for the guideline


def settlement(
    state: State, items: Container[str], key: str, item: str, label: Label, by: str, note: str = ""
) -> Settled | None:
    """The decision as a fact; None where it is known already.

    Raises `AnswerError` for an item that is not there or has no label yet, and for what cannot be written down,
    `KeyReused` for a known key with another body.
    """
    if not isinstance(key, str) or not 0 < len(key) <= 200:
        raise AnswerError(f"the key of a decision is a text of 1 to 200 signs; {key!r} is none", item=item)
    if item not in items:
        raise AnswerError(f"there is no item {item!r} in the pool", item=item, key=key)
    if not by or len(by) > 200:
        raise AnswerError(
            f"the decision on item {item!r} does not say by whom (1 to 200 signs)", item=item, key=key
        )
    if len(note) > LONGEST:
        raise AnswerError(
            f"the note on item {item!r} has {len(note):,} signs; {LONGEST:,} are the most", item=item, key=key
        )
    known = state.keys.get(key)
    if known is None and not state.labels_of(item):
        raise AnswerError(
            f"nobody has said yet what item {item!r} is; answer it, then decide", item=item, key=key
        )
    fact = Settled(key=key, item=item, label=label, by=by, note=note)
    if known is None:
        return fact
    if isinstance(known, Settled) and _body(known) == _body(fact):
        return None
    raise KeyReused(
        f"the key {key!r} came before with something else; give each decision a key of its own",
        item=item,
        key=key,
    )


def _body(fact: Settled) -> tuple[object, ...]:
    return fact.item, type(fact.label), fact.label, fact.by, fact.note


def guided(guideline: str, label: Label, line: str) -> str:
    """The guideline with one more line under the label's heading, which is made where there is none.

    The same line again changes nothing.

    >>> print(guided("Choose what fits best.", "ham", "Newsletters are ham."))
    Choose what fits best.
    <BLANKLINE>
    ## ham
    - Newsletters are ham.
    """
    heading, entry = f"{HEADING}{label}", f"- {' '.join(line.split())}"
    if entry == "- ":
        return guideline
    lines = guideline.rstrip().split("\n") if guideline.strip() else []
    if heading not in lines:
        return "\n".join([*lines, *([""] if lines else []), heading, entry])
    first = lines.index(heading) + 1
    last = next((i for i in range(first, len(lines)) if lines[i].startswith(HEADING)), len(lines))
    while last > first and not lines[last - 1].strip():
        last -= 1
    if entry in lines[first:last]:
        return guideline
    return "\n".join([*lines[:last], entry, *lines[last:]])
