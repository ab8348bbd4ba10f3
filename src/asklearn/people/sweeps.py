"""Many items labelled at once: what may be, and what such a label is worth.

Who draws a line around a cloud of items has looked at some of them. A bulk label is therefore weak: it teaches a model
by `WEIGHT` until somebody answers the item singly, which then counts alone; it never measures a model, nor anybody's
agreement. Items that measure a model, or somebody, are asked singly all the same, and so are a few drawn at random
from every bulk act, so that nobody can tell which is which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from asklearn.errors import AnswerError, KeyReused
from asklearn.events import Label, Swept
from asklearn.people.duration import possible
from asklearn.people.leases import Leases
from asklearn.state import State

WEIGHT = 0.5  # of a bulk label in a fit, beside 1 of a single answer on which all agree
CHECKED = 0.05  # the chance with which an item of a bulk act is asked singly
MOST_CHECKED = 10  # of one act
SWEEP = 8  # the purpose of a generator
SWEPT_AT_ONCE = 2000  # items of one act

FREE, YOURS, TAKEN = "free", "yours", "taken"


def standing(state: State, leases: Leases, item: str, by: str) -> str:
    """What the item is to `by`: "free", "yours" (answered by them, singly or in bulk) or "taken" by others.

    It says the same of an item that measures a model as of any other. So it does of a gold item that others labelled in
    bulk; of what they said of one singly it says nothing, for everybody is asked all the same, and that would tell.
    """
    if by not in state.assigned.get(item, (by,)):
        return TAKEN
    known = item in state.answers or item in state.swept or item in state.flagged
    if not known and not leases.holders(item):
        return FREE
    if by in state.answers.get(item, {}):
        return YOURS
    weak = state.weak_of(item)
    others = weak.keys() - {by}
    if item not in state.gold:
        others |= (state.labels_of(item).keys() | leases.holders(item)) - {by}
    if len(others) >= leases.enough(item) or item in state.flagged:
        return TAKEN
    return YOURS if by in weak else FREE


def label_by(state: State, item: str, by: str) -> Label:
    """What `by` said of it last, singly or else in bulk; None where that was no label."""
    said = state.answers.get(item, {}).get(by)
    return state.weak_of(item).get(by) if said is None else said.label


def may_sweep(state: State, leases: Leases, item: str, by: str) -> bool:
    """Whether `by` may label it in bulk: nobody is in the way, and they did not answer it singly."""
    return by not in state.answers.get(item, {}) and standing(state, leases, item, by) != TAKEN


def suits(task: str) -> bool:
    """Whether many items can be given the same answer: a class, or a set of labels; not a number or marks in a text.

    >>> suits("classes"), suits("spans")
    (True, False)
    """
    return task in ("classes", "multilabel")


def acts(state: State, by: str, n: int) -> list[Swept]:
    """The last n bulk acts of `by` that stand, newest first."""
    return list(
        islice((act for act in reversed(state.acts.get(by, [])) if act.key not in state.retracted), n)
    )


def weak(
    state: State, merge: Callable[[Mapping[str, Label]], tuple[Label, float]]
) -> dict[str, tuple[Label, float]]:
    """item -> label and how sure that is, of the items that have bulk labels only."""
    merged = {item: merge(state.weak_of(item)) for item in state.bulk if item not in state.aside}
    return {item: (label, WEIGHT * share) for item, (label, share) in merged.items()}


def apart(state: State, leases: Leases, by: str) -> list[str]:
    """The items of which `Leases.free_for` may say something else than `may_sweep`.

    They are what `by` holds or labelled in bulk, and what is asked singly whatever a bulk label says.
    """
    mine = (item for act in state.acts.get(by, ()) for item in act.items)
    drawn = (item for item in state.audited if item in state.swept)
    return list(dict.fromkeys((*leases.held_by(by), *mine, *drawn, *state.checks, *state.gold)))


def swept(
    state: State,
    leases: Leases,
    key: str,
    items: Iterable[str],
    label: Label,
    by: str,
    seconds: float | None,
    seed: int,
) -> Swept | None:
    """The bulk act as a fact: of these items, those that `by` may label; None where there is none.

    The fact of before where the key is known already. Raises `KeyReused` where that was another act, `AnswerError`
    for what nobody may do.
    """
    wanted = list(dict.fromkeys(items))
    _check(key, wanted, by, seconds)
    strange = next((item for item in wanted if item not in leases.positions), None)
    if strange is not None:
        raise AnswerError(f"there is no item {strange!r} in the pool", item=strange, key=key)
    known = state.keys.get(key)
    if known is not None:
        if (
            isinstance(known, Swept)
            and (known.by, known.label) == (by, label)
            and set(known.items) <= {*wanted}
        ):
            return known
        raise KeyReused(
            f"the key {key!r} came before with another answer; give each bulk act its own", key=key
        )
    taken = tuple(item for item in wanted if may_sweep(state, leases, item, by))
    if not taken:
        return None
    asked = state.audited.keys() | state.gold.keys()  # singly, whatever happens
    checks = _checks([item for item in taken if item not in asked], [seed, state.seq, SWEEP])
    return Swept(key=key, items=taken, label=label, by=by, seconds=seconds, checks=checks)


def _check(key: str, items: Sequence[str], by: str, seconds: float | None) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= 200:
        raise AnswerError(f"the key of a bulk act is a text of 1 to 200 signs; {key!r} is none")
    if not by or len(by) > 200:
        raise AnswerError("the bulk act does not say by whom (1 to 200 signs)", key=key)
    if seconds is not None and not possible(seconds):
        raise AnswerError(
            f"the bulk act took {seconds!r} seconds; that must be 0 or more, and a year at most", key=key
        )
    if len(items) > SWEPT_AT_ONCE:
        raise AnswerError(
            f"{len(items):,} items are more than can be labelled at once; give {SWEPT_AT_ONCE:,} at most",
            key=key,
        )


def _checks(items: Sequence[str], seed: Sequence[int]) -> tuple[str, ...]:
    """Each with the chance `CHECKED`, a few at most, in random order."""
    rng = np.random.default_rng(seed)
    count = min(int(rng.binomial(len(items), CHECKED)), MOST_CHECKED)
    return tuple(items[i] for i in rng.choice(len(items), count, replace=False)) if count else ()
