"""Labelling in a terminal, for people on ssh: one question at a time, the keys of the page, the same core."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from asklearn.cli.answers import way_of
from asklearn.cli.keyboard import Ended, Keys, Watch, keys
from asklearn.cli.paper import Line, Paper, harmless
from asklearn.cli.questions import Counter, Shown, counter
from asklearn.cli.terminal import number, plain, say
from asklearn.errors import AnswerError, SettingError
from asklearn.events import Label
from asklearn.people.answers import Answer
from asklearn.server.accounts import annotator
from asklearn.settings import task_of

RENEW = 45.0  # seconds after which a question on screen is kept for longer
THOUGHT = 300.0  # seconds; whoever takes longer was away

UNSURE = "Unsure is for what cannot be told, flag for an item with something wrong, skip for not now."
HELP = """\
  Space               skip: not now
  U                   unsure: it cannot be told
  F                   flag: something is wrong with this item
  N                   a note that goes with your answer
  Backspace, Ctrl+Z   take back the last answer
  H                   guidelines
  Q or Ctrl+C         end; every answer is saved already"""
# What a key says of an item instead of an answer, and how that is read out.
SAYS = {"space": ("skip", "skipped"), "u": ("unsure", "unsure"), "f": ("flag", "flagged")}


@dataclass(frozen=True)
class Decision:
    """An answer that is saved, as it was read out."""

    key: str
    shown: Shown
    label: Label | None
    said: str
    note: str


def label_here(folder: Path, by: str) -> None:
    """Ask `by` one question after the other until they end it; what they hold is given back then.

    Where a server holds the project already, it is asked. Raises `SettingError` for a project that the terminal
    cannot ask about, `JournalError` when another program holds it; after a signal `SystemExit`, after Ctrl+C
    `KeyboardInterrupt`, with everything answered saved.
    """
    annotator(by)
    if sys.stdin is None or sys.stdout is None:
        raise SettingError("somebody has to read and to answer: stdin or stdout is closed")
    ended: Ended | None = None
    with counter(folder, by) as source, Watch() as watch:
        if source.remark:
            say(source.remark)
        with keys(watch) as typed:
            desk = Desk(source, by, typed)
            try:
                desk.work()
            except Ended as end:
                ended = end
            finally:
                desk.leave()
        if ended is None or ended.signal is None or ended.signal == signal.SIGINT:
            with suppress(Ended):
                desk.paper.write(desk.farewell())
    if ended is not None and ended.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if ended is not None and ended.signal is not None:
        raise SystemExit(128 + ended.signal)


# -- what is shown --------------------------------------------------------------------------------------------------


def standing(status: dict[str, Any]) -> str:
    """Where the project stands, in a line."""
    parts = [f"{status['labelled']:,} of {status['rows']:,} labelled"]
    if status["budget"] is not None:
        parts.append(f"budget {status['budget']:,}")
    model = status["model"]
    if model is None:
        parts.append("no model yet")
    else:
        newer = model["age_labels"]
        age = f"{newer:,} label{'' if newer == 1 else 's'} ago" if newer else "knows every label"
        parts.append(f"model {model['version']}, {age}")
    estimate = status["estimate"]
    if estimate is not None:
        span = f"{number(estimate['low'], 2)} to {number(estimate['high'], 2)}"
        parts.append(
            f"{estimate['metric']} {number(estimate['value'], 2)} ({span}) from {estimate['n']:,} random items"
        )
    elif model is not None:
        parts.append("quality not known yet")
    if status["learning"]["running"]:
        parts.append("learning ...")
    return " · ".join(parts)


# -- the work -------------------------------------------------------------------------------------------------------


class Desk:
    """One person at a terminal: the question they look at, and what they said so far."""

    def __init__(self, source: Counter, by: str, typed: Keys) -> None:
        self.source, self.by, self.typed = source, by, typed
        self.paper = Paper()
        self._way = way_of(task_of(source.setup), self)
        self._given: set[str] = set()  # keys of what was answered since the beginning, and counts
        self._shown: Shown | None = None
        # To be asked before anything new, last first: what was taken back, and what that cut short, each with what was
        # said or chosen.
        self._waiting: list[tuple[Shown, Label | None]] = []
        self._done: list[Decision] = [self._recalled(past) for past in reversed(source.history())]
        self._note = ""
        self._remark = ""
        self._since = self._kept = 0.0
        self._advised: tuple[Any, ...] = ()

    def work(self) -> None:
        """Ask until nothing is left or somebody ends it. Raises `Ended`."""
        self.paper.write((f"You label as {plain(self.by)}. ? shows the keys, Q ends.", "dim"))
        told = False
        while True:
            if self._shown is None and self._next():
                self._draw()
                told = False
            elif self._shown is None and not told:
                others = ", others hold the rest" if self.source.status()["held"] else ""
                self.paper.write("", f"Nothing is left to ask you{others}. Backspace takes back, Q ends.")
                told = True
            key = self._key()
            if not key:
                continue
            self._remark = ""
            if self._read(key) if self.typed.whole else self._press(key):
                return
            if not self.typed.whole:
                self._panel()

    def leave(self) -> None:
        """Give back what is held."""
        held = [shown.item for shown in self._held()]
        if held:
            self.source.release(held)

    def farewell(self) -> str:
        """The last words."""
        n = len(self._given)
        return f"\n{n:,} answer{'' if n == 1 else 's'} given and saved. {standing(self.source.status())}"

    # -- what a way of answering may do

    def give(self, label: Label) -> None:
        """Save it as the answer."""
        self._decide("label", label)

    def remark(self, line: str) -> None:
        """Below the question, until the next key."""
        self._remark = f"  {plain(line)}"
        if self.typed.whole or self._shown is None:
            self.paper.write((self._remark, "dim"))

    def line(self, prompt: str) -> str:
        """A line that somebody writes. Raises `Ended`."""
        self.paper.ask(prompt)
        return self.typed.line()

    # -- keys and lines

    def _key(self) -> str:
        """The next key, "" where none came for a while: what is held is kept, as long as somebody may be thinking."""
        key = self.typed.press(RENEW, self._way.repeats)
        now = time.monotonic()
        if self._shown is not None and now - self._kept >= RENEW and now - self._since < THOUGHT:
            self.source.renew([shown.item for shown in self._held()])
            self._kept = now
        return key or ""

    def _press(self, key: str) -> bool:
        """What a key on a terminal does; whether it ends the work."""
        if self._shown is not None and self._way.press(key):
            return False
        if key == "n" and self._shown is not None:
            self._write(self.line("  note: "))
        elif not self._common(key) and len(key) == 1 and key != "q" and self._shown is not None:
            self.remark(f"{key} means nothing here; ? shows the keys")
        return key == "q"

    def _read(self, line: str) -> bool:
        """What a line does: a key by its name, or a whole answer; whether it ends the work."""
        key = line.lower()
        if key == "n" and self._shown is not None:
            self._write(self.line("  note: "))
        elif key.startswith("n ") and self._shown is not None:
            self._write(line[2:])
        elif not self._common(key) and key not in ("q", "escape") and self._shown is not None:
            try:
                self._way.read(line)
            except AnswerError as error:
                self.remark(str(error))
        return key == "q"

    def _common(self, key: str) -> bool:
        """What every task has; whether the key is one of these, and means something now."""
        if key in ("backspace", "ctrl+z"):
            self._undo()
        elif key == "h":
            words = self.source.setup.guideline.strip() or f"{self._way.guide} {UNSURE}"
            self.paper.write(*(f"  {line}" for line in harmless(words)))
        elif key == "?":
            self.paper.write(*([HELP, self._way.written] if self.typed.whole else [self._way.keys, HELP]))
        elif self._shown is None:
            return False
        elif key in ("enter", "a"):
            self._way.accept()
        elif key in SAYS:
            self._decide(SAYS[key][0])
        elif key == "arrowdown":
            self.paper.write(*self._way.read_on())
        else:
            return False
        return True

    # -- answers

    def _decide(self, kind: str, label: Label | None = None) -> None:
        """Save one answer; it is said to be saved once it is."""
        shown = self._shown
        assert shown is not None
        said = self._words(kind, label)
        key = str(uuid4())
        self.source.tell(
            Answer(
                key=key,
                item=shown.item,
                by=self.by,
                label=label,
                skip=kind == "skip",
                unsure=kind == "unsure",
                flag=kind == "flag",
                note=self._note,
                seconds=round(min(THOUGHT, time.monotonic() - self._since), 3),
                seen=shown.model,
            )
        )
        self._shown = None
        self._done.append(Decision(key, shown, label, said, self._note))
        self._note = ""
        self._given.add(key)
        self.paper.write(f"  -> {plain(said)}, saved")

    def _undo(self) -> None:
        if not self._done:
            self.remark("There is nothing to take back.")
            return
        last = self._done.pop()
        self.source.tell(Answer(undo=last.key, by=self.by))
        self._given.discard(last.key)
        self.paper.write(f"  taken back: {plain(last.said)}")
        if self._shown is not None:
            self._waiting.append((self._shown, self._way.chosen))
        self._waiting.append((last.shown, last.label))
        self._shown, self._note = None, last.note

    def _write(self, note: str) -> None:
        self._note = note.strip()
        self.remark("The note goes with your answer." if self._note else "No note goes with your answer.")

    def _words(self, kind: str, label: Label | None) -> str:
        """An answer, as it is read out."""
        return self._way.said(label) if kind == "label" else dict(SAYS.values()).get(kind, kind)

    def _recalled(self, past: dict[str, Any]) -> Decision:
        shown = self.source.shown(past["item"], "you answered it before")
        label = past["label"]
        return Decision(past["key"], shown, label, self._words(past["kind"], label), past["note"])

    # -- on screen

    def _held(self) -> list[Shown]:
        """What is on screen, and what waits."""
        return [*([] if self._shown is None else [self._shown]), *(shown for shown, _ in self._waiting)]

    def _next(self) -> bool:
        self._shown, start = self._waiting.pop() if self._waiting else (self.source.ask(), None)
        if self._shown is not None:
            self._way.show(self._shown, start)
        return self._shown is not None

    def _draw(self) -> None:
        """The question on screen; what was typed before it could be seen does not answer it."""
        status = self.source.status()
        self.typed.forget()
        below = self._way.written_out() if self.typed.whole else []
        if self._note and below:
            below.append(f"  note: {plain(self._note)}")
        self.paper.write("", (standing(status), "dim"), *self._advice(status), "", *self._way.above(), *below)
        if not self.typed.whole:
            self._panel()
        self._since = self._kept = time.monotonic()

    def _panel(self) -> None:
        """What changes while a question is answered, below it and in its place."""
        if self._shown is None:
            return
        lines = self._way.panel(self.paper.size)
        if self._note:
            lines.append(f"  note: {plain(self._note)}")
        if self._remark:
            lines.append((self._remark, "dim"))
        self.paper.panel(lines, self._way.prompt)

    def _advice(self, status: dict[str, Any]) -> list[Line]:
        """Whether to go on, said once a model: it is advice, not news."""
        model, advice = status["model"], status["advice"]
        now = (model and model["version"], advice["stop"])
        if model is None or now == self._advised:
            return []
        self._advised = now
        verdict = "You can stop here" if advice["stop"] else "Worth going on"
        why = "; ".join(plain(why) for why in advice["why"])
        return [(f"{verdict}: {why}", "bold" if advice["stop"] else "dim")]
