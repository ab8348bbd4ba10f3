"""Passages of a text: the arrows move a cursor from word to word, the key of a label marks what it holds."""

from __future__ import annotations

import json
import os
from bisect import bisect_left, bisect_right
from collections import Counter

from asklearn.cli.answers.choices import Choices, percent
from asklearn.cli.answers.way import Place, Way
from asklearn.cli.answers.words import Laid, Mark, Page, Stretch, touched, words
from asklearn.cli.paper import WIDE, Line
from asklearn.cli.questions import Shown
from asklearn.cli.terminal import plain
from asklearn.events import Label
from asklearn.tasks.spans import spans

BRIEF = 60  # characters of what is chosen, beside its label
STEPS = frozenset({"arrowleft", "arrowright", "arrowup", "arrowdown", "home", "end"})
LEAST = 3  # rows of the text, however small the terminal


class Passages(Way):
    """Stretches of words with their labels, begun with what the model proposes."""

    keys = """\
  Arrows, Home, End   move from word to word
  Shift+arrows        choose more words; the same without Shift: V, then arrows
  1 ... 9 0, letters  mark the words as what the key stands for
  /                   the same, by a part of the label's name
  X or Delete         take off the passage at the cursor
  X without a cursor  take off all of them: there is none
  Tab                 go to the proposal that the model is least certain of
  Esc                 let go of the cursor
  Ctrl+Z              take back the last change, then the last answer
  Enter or A          send all of them"""
    written = """\
  Here every line is a whole answer, the JSON as in a CSV: [{"start": 0, "end": 3, "label": "person"}], counted in code
  points; [] is none. An empty line is Enter: what the model proposes. Other keys go by their names (space, u, f,
  backspace); n TEXT is a note."""
    guide = "Mark every passage that one of the labels names."
    nothing = "The model proposes nothing here: mark the words, or press X where there is nothing to mark."

    def __init__(self, task: spans, place: Place) -> None:
        super().__init__(task, place)
        self._choices = Choices([str(label) for label in task.labels], ("label", "labels"))
        self._marks: list[Mark] = []  # in the order of the text, none over another
        self._decided = False  # somebody, or the model, has said something: without that, none is no answer
        self._before: list[tuple[list[Mark], bool]] = []  # both as they were before each change
        self._visited: set[Mark] = set()  # proposals that were looked at
        self._read_text("")

    def _read_text(self, text: str) -> None:
        self._text, self._words, self._page = text, words(text), Page(text)
        self._at: tuple[int, int] | None = None  # the words that are chosen: where that began, where it ends
        self._extending = False
        self._column: int | None = None  # where the cursor came from, while it goes up and down
        self._rows: list[Laid] = []  # as they were drawn last

    # -- on screen

    def show(self, shown: Shown, start: Label | None) -> None:
        super().show(shown, start)
        said = shown.proposal
        self._read_text(shown.content["text"] if shown.content["kind"] == "text" else "")
        found = start if start is not None else [] if said is None else said["spans"]
        self._marks = [Mark(one["start"], one["end"], one["label"], one.get("probability")) for one in found]
        self._decided = start is not None or said is not None
        self._before, self._visited = [], set()
        self._choices.rank(None)

    def above(self) -> list[Line]:
        return [(self._why, "dim")]

    def panel(self, size: os.terminal_size) -> list[Line]:
        counts = Counter(str(mark.label) for mark in self._marks)
        looks = [("", f" ({counts[name]})" if counts[name] else "") for name in self._choices.names]
        choices = self._choices.lines(looks, size.columns, size.lines // 4)
        below: list[Line] = [
            "",
            (f"  {self._here()}"[: size.columns - 1], ""),
            *choices,
            f"  {self._sends()}",
        ]
        return [*self._seen(size.columns, max(LEAST, size.lines - len(below) - 6)), *below]

    def written_out(self) -> list[Line]:
        rows = self._page.rows(self._marks, WIDE.columns)
        lines: list[Line] = ["", *(laid.row() for laid in rows)]
        lines += ["", ("  " + ", ".join(map(plain, self._choices.names)), "bold")]
        if self._decided:
            lines.append(f"  {plain(json.dumps(self._answer(), ensure_ascii=False))} <- Enter")
        return lines

    def said(self, label: Label) -> str:
        return ", ".join(str(span["label"]) for span in label) or "none"

    def _seen(self, width: int, room: int) -> list[Line]:
        """The rows around the cursor."""
        rows = self._rows = self._page.rows(self._marks, width - 3)
        at = 0 if self._at is None else self._row(self._at[1])
        first = min(max(0, at - room // 2), max(0, len(rows) - room))
        last = min(len(rows), first + room)
        above, below = hidden(first, "above"), hidden(len(rows) - last, "below")
        return ["", *above, *(laid.row(self._chosen) for laid in rows[first:last]), *below]

    def _here(self) -> str:
        """What is chosen, in words: nothing is said by looks alone."""
        if self._at is None:
            return "the arrows choose words" if self._words else "there is no word to mark"
        start, end = self._chosen
        text = plain(" ".join(self._text[start:end].split()))
        text = f"{text[: BRIEF - 1]}…" if len(text) > BRIEF else text
        marks = "; ".join(
            plain(mark.label) + ("" if mark.p is None else f" proposed, {percent(mark.p)}")
            for mark in self._touching
        )
        extending = " (V ends choosing)" if self._extending else ""
        return f"at: {text}{f' = {marks}' if marks else ''}{extending}"

    def _sends(self) -> str:
        n = len(self._marks)
        if not self._decided:
            return "X: there is nothing to mark"
        return f"Enter sends {f'{n:,} passage' if n else 'none'}{'s' if n > 1 else ''}"

    # -- what is typed

    def repeats(self, key: str) -> bool:
        return "arrow" in key

    def press(self, key: str) -> bool:
        index = self._choices.at(key)
        if index is not None:
            self._mark(index)
        elif key == "/":
            self._mark(self._choices.find(self.place.line("  label: "), self.place))
        elif (step := key.removeprefix("shift+")) in STEPS:
            self._move(step, extend=step != key or self._extending)
        elif key == "v":
            self._hold()
        elif key == "delete":
            self._remove()
        elif key == "x":
            self._reject()
        elif key == "tab":
            self._uncertain()
        elif key == "ctrl+z" and self._before:
            self._marks, self._decided = self._before.pop()
        elif key == "escape" and self._at:
            self._at, self._extending = None, False
        else:
            return False
        return True

    def accept(self) -> None:
        if self._decided:
            self.place.give(self.task.check(self._answer(), lambda: self._text))
        else:
            self.place.remark(self.nothing)

    def read(self, line: str) -> None:
        self.place.give(self.task.check(self.task.parse(line), lambda: self._text))

    @property
    def chosen(self) -> Label | None:
        return self.draft

    @property
    def draft(self) -> Label | None:
        """With what the model holds of those that nobody has looked at yet."""
        if not self._decided:
            return None
        held = [{} if mark.p is None else {"probability": mark.p} for mark in self._marks]
        return [span | more for span, more in zip(self._answer(), held, strict=True)]

    def _answer(self) -> list[dict[str, Label]]:
        return [{"start": mark.start, "end": mark.end, "label": mark.label} for mark in self._marks]

    # -- what is marked

    @property
    def _chosen(self) -> Stretch:
        """The stretch of the text that the cursor holds."""
        if self._at is None:
            return 0, 0
        return self._words[min(self._at)][0], self._words[max(self._at)][1]

    @property
    def _touching(self) -> list[Mark]:
        start, end = self._chosen
        return [mark for mark in self._marks if mark.start < end and start < mark.end]

    def _mark(self, index: int | None) -> None:
        if index is None:
            return
        if self._at is None:
            self.place.remark("Choose the words first: with the arrows, more of them with Shift or after V.")
            return
        there, (start, end) = self._touching, self._chosen
        if self._at[0] == self._at[1] and there:  # a cursor in a passage means all of it
            start, end = there[0].start, there[0].end
        self._choices.chosen(index)
        mark = Mark(start, end, self.task.labels[index])
        self._change([*(other for other in self._marks if other not in there), mark])

    def _remove(self) -> None:
        gone = self._touching
        if gone:
            self._change([mark for mark in self._marks if mark not in gone])
        else:
            self.place.remark("There is no passage at the cursor; Esc and then X takes off all of them.")

    def _reject(self) -> None:
        """Take off what the cursor touches; without one, or where nothing is marked, say that there is none."""
        if self._at is not None and self._marks:
            self._remove()
        else:
            self._change([])

    def _change(self, marks: list[Mark]) -> None:
        self._before.append((self._marks, self._decided))
        self._marks = sorted(marks, key=lambda mark: mark.start)
        self._decided, self._extending = True, False

    # -- the cursor

    def _move(self, step: str, *, extend: bool) -> None:
        last = len(self._words) - 1
        if last < 0:
            return
        to = self._from(self._at[1], step) if self._at else last if step == "end" else 0
        if step not in ("arrowup", "arrowdown"):
            self._column = None
        self._at = (self._at[0] if extend and self._at else to, min(last, max(0, to)))

    def _from(self, word: int, step: str) -> int:
        """The word that the step leads to."""
        if step in ("arrowup", "arrowdown"):
            return self._line(word, 1 if step == "arrowdown" else -1)
        return {"home": 0, "end": len(self._words) - 1}.get(step, word + (1 if step == "arrowright" else -1))

    def _line(self, word: int, step: int) -> int:
        """The word above or below, in the rows as they are drawn."""
        at = self._row(word)
        if self._column is None:
            self._column = self._rows[at].columns[self._words[word][0]]
        while 0 <= (at := at + step) < len(self._rows):
            columns = self._rows[at].columns
            if not columns:
                continue
            first = bisect_left(self._words, min(columns), key=lambda found: found[0])
            end = bisect_right(self._words, max(columns), key=lambda found: found[0])
            if first < end:
                wanted = self._column
                return min(range(first, end), key=lambda i: abs(columns[self._words[i][0]] - wanted))
        return word

    def _row(self, word: int) -> int:
        """Where a word begins."""
        place = self._words[word][0]
        return next(i for i, laid in enumerate(self._rows) if place in laid.columns)

    def _hold(self) -> None:
        """From here on the arrows choose more, as with Shift; or no longer."""
        if self._at is None:
            self._move("home", extend=False)
        self._extending = not self._extending

    def _uncertain(self) -> None:
        """Go to the proposal that is least certain of those not looked at."""
        waiting = [mark for mark in self._marks if mark.p is not None and mark not in self._visited]
        if not waiting:
            self.place.remark("There is no proposal that was not looked at.")
            return
        mark = min(waiting, key=lambda mark: mark.p or 0.0)
        self._visited.add(mark)
        self._at, self._extending = touched(self._words, mark.start, mark.end), False


def hidden(n: int, where: str) -> list[Line]:
    """That so many rows are there and not seen.

    >>> hidden(1, "above"), hidden(0, "below")
    ([('  1 more row above', 'dim')], [])
    """
    return [(f"  {n:,} more row{'' if n == 1 else 's'} {where}", "dim")] if n else []
