"""Any number of labels: a key switches one on or off, Enter sends them all."""

from __future__ import annotations

import os

from asklearn.cli.answers.choices import Choices, percent
from asklearn.cli.answers.way import Place, Way
from asklearn.cli.paper import Line
from asklearn.cli.questions import Shown
from asklearn.cli.terminal import plain
from asklearn.events import Label
from asklearn.tasks.multilabel import multilabel


class Several(Way):
    """A set of labels, begun with what the model proposes."""

    keys = """\
  1 ... 9 0, letters  switch the label on or off that shows the key
  0 or X              none of them (0 where it is no label's key)
  Enter or A          send what is on
  /                   switch a label that is found by a part of its name
  Down                the rest of a long text"""
    written = """\
  Here every line is a whole answer, as in a CSV: red|ripe, or ["red", "ripe"]; [] is none of them. An empty line is
  Enter: what the model proposes. Other keys go by their names (space, u, f, backspace); n TEXT is a note."""
    guide = "Choose every label that applies, or none of them."
    nothing = "The model proposes nothing here: choose labels, or X where none applies."

    def __init__(self, task: multilabel, place: Place) -> None:
        super().__init__(task, place)
        self._choices = Choices([str(label) for label in task.labels], ("label", "labels"))
        self._chances: list[float] | None = None
        self._proposed: set[int] = set()
        self._on: set[int] = set()
        # Somebody, or the model, has said something: without that, none at all is no answer.
        self._decided = False

    def show(self, shown: Shown, start: Label | None) -> None:
        super().show(shown, start)
        names, said = self._choices.names, shown.proposal
        self._chances = None if said is None else [said["probabilities"].get(name, 0.0) for name in names]
        self._proposed = set() if said is None else {names.index(str(label)) for label in said["label"]}
        self._on = set(self._proposed) if start is None else {names.index(str(label)) for label in start}
        self._decided = start is not None or said is not None
        self._choices.rank(self._chances)

    def panel(self, size: os.terminal_size) -> list[Line]:
        looks = [
            (f"[{'x' if i in self._on else ' '}] ", self._held(i)) for i in range(len(self._choices.names))
        ]
        none = f"{'0' if self._choices.at('0') is None else 'X'} none"
        sent = (
            f"  Enter sends: {plain(self.said(self.draft))}" if self._decided else "  nothing is chosen yet"
        )
        return [*self._choices.lines(looks, size.columns, size.lines // 2, [none]), sent]

    def written_out(self) -> list[Line]:
        names = [f"{plain(name)}{self._held(i)}" for i, name in enumerate(self._choices.names)]
        lines: list[Line] = [(f"  {' | '.join(names)}", "bold")]
        return [*lines, f"  Enter sends: {plain(self.said(self.draft))}"] if self._decided else lines

    @property
    def draft(self) -> Label | None:
        return [label for i, label in enumerate(self.task.labels) if i in self._on] if self._decided else None

    @property
    def chosen(self) -> Label | None:
        return self.draft

    def said(self, label: Label) -> str:
        return ", ".join(map(str, label)) or "none"

    def press(self, key: str) -> bool:
        index = self._choices.at(key)
        if index is None and key == "/":
            self._toggle(self._choices.find(self.place.line("  label: "), self.place))
        elif index is not None:
            self._toggle(index)
        elif key in ("0", "x"):
            self._on, self._decided = set(), True
        else:
            return False
        return True

    def _toggle(self, index: int | None) -> None:
        if index is not None:
            self._choices.chosen(index)
            self._on ^= {index}
            self._decided = True

    def _held(self, index: int) -> str:
        """What the model holds of a label."""
        return "" if self._chances is None else f" {percent(self._chances[index])}"
