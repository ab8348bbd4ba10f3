"""Beside what the strategy chose: further readings and gold items, each in the place of a question like the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from asklearn.asking import Pick
from asklearn.people.doubts import Doubts
from asklearn.people.leases import Leases

NONE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Offer:
    """Rows that somebody may be asked beside new ones.

    due (m,): others have read these and more people are to, in the order in which they are asked; the last `later`
    of them would better go to somebody else. share: of questions that are to be such. doubtful (d,): those whose label
    is in doubt, in the order in which they are asked. worth (rows,): what an answer tells of each row, new or old.
    gold (g,) and gold_share: items whose answer is known. audited: row -> the chance of its draw. swept: rows that
    somebody labelled in bulk.
    """

    due: np.ndarray
    later: int
    share: float
    doubtful: np.ndarray
    worth: np.ndarray
    gold: np.ndarray
    gold_share: float
    audited: Mapping[int, float]
    swept: Set[int] = frozenset()

    def __bool__(self) -> bool:
        return len(self.due) + len(self.doubtful) + len(self.gold) > 0


def in_turn(
    due: np.ndarray, n: int, doubts: Doubts | None, by: str, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """At most n of the rows at random: first those that `by` should answer, last those that others should, how many."""
    due = rng.permutation(due)
    if doubts is None or not len(due):
        return due[:n], 0
    rank = np.ones(max(due.max(), doubts.rows.max(initial=0)) + 1, dtype=np.int8)
    rank[doubts.rows] = [{by: 0, "": 1}.get(owner, 2) for owner in doubts.owner]
    due = due[np.argsort(rank[due], kind="stable")][:n]
    return due, int(np.count_nonzero(rank[due] == 2))


def in_doubt(doubts: Doubts | None, by: str, leases: Leases, ids: Sequence[str]) -> np.ndarray:
    """(d,) rows whose label is in doubt: first those that `by` should answer, then those that others should.

    None that somebody answered or settled since: what is known of it is another thing then.
    """
    if doubts is None or doubts.worth is None:
        return NONE
    may = np.isin(doubts.rows, leases.again_for(by, doubts.rows))
    mine: list[int] = []
    others: list[int] = []
    for i in np.flatnonzero(may).tolist():
        row = int(doubts.rows[i])
        fresh = len(leases.state.labels_of(ids[row])) == doubts.heard[i]
        if fresh and ids[row] not in leases.state.settled:
            (mine if doubts.owner[i] == by else others).append(row)
    return np.array(mine + others, dtype=np.intp)


def beside(
    chosen: Sequence[Pick], n: int, offer: Offer, rng: np.random.Generator
) -> tuple[list[Pick], list[Pick]]:
    """At most n picks with some of the offer among them, and those of the chosen that gave up their places.

    By lot a place goes to a reading that is due. Where the strategy would have a new item of which an answer tells
    less than of an item in doubt, it goes to that. By lot again, any place goes to a gold item. A further reading shows
    no proposal, for the model may have learned the answer of somebody else: one that is due looks like the draw that it
    is, one in doubt like a question whose proposal is hidden. A gold item looks like the question in whose place it
    stands, so that no look is its own; one that was labelled in bulk like the draws that go over bulk labels.
    """
    found, kept = list(chosen), np.ones(len(chosen), dtype=bool)

    due = set(offer.due.tolist())

    def again(row: int) -> Pick:
        chance = offer.audited.get(row)
        if chance is not None:
            return Pick(row, None, chance, "audit", True)
        return Pick(row, None, None, "again", look="random" if row in due else "")

    soon = len(offer.due) - offer.later
    lot = min(soon, int(rng.binomial(len(found), offer.share)))
    for i, row in zip(rng.permutation(len(found)).tolist(), offer.due[:lot].tolist(), strict=False):
        found[i], kept[i] = again(row), False

    taken = set(offer.due[:lot].tolist())
    places = sorted(np.flatnonzero(kept).tolist(), key=lambda i: _worth(offer.worth, found[i].position))
    for row in offer.doubtful.tolist():
        if places and row not in taken and offer.worth[row] > _worth(offer.worth, found[places[0]].position):
            i = places.pop(0)
            found[i], kept[i] = again(row), False
            taken.add(row)

    rest = dict.fromkeys([*offer.due.tolist(), *offer.doubtful.tolist()])
    found += [again(row) for row in [row for row in rest if row not in taken][: n - len(found)]]

    number = min(len(offer.gold), int(rng.binomial(len(found), offer.gold_share)))
    golden = rng.choice(offer.gold, number, replace=False).tolist() if number else []
    for i, row in zip(rng.permutation(len(found)).tolist(), golden, strict=False):
        place = found[i]
        look = "random" if row in offer.swept else place.look or place.arm
        found[i] = Pick(row, place.score, None, "gold", look=look, model=place.model)
        kept[i : i + 1] = False
    return found, [pick for pick, stays in zip(chosen, kept, strict=True) if not stays]


def _worth(worth: np.ndarray, row: int) -> float:
    return float(worth[row]) if row < len(worth) else np.inf  # an item that no model has seen yet is asked
