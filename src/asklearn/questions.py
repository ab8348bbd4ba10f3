"""Picks become questions: the asking as a fact, and what a person is shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asklearn.asking import Pick, words
from asklearn.events import Asked, Label
from asklearn.learning import Learner
from asklearn.people import anchoring
from asklearn.people.answers import DRAWN, HIDDEN, Prediction, Question, Reason
from asklearn.settings import Settings


class Questions:
    """Words questions, and remembers what the model proposed for them.

    `proposed`: (item, annotator) -> the label proposed when they were asked last, and whether that was hidden.
    """

    def __init__(self, learner: Learner, setup: Settings) -> None:
        self.proposed: dict[tuple[str, str], tuple[Label, bool]] = {}
        self._learner, self._setup = learner, setup

    def asked(self, picks: Sequence[Pick], by: str, batch: str, lease: float, seed: tuple[int, ...]) -> Asked:
        """What is recorded: all that is needed to replay the choice, and to estimate from it."""
        serving = self._learner.serving
        return Asked(
            items=tuple(self._learner.ids[pick.position] for pick in picks),
            by=by,
            strategy=self._setup.strategy,
            lease=lease,
            batch=batch,
            scores=tuple(pick.score for pick in picks),
            chances=tuple(pick.chance for pick in picks),
            arms=tuple(pick.arm for pick in picks),
            model=None if serving is None else serving.version,
            seed=seed,
            plans=tuple(pick.plan for pick in picks),
            models=tuple(pick.model for pick in picks),
            above=tuple(pick.above for pick in picks),
            looks=tuple(pick.look for pick in picks) if any(pick.look for pick in picks) else (),
        )

    def again(self, asked: Asked, item: str, until: datetime) -> Question:
        """The question about an item that was asked before."""
        i = asked.items.index(item)
        arm, look = asked.arms[i], asked.looks[i] if asked.looks else ""
        row = self._learner.positions[item]
        pick = Pick(row, asked.scores[i], asked.chances[i], arm, arm == "audit", look=look)
        return self.question(pick, asked.by, asked.batch, until)

    def question(self, pick: Pick, by: str, batch: str, until: datetime) -> Question:
        """What `by` is shown of a pick."""
        serving, row, item = self._learner.serving, pick.position, self._learner.ids[pick.position]
        seen = self.opinion(item)
        why = words(pick, self._setup.strategy, seen, self._learner.task)
        hidden = seen is not None and not pick.audit and why not in (DRAWN, HIDDEN)
        hidden = hidden and anchoring.hidden(self._setup.seed, item, self._setup.hide)
        if seen is not None:
            self.proposed[item, by] = seen.label, hidden
        return Question(
            item=item,
            row=row,
            batch=batch,
            reason=Reason(self._setup.strategy, pick.score, HIDDEN if hidden else why),
            chance=pick.chance,
            audit=pick.audit,
            model=None if serving is None else serving.version,
            proposal=seen,
            until=until,
            hidden=hidden,
        )

    def opinion(self, item: str) -> Prediction | None:
        """What the serving model says of an item; None before the first, and of rows that came after it."""
        serving, row = self._learner.serving, self._learner.positions[item]
        known = serving is not None and row < serving.rows
        return self._learner.task.prediction(serving.said, row) if serving is not None and known else None
