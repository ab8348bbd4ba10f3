"""What a reviewer decides: a fact that overrides votes, and a line for the guideline."""

from __future__ import annotations

from collections.abc import Container, Iterable

from asklearn.errors import AnswerError, KeyReused
from asklearn.events import Label, Settled
from asklearn.people.answers import names
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


def heading(label: Label, said: Iterable[Label]) -> Label | None:
    """The name that a decision is about, beside what people said: a class, or of several the only one in question.

    That is the only one which some gave and others did not, else the only one there is; None where nothing tells.

    >>> heading("ham", ["spam"]), heading(["sport"], [["sport", "art"], ["sport"]]), heading(["sport", "art"], [])
    ('ham', 'art', None)
    """
    if not isinstance(label, list):
        return label
    mine, given = names(label), [names(one) for one in (label, *said)]
    in_question = frozenset().union(*given) - mine.intersection(*given)
    return next((next(iter(some)) for some in (in_question, mine) if len(some) == 1), None)


def guided(guideline: str, label: Label | None, line: str) -> str:
    """The guideline with one more line under the label's heading, which is made where there is none.

    Without a label it goes before all headings. The same line again changes nothing.

    >>> print(guided("Choose what fits best.", "ham", "Newsletters are ham."))
    Choose what fits best.
    <BLANKLINE>
    ## ham
    - Newsletters are ham.
    """
    title, entry = f"{HEADING}{label}", f"- {' '.join(line.split())}"
    if entry == "- ":
        return guideline
    lines = guideline.rstrip().split("\n") if guideline.strip() else []
    if label is not None and title not in lines:
        return "\n".join([*lines, *([""] if lines else []), title, entry])
    first = 0 if label is None else lines.index(title) + 1
    last = next((i for i in range(first, len(lines)) if lines[i].startswith(HEADING)), len(lines))
    while last > first and not lines[last - 1].strip():
        last -= 1
    if entry in lines[first:last]:
        return guideline
    return "\n".join([*lines[:last], entry, *lines[last:]])
