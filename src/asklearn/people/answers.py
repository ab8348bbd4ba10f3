"""What passes between the project and people: questions out, answers in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asklearn.errors import AnswerError
from asklearn.events import Answered, Label, Retracted
from asklearn.people.duration import possible

DRAWN = "drawn at random, so that the model is tested on what it did not choose"  # said of audit items and others alike

HIDDEN = (
    "chosen because its answer teaches the model much"  # where more words would tell what the model proposes
)


@dataclass(frozen=True)
class Reason:
    """Why this item: the strategy, its score (higher = asked sooner), and words for people."""

    strategy: str
    score: float | None
    words: str


@dataclass(frozen=True)
class Prediction:
    """What a model thinks: its best label, that label's probability, and all of them.

    Of several labels an item, `probabilities` are each on its own and `probability` is that of all being right. Of
    a number there are none: 80 % of answers are expected from `low` to `high`. Of spans, each with its `probability`
    in `spans`, `probability` is that of the whole reading.
    """

    label: Label
    probability: float | None = None
    probabilities: dict[Label, float] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    spans: tuple[dict[str, Any], ...] | None = None

    def document(self) -> dict[str, Any]:
        """The same as JSON can hold it: what applies to the task, probabilities rounded to four digits."""
        found: dict[str, Any] = {"label": self.label}
        if self.probability is not None:
            found["probability"] = round(self.probability, 4)
        if self.probabilities:
            found["probabilities"] = {str(label): round(p, 4) for label, p in self.probabilities.items()}
        if self.low is not None:
            found |= {"low": self.low, "high": self.high}
        if self.spans is not None:
            found["spans"] = [span | {"probability": round(span["probability"], 4)} for span in self.spans]
        return found


@dataclass(frozen=True)
class Question:
    """One item to be answered by one person until `until` (UTC)."""

    item: str
    row: int
    batch: str
    reason: Reason
    chance: float | None
    audit: bool
    model: str | None
    proposal: Prediction | None
    until: datetime
    hidden: bool = False  # by lot, so that it can be told whether people follow proposals

    @property
    def drawn(self) -> bool:
        """Whether it was drawn at random, or reads so: who can tell an audit item answers it with more care."""
        return self.audit or self.reason.words == DRAWN

    @property
    def blind(self) -> bool:
        """Whether no proposal may be shown."""
        return self.drawn or self.hidden or self.reason.words == HIDDEN


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person says of an item: exactly one of label, skip, unsure, flag, undo, or a note alone.

    `key` makes it safe to say twice; `undo` is the key of the answer taken back; `seconds` is how long it took;
    `seen` is the model version whose proposal was on the screen. A note may go with any of them.
    """

    item: str = ""
    label: Label = None
    skip: bool = False
    unsure: bool = False
    flag: bool = False
    note: str = ""
    undo: str = ""
    by: str = "me"
    seconds: float | None = None
    seen: str | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))


def kind_of(answer: Answer) -> str:
    """label, skip, unsure, flag, undo or note; `AnswerError` when it is none or several.

    >>> kind_of(Answer(item="a", label="ham", note="sure?"))
    'label'
    """
    said = [
        name
        for name, present in (
            ("label", answer.label is not None),
            ("skip", answer.skip),
            ("unsure", answer.unsure),
            ("flag", answer.flag),
            ("undo", bool(answer.undo)),
        )
        if present
    ]
    if len(said) > 1:
        raise AnswerError(
            f"the answer for item {answer.item!r} says {' and '.join(said)} at once; it must be one"
        )
    if not said and not answer.note:
        raise AnswerError(
            f"the answer for item {answer.item!r} says nothing; give a label, or skip, unsure, flag, note or undo"
        )
    return said[0] if said else "note"


def recorded(
    answer: Answer, label: Label, proposed: Label = None, hidden: bool = False
) -> Answered | Retracted:
    """The answer as a fact; `label` is what the task made of it; `proposed`, `hidden`: see `Answered`."""
    if not isinstance(answer.key, str) or not answer.key or len(answer.key) > 200:
        raise AnswerError(f"an answer's key is a text of 1 to 200 signs; {answer.key!r} is none")
    if not answer.by or len(answer.by) > 200:
        raise AnswerError(f"the answer for item {answer.item!r} does not say by whom (1 to 200 signs)")
    seconds = answer.seconds
    if seconds is not None and not possible(seconds):
        raise AnswerError(
            f"the answer for item {answer.item!r} took {seconds!r} seconds; that must be 0 or more, and a year at most"
        )
    kind = kind_of(answer)
    if kind == "undo":
        return Retracted(key=answer.key, of=answer.undo, by=answer.by)
    return Answered(
        key=answer.key,
        item=answer.item,
        by=answer.by,
        kind=kind,
        label=label,
        note=answer.note,
        seconds=seconds,
        seen=answer.seen,
        proposed=proposed,
        hidden=hidden,
    )


def same(one: Any, other: Any) -> bool:
    """Whether two facts say the same; how long it took and when is not part of it."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Retracted):
        return (one.of, one.by) == (other.of, other.by)
    return (one.item, one.by, one.kind, one.label, one.note) == (
        other.item,
        other.by,
        other.kind,
        other.label,
        other.note,
    )


def names(label: Label) -> frozenset[Label]:
    """The names in an answer of any task.

    >>> names("ham"), names([{"start": 0, "end": 3, "label": "PER"}])
    (frozenset({'ham'}), frozenset({'PER'}))
    """
    parts = label if isinstance(label, list) else [label]
    return frozenset(part["label"] if isinstance(part, dict) else part for part in parts)
