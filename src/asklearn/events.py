"""What can happen: facts, written once and never changed.

A correction is another `Answered`, an undo a `Retracted`. Everything else (who is busy with what, consensus,
curves) is a fold over these; see `state`. An event kind never changes meaning: a new field comes with a
default, so that a journal of an older version still reads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from asklearn.errors import JournalError

Label = Any  # what a task's `check` lets through; JSON can hold it: str, int, float, bool, list, dict


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; `at` is seconds since 1970 (UTC), for people: order is the journal's."""

    at: float = field(default_factory=lambda: time.time())
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls) -> None:
        Event.kinds[cls.__name__] = cls


@dataclass(frozen=True, kw_only=True)
class Added(Event):
    """The pool's rows first..first+count-1 became askable; the payload lives in the pool, not here."""

    first: int
    count: int
    source: str = "pool"
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked(Event):
    """`by` holds these items for `lease` seconds; one entry an item in every tuple.

    `chances`: the probability with which the draw took the item, None where the choice was not a draw.
    `arms`: which part of the strategy took it ("audit": the draw that measures the model; "again": one more reading
    of an item; "gold": its answer is known). `looks`: the arm that people were told of instead, "" where that is the
    arm itself; a gold item stands in another's place and has its score. Empty: no look differs.
    `seed`: what the generator was made from, so that the choice can be replayed.
    What `canary` goes by: `plans`, the event number at which each was chosen (some wait until they are asked);
    `models`, the model by whose numbers; `above`, the share of the items that might have been chosen instead, and
    were not, which the strategy's own score puts above this one, by the model that serves when it is asked. None
    where there is no such thing.
    """

    items: tuple[str, ...]
    by: str
    strategy: str
    lease: float
    batch: str = ""
    scores: tuple[float | None, ...] = ()
    chances: tuple[float | None, ...] = ()
    arms: tuple[str, ...] = ()
    model: str | None = None
    seed: tuple[int, ...] = ()
    looks: tuple[str, ...] = ()
    plans: tuple[int | None, ...] = ()
    models: tuple[str | None, ...] = ()
    above: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Audited(Event):
    """`item` was drawn uniformly from the whole pool, with this chance, to measure the model.

    Its label never trains a model from here on, whoever asked for it and why.
    """

    item: str
    chance: float


@dataclass(frozen=True, kw_only=True)
class Renewed(Event):
    """`by` is still busy with these items: their leases begin anew."""

    items: tuple[str, ...]
    by: str
    lease: float


@dataclass(frozen=True, kw_only=True)
class Released(Event):
    """`by` gave these items back unanswered, or `broken_by` took them back for others."""

    items: tuple[str, ...]
    by: str
    broken_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Gilded(Event):
    """`by` knows the answers to these items, `labels` one each; None: the item is gold no longer.

    Everybody is asked each of them once, unseen among other questions. An item that nobody had labelled and that was
    not drawn to measure the model is nothing else from here on: its answers neither train nor measure a model.
    """

    items: tuple[str, ...]
    labels: tuple[Label, ...]
    by: str


@dataclass(frozen=True, kw_only=True)
class Assigned(Event):
    """Only the people `to` are asked these items from here on; of nobody: everybody is."""

    items: tuple[str, ...]
    to: tuple[str, ...]
    by: str


@dataclass(frozen=True, kw_only=True)
class Answered(Event):
    """What `by` said of `item`. `kind`: label, skip, unsure, flag or note; `seen`: the model then shown.

    `proposed`: what the model would have said when the item was asked, whether shown or not; None: unknown. `hidden`:
    the proposal was withheld by lot, to learn whether people follow it.
    """

    key: str
    item: str
    by: str
    kind: str = "label"
    label: Label = None
    note: str = ""
    seconds: float | None = None
    seen: str | None = None
    proposed: Label = None
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Retracted(Event):
    """The answer with key `of` no longer counts."""

    key: str
    of: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Swept(Event):
    """`by` gave all these items one label at a time, having looked at some of them: a weak answer to each.

    It teaches a model until single answers say more, and measures none. `checks`: those of the items, drawn at
    random, that are asked one by one all the same.
    """

    key: str
    items: tuple[str, ...]
    label: Label
    by: str
    seconds: float | None = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settled(Event):
    """The reviewer `by` decided that `item` is `label`, whatever people said of it: this counts, not their votes."""

    key: str
    item: str
    label: Label
    by: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Learned(Event):
    """Model `version` was fitted to the labels known at sequence number `watermark`.

    `artifact` names the stored model (content hash) or is None when it is refitted on opening.
    `kappa`: agreement with the model before on a fixed set of items, None for the first. Of the pool's items it
    did not learn from: `changed`, the share whose prediction is another than before; `uncertainty`, mean entropy
    (1: complete doubt); `expected_error`, mean 1 - p(likeliest). None where nobody could or did compute them.
    `judged`: audit items on which as many chosen as randomly drawn labels were compared; the model of the chosen
    ones alone was right on `wins` of them, that of the drawn ones alone on `losses`.
    """

    version: str
    watermark: int
    labels: int
    seconds: float = 0.0
    artifact: str | None = None
    kappa: float | None = None
    changed: float | None = None
    uncertainty: float | None = None
    expected_error: float | None = None
    judged: tuple[str, ...] = ()
    wins: int = 0
    losses: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measured(Event):
    """How good model `version` was, by `n` items it never learned from; low..high is a 95 % interval."""

    version: str
    labels: int
    metric: str
    value: float
    low: float
    high: float
    n: int
    source: str = "audit"


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """A stop rule said that further questions are not worth it."""

    rule: str
    reason: str
    labels: int


def encode(event: Event) -> str:
    """The event as one line of JSON; `JournalError` for what JSON or UTF-8 cannot hold.

    >>> encode(Retracted(key="k2", of="k1", by="ann", at=0.0))
    '{"event":"Retracted","at":0.0,"key":"k2","of":"k1","by":"ann"}'
    """
    name = type(event).__name__
    body = {"event": name} | {f.name: getattr(event, f.name) for f in fields(event)}
    try:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()  # half a surrogate pair is legal in a string, but in no file
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(
            f"{name} cannot be written down ({error}): give text, finite numbers, true, false, or lists and "
            "mappings of these"
        ) from error
    return text


def decode(text: str) -> Event:
    """The event that `encode` wrote; fields that a newer version added are left out. `JournalError`.

    >>> decode('{"event":"Retracted","at":0.0,"key":"k2","of":"k1","by":"ann"}').of
    'k1'
    """
    try:
        body = json.loads(text)
        name = str(body.pop("event"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise JournalError(f"the journal holds {str(text)[:60]!r}, which is no event") from error
    kind = Event.kinds.get(name)
    if kind is None:
        raise JournalError(
            f"the journal holds an event {name!r}, which this version does not know; "
            f"it knows {', '.join(sorted(Event.kinds))}: open the project with a newer asklearn"
        )
    known = {f.name for f in fields(kind)}
    # JSON has no tuples; only a label may itself be a list.
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) and k not in ("label", "proposed") else v
        for k, v in body.items()
        if k in known
    }
    try:
        return kind(**values)
    except TypeError as error:
        raise JournalError(f"the journal holds an event {name} without all of its fields: {error}") from error
