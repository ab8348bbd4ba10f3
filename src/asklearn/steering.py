"""What a manager says of who is asked what: gold items, assignments, leases that are to end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from asklearn.errors import AnswerError, DataError, SettingError
from asklearn.events import Assigned, Event, Gilded, Label, Released
from asklearn.people.gold import gold
from asklearn.people.leases import Leases
from asklearn.state import State
from asklearn.tasks import Task

SHARED = 11  # the purpose of a generator


def gilded(known: Mapping[str, Label], by: str, pool: Collection[str], task: Task) -> list[Event]:
    """These items are gold from here on, those with None no longer. `DataError`, `AnswerError`: naming the item."""
    labels: list[Label] = []
    for item, label in known.items():
        _there([item], pool)
        try:
            labels.append(None if label is None else task.check(label))
        except AnswerError as error:
            raise AnswerError(f"item {item!r}: {error}", item=item) from None
    return [Gilded(items=tuple(known), labels=tuple(labels), by=_named(by))] if known else []


def assigned(items: Iterable[str], to: Sequence[str], by: str, pool: Collection[str]) -> list[Event]:
    """Only `to` are asked these items from here on; everybody, where that is nobody. `DataError` names the item."""
    wanted = tuple(dict.fromkeys(items))
    _there(wanted, pool)
    if isinstance(to, str):
        raise SettingError(f"to is a list of names; for one: [{to!r}]")
    people = tuple(sorted({_named(name) for name in to}))
    return [Assigned(items=wanted, to=people, by=_named(by))] if wanted else []


def shared(
    items: Sequence[str], among: Sequence[str], by: str, pool: Collection[str], rng: np.random.Generator
) -> list[Event]:
    """The items dealt out by lot, as many to each of `among`, give or take one."""
    people = list(dict.fromkeys(among))
    if not people:
        raise SettingError("share among whom? give a name or more")
    order = rng.permutation(len(items)).tolist()
    return [
        event
        for j, name in enumerate(people)
        for event in assigned((items[i] for i in order[j :: len(people)]), [name], by, pool)
    ]


def broken(leases: Leases, of: str | None, items: Iterable[str] | None, by: str) -> list[Event]:
    """Every lease ends that one person has, or that anybody has on these items; with both, where both hold."""
    if of is None and items is None:
        raise SettingError("which leases are to end? say whose (by) or of which items")
    wanted = leases.held() if items is None else dict.fromkeys(items)
    ends: dict[str, list[str]] = {}
    for item in wanted:
        for who in sorted(leases.holders(item)):
            if of is None or who == of:
                ends.setdefault(who, []).append(item)
    return [Released(items=tuple(held), by=who, broken_by=_named(by)) for who, held in ends.items()]


def running(leases: Leases) -> list[dict[str, Any]]:
    """The leases that run now, those that end first before the others: item, by, seconds left."""
    found = [
        {"item": item, "by": who, "seconds": round(leases.seconds_left(item, who), 1)}
        for item in leases.held()
        for who in leases.holders(item)
    ]
    return sorted(found, key=lambda lease: lease["seconds"])


def scores(state: State) -> dict[str, list[Any]]:
    """Right answers of everybody on the gold items, as `asklearn.people.gold` counts them."""
    said = [(item, by, label) for item in state.gold for by, label in state.labels_of(item).items()]
    columns = zip(*said, strict=True) if said else ([], [], [])
    return gold(dict(zip(("item", "annotator", "label"), map(list, columns), strict=True)), state.gold)


def _there(items: Iterable[str], pool: Collection[str]) -> None:
    strange = next((item for item in items if item not in pool), None)
    if strange is not None:
        raise DataError(f"there is no item {strange!r} in the pool of {len(pool)} rows")


def _named(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= 200:
        raise SettingError(f"a person's name has 1 to 200 signs; {name!r} has not")
    return name
