"""What every way of answering has: an item to show, keys of its own, lines from a pipe."""

from __future__ import annotations

import os
from typing import Any, Protocol

from asklearn.cli.paper import WIDE, Line, harmless
from asklearn.cli.questions import Shown
from asklearn.cli.terminal import plain
from asklearn.events import Label
from asklearn.tasks import Task

LONG = 4000  # characters of a text shown at once


class Place(Protocol):
    """Where answers are given: what a way of answering may do there."""

    def give(self, label: Label) -> None:
        """This is the answer: save it and go on."""
        ...

    def remark(self, line: str) -> None:
        """A sentence about what was typed."""
        ...

    def line(self, prompt: str) -> str:
        """A line that somebody writes. Raises `Ended`."""
        ...


class Way:
    """How a task is answered; it shows one item after the other.

    `keys` and `written` are of the help: the task's own keys on a terminal, and what a line from a pipe is. `guide` is
    read where the project has no guidelines.
    """

    keys = ""
    written = ""
    guide = ""
    nothing = ""  # said to Enter where there is nothing to send

    def __init__(self, task: Task, place: Place) -> None:
        self.task, self.place = task, place
        self._content: dict[str, Any] = {}
        self._unread = ""
        self._why = ""

    # -- on screen

    def show(self, shown: Shown, start: Label | None) -> None:
        """Another item; `start` is what was said of it before, or chosen and not sent."""
        self._content, self._why = shown.content, f"  why: {plain(shown.why)}"
        self._unread = ""

    def above(self) -> list[Line]:
        """What stays as it is while the item is answered."""
        return [*self._item(), "", (self._why, "dim")]

    def panel(self, size: os.terminal_size) -> list[Line]:
        """What changes meanwhile, for a terminal of this size."""
        return []

    @property
    def prompt(self) -> str:
        """What is typed so far, if that has a place."""
        return ""

    def written_out(self) -> list[Line]:
        """What stands below the item where lines are read."""
        return self.panel(WIDE)

    # -- what is typed

    def repeats(self, key: str) -> bool:
        """Whether the key goes on while it is held down."""
        return False

    def press(self, key: str) -> bool:
        """A key of the task's own; whether it is one."""
        return False

    def accept(self) -> None:
        """Enter: send what is chosen, or else what the model proposes."""
        draft = self.draft
        if draft is None:
            self.place.remark(self.nothing)
        else:
            self.place.give(self.task.check(draft))

    def read(self, line: str) -> None:
        """A line from a pipe is a whole answer, written as in a file. Raises `AnswerError`."""
        self.place.give(self.task.parse(line))

    def read_on(self) -> list[Line]:
        """The rest of a long text."""
        rest, self._unread = self._unread, ""
        return [(line, "item") for line in harmless(rest)] if rest else [""]

    # -- what was said

    @property
    def draft(self) -> Label | None:
        """What Enter would send."""
        return None

    @property
    def chosen(self) -> Label | None:
        """What somebody said of the item and did not send: kept while another one is asked."""
        return None

    def said(self, label: Label) -> str:
        """An answer in a few words."""
        return str(label)

    def _item(self) -> list[Line]:
        content = self._content
        if content["kind"] == "text":
            text, self._unread = content["text"][:LONG], content["text"][LONG:]
            lines: list[Line] = [(line, "item") for line in harmless(text)]
            more = f"  {len(self._unread):,} more characters: the down arrow shows them"
            return [*lines, more] if self._unread else lines
        if content["kind"] == "image":
            return [(f"image {plain(content['file'])}", "item")]
        return [
            (f"{plain(name)}: {'no value' if value is None or value == '' else plain(value)}", "item")
            for name, value in content["fields"]
        ]
