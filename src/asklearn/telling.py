"""Answers become facts: each is checked, known ones are left out, all are taken in or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asklearn.errors import AnswerError, KeyReused
from asklearn.events import Answered, Event, Label, Retracted, Settled, Swept
from asklearn.learning import Learner
from asklearn.people.answers import Answer, recorded, same
from asklearn.state import State


def checked(answer: Answer, learner: Learner) -> Label:
    """The label that the task makes of the answer. Raises `AnswerError` for what nobody may answer."""
    return learner.task.check(answer.label, lambda: learner.pool.rows([answer.item])[0])


def facts(
    answers: Sequence[Answer],
    state: State,
    learner: Learner,
    proposed: Mapping[tuple[str, str], tuple[Label, bool]],
) -> list[Event]:
    """The answers as events, those already known left out.

    proposed: what the model said of an item when somebody was asked, and whether that was hidden. Raises `AnswerError`
    naming the item, `KeyReused` for a known key with another body.
    """
    fresh: dict[str, Answered | Retracted] = {}
    known: Event | None
    for answer in answers:
        try:
            fact = _fact(answer, fresh, state, learner, proposed)
        except AnswerError as error:
            about = f"item {answer.item!r}: " if answer.item and repr(answer.item) not in str(error) else ""
            raise AnswerError(f"{about}{error}", item=answer.item, key=answer.key) from None
        known = state.keys.get(answer.key) or fresh.get(answer.key)
        if known is None:
            fresh[answer.key] = fact
        elif not same(known, fact):
            raise KeyReused(
                f"the key {answer.key!r} came before with another answer; give each answer a key of its own",
                item=answer.item,
                key=answer.key,
            )
    return list(fresh.values())


def _fact(
    answer: Answer,
    fresh: Mapping[str, Answered | Retracted],
    state: State,
    learner: Learner,
    proposed: Mapping[tuple[str, str], tuple[Label, bool]],
) -> Answered | Retracted:
    if answer.undo:
        gone = state.keys.get(answer.undo) or fresh.get(answer.undo)
        if not isinstance(gone, Answered | Settled | Swept) or gone.by != answer.by:
            raise AnswerError(f"{answer.by!r} has given no answer with the key {answer.undo!r} to take back")
    elif answer.item not in learner.positions:
        raise AnswerError(f"there is no item {answer.item!r} in the pool")
    label = None if answer.label is None else checked(answer, learner)
    asked = label is not None and (answer.item, answer.by) in state.asked_last
    said, hidden = proposed.get((answer.item, answer.by), (None, False)) if asked else (None, False)
    if hidden and answer.seen is not None:  # shown all the same: no part of the comparison
        said, hidden = None, False
    return recorded(answer, label, said, hidden)
