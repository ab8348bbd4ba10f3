"""One of several classes: its key chooses it and goes on."""

from __future__ import annotations

import os

from asklearn.cli.answers.choices import Choices, percent
from asklearn.cli.answers.way import Place, Way
from asklearn.cli.paper import Line
from asklearn.cli.questions import Shown
from asklearn.events import Label
from asklearn.tasks.classes import classes


class One(Way):
    """A class: its key, its name in a line, or a part of its name after /."""

    keys = """\
  1 ... 9 0, letters  choose the class that shows the key
  Enter or A          accept what the model proposes
  /                   find a class by a part of its name
  Down                the rest of a long text"""
    written = f"""{keys}
  Here every line is one key: an empty one is Enter, the others by their names (space, backspace). A class may be
  written by its name; /NAME is a part of it, n TEXT a note."""
    guide = "Choose the class that fits best."
    nothing = "The model proposes nothing here: choose a class."

    def __init__(self, task: classes, place: Place) -> None:
        super().__init__(task, place)
        self._choices = Choices([str(label) for label in task.labels], ("class", "classes"))
        self._chances: list[float] | None = None
        self._proposed: int | None = None

    def show(self, shown: Shown, start: Label | None) -> None:
        super().show(shown, start)
        names, said = self._choices.names, shown.proposal
        self._chances = None if said is None else [said["probabilities"].get(name, 0.0) for name in names]
        self._proposed = None if said is None else names.index(str(said["label"]))
        self._choices.rank(self._chances)

    def panel(self, size: os.terminal_size) -> list[Line]:
        looks = [("", "")] * len(self._choices.names)
        if self._chances is not None:
            enter = {self._proposed: " <- Enter"}
            looks = [("", f" {percent(p)}{enter.get(i, '')}") for i, p in enumerate(self._chances)]
        return self._choices.lines(looks, size.columns, size.lines // 2)

    def accept(self) -> None:
        if self._proposed is None:
            super().accept()
        else:
            self._choose(self._proposed)

    def press(self, key: str) -> bool:
        if key == "/":
            self._choose(self._choices.find(self.place.line("  class: "), self.place))
        else:
            index = self._choices.at(key)
            self._choose(index)
            return index is not None
        return True

    def read(self, line: str) -> None:
        index = self._choices.at(line.lower())
        if index is not None:
            self._choose(index)
        elif line.startswith("/"):
            wanted = line[1:] or self.place.line("  class: ")
            self._choose(self._choices.find(wanted, self.place))
        else:
            self._choose(self._choices.names.index(str(self.task.parse(line))))

    def _choose(self, index: int | None) -> None:
        if index is not None:
            self._choices.chosen(index)
            self.place.give(self.task.labels[index])
