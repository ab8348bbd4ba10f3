"""A number: type it, Enter sends it or what the model proposes."""

from __future__ import annotations

import os
import re

from asklearn.cli.answers.way import Place, Way
from asklearn.cli.paper import Line
from asklearn.cli.questions import Shown
from asklearn.cli.terminal import plain
from asklearn.errors import AnswerError
from asklearn.events import Label
from asklearn.tasks.number import number

BEGINS = re.compile(r"[\d.,+−-]")
GOES_ON = re.compile(r"[\d.,e+−-]")
UNFINISHED = re.compile(r"[+-]?\.?|.*\de[+-]?")  # nothing is wrong with it yet
ROOM = 40  # signs; no number that means something is longer


class Amount(Way):
    """A number, with its range and unit beside it."""

    keys = """\
  digits . , - e      type the number
  Enter or A          send it, or accept what the model proposes
  Backspace           takes away what was typed last, Esc or Ctrl+Z all of it
  Down                the rest of a long text"""
    written = """\
  Here every line is an answer, a number as in a CSV: 2.5. An empty line is Enter: what the model proposes. Other keys
  go by their names (space, u, f, backspace); n TEXT is a note."""
    guide = "Type the number."
    nothing = "The model proposes nothing here: type a number."

    def __init__(self, task: number, place: Place) -> None:
        super().__init__(task, place)
        self._range, self._unit = task.range, f" {plain(task.unit)}" if task.unit else ""
        self._typed = ""
        self._before: Label | None = None  # what was said of the item already
        self._proposed: Label | None = None
        self._interval = ""

    def show(self, shown: Shown, start: Label | None) -> None:
        super().show(shown, start)
        self._typed, self._before, self._proposed, self._interval = "", start, None, ""
        if shown.proposal is not None:
            value, low, high = (shown.proposal[name] for name in ("label", "low", "high"))
            self._proposed = value if self._range is None else min(max(value, self._range[0]), self._range[1])
            if low < high:
                self._interval = f"; in 4 cases of 5 it is {low:g} to {high:g}"

    def panel(self, size: os.terminal_size) -> list[Line]:
        wrong = self._wrong()
        return [*self.written_out(), *([(f"  {plain(wrong)}", "bold")] if wrong else [])]

    def written_out(self) -> list[Line]:
        what = (
            "a number" if self._range is None else f"a number from {self._range[0]:g} to {self._range[1]:g}"
        )
        lines: list[Line] = [(f"  {what}{self._unit}", "bold")]
        if self._proposed is not None:
            enter = " <- Enter" if self._before is None else ""
            lines.append((f"  the model proposes {self.said(self._proposed)}{self._interval}{enter}", "bold"))
        if self._before is not None:
            lines.append((f"  you said {self.said(self._before)} <- Enter", "bold"))
        return lines

    @property
    def prompt(self) -> str:
        return f"  number: {self._typed}"

    @property
    def draft(self) -> Label | None:
        return self._proposed if self._before is None else self._before

    @property
    def chosen(self) -> Label | None:
        return self._before

    def said(self, label: Label) -> str:
        return f"{str(label).removesuffix('.0')}{self._unit}"

    def repeats(self, key: str) -> bool:
        return bool(self._typed and key == "backspace") or bool(BEGINS.fullmatch(key))

    def press(self, key: str) -> bool:
        if (GOES_ON if self._typed else BEGINS).fullmatch(key):
            self._typed = (self._typed + key)[:ROOM]
        elif not self._typed:
            return False
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif key in ("escape", "ctrl+z"):
            self._typed = ""
        elif (len(key) == 1 and key != "?") or key == "space":
            self.place.remark(f"{self._typed} is typed: Enter sends it, Esc takes it away.")
        else:
            return False
        return True

    def accept(self) -> None:
        if not self._typed:
            super().accept()
            return
        try:
            label = self._read()
        except AnswerError as error:
            if not self._wrong():  # else it stands there
                self.place.remark(str(error))
        else:
            self.place.give(label)

    def _read(self) -> Label:
        """What is typed. Raises `AnswerError`."""
        return self.task.parse(self._typed.replace(",", ".").replace("−", "-"))

    def _wrong(self) -> str:
        """What is wrong with what is typed so far."""
        if UNFINISHED.fullmatch(self._typed.replace(",", ".").replace("−", "-")):
            return ""
        try:
            self._read()
        except AnswerError as error:
            return str(error)
        return ""
