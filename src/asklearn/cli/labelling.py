"""Labelling in a terminal, for people on ssh: one question at a time, the keys of the page, the same core."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from asklearn.cli.keyboard import Ended, Keys, Watch, keys
from asklearn.cli.questions import Counter, Shown, counter
from asklearn.cli.terminal import number, plain, say
from asklearn.errors import SettingError
from asklearn.people.answers import Answer
from asklearn.server.accounts import annotator

RENEW = 45.0  # seconds after which a question on screen is kept for longer
THOUGHT = 300.0  # seconds; whoever takes longer was away
MANY = 20  # classes; where there are more, the keys belong to the likeliest
LONG = 4000  # characters of a text shown at once
LISTED = 10

DIGITS = "1234567890"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TAKEN = frozenset("abdfghnpuvxz" + "q")  # never a class: the page's, and q, which ends here

GUIDE = (
    "Choose the class that fits best. Unsure is for what cannot be told, flag for an item with something wrong, "
    "skip for not now."
)
HELP = """\
  1 ... 9 0, letters  choose the class that shows the key
  Enter or A          accept what the model proposes
  /                   find a class by a part of its name
  Space               skip: not now
  U                   unsure: it cannot be told
  F                   flag: something is wrong with this item
  N                   a note that goes with your answer
  Backspace, Ctrl+Z   take back the last answer
  Down                the rest of a long text
  H                   guidelines
  Q or Ctrl+C         end; every answer is saved already"""
LINES = """\
  Here every line is one key: an empty one is Enter, the others by their names (space, backspace). n TEXT is a note,
  /NAME a class by its name."""
SAYS = {"skip": "skipped", "unsure": "unsure", "flag": "flagged"}


@dataclass(frozen=True)
class Decision:
    """An answer that is saved, as it was read out."""

    key: str
    shown: Shown
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


def assign(names: Sequence[str]) -> list[str]:
    """A key for each class, as the page gives them: digits, then a letter of its own name, then any; "" at the end.

    >>> assign(["ham", "spam"])
    ['1', '2']
    """
    free = [letter for letter in LETTERS if letter not in TAKEN]
    given = list(DIGITS[: len(names)])
    for name in names[len(DIGITS) :]:
        key = next((sign for sign in name.lower() if sign in free), free[0] if free else "")
        given.append(key)
        if key:
            free.remove(key)
    return given


def matches(names: Sequence[str], wanted: str) -> list[int]:
    """The classes whose name holds `wanted`: the one of that name alone, else those that begin with it first.

    >>> matches(["spam", "ham", "hamster", "ham radio"], "ham"), matches(["spam", "ham"], "AM")
    ([1], [0, 1])
    """
    wanted = wanted.strip().lower()
    places = {i: name.lower().find(wanted) for i, name in enumerate(names)}
    exact = [i for i, name in enumerate(names) if name.lower() == wanted]
    return exact[:1] or sorted((i for i in places if places[i] >= 0), key=lambda i: places[i] > 0)


def harmless(text: str) -> list[str]:
    """A text in lines; every other control sign becomes visible, so that nothing in it steers the terminal.

    >>> harmless("one\\ttwo\\r\\n\\x1b[2J")
    ['one    two', '\\\\x1b[2J']
    """
    # Joiners shape letters of several scripts and hide nothing.
    kept = {"\t": "    ", "\u00a0": " ", "\u3000": "\u3000", "\u200c": "\u200c", "\u200d": "\u200d"}
    lines = text.replace("\r\n", "\n").split("\n")
    return ["".join(kept.get(sign) or plain(sign) for sign in line) for line in lines]


def percent(p: float) -> str:
    """
    >>> percent(0.997), percent(0.5), percent(0.001)
    ('>99%', '50%', '<1%')
    """
    return ">99%" if p > 0.99 else "<1%" if p < 0.01 else f"{p:.0%}"


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


class Paper:
    """stdout, written a piece at a time; on a terminal wrapped to its width, bold and dim where that is known."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Signs that the terminal cannot show must not end the work.
            sys.stdout.reconfigure(errors="backslashreplace")

    def write(self, *lines: tuple[str, str] | str) -> None:
        """Lines, each with its style or without; the style "item" puts a bar before it. Raises `Ended`."""
        from rich.console import Console
        from rich.text import Text

        width = shutil.get_terminal_size().columns if self.live else 1_000_000
        drawn = Console(
            file=io.StringIO(),
            width=width,
            force_terminal=self.live and os.environ.get("TERM") != "dumb",
            legacy_windows=False,
        )
        for line in lines:
            text, style = (line, "") if isinstance(line, str) else line
            if style == "item":
                for part in Text(text).wrap(drawn, max(width - 2, 1)) or [Text()]:
                    part.rstrip()
                    drawn.print(Text("│ ") + part, soft_wrap=True)
            else:
                drawn.print(Text(text, style=style), soft_wrap=not self.live)
        assert isinstance(drawn.file, io.StringIO)
        self.put(drawn.file.getvalue())

    def put(self, text: str) -> None:
        """This, as it is. Raises `Ended` when nobody can read it."""
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            # Whoever reads is gone; what is left in the buffer must not complain at the very end.
            with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
            raise Ended(signal.SIGHUP) from None


# -- the work -------------------------------------------------------------------------------------------------------


class Desk:
    """One person at a terminal: the question they look at, and what they said so far."""

    def __init__(self, source: Counter, by: str, typed: Keys) -> None:
        self.source, self.by, self.typed = source, by, typed
        self.paper = Paper()
        self._given: set[str] = set()  # keys of what was answered since the beginning, and counts
        self._names = [str(label) for label in source.setup.labels]
        self._shown: Shown | None = None
        # To be asked before anything new, last first: what was taken back, and what that cut short.
        self._waiting: list[Shown] = []
        self._done: list[Decision] = [self._recalled(past) for past in reversed(source.history())]
        self._note = ""
        self._recent: list[int] = []
        self._choices: dict[str, int] = {}
        self._unread = ""
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
                self._choices = {}
                others = ", others hold the rest" if self.source.status()["held"] else ""
                self.paper.write("", f"Nothing is left to ask you{others}. Backspace takes back, Q ends.")
                told = True
            key = self._key()
            if key == "q":
                return
            self._press(key)

    def leave(self) -> None:
        """Give back what is held."""
        held = [shown.item for shown in (self._shown, *self._waiting) if shown is not None]
        if held:
            self.source.release(held)

    def farewell(self) -> str:
        """The last words."""
        n = len(self._given)
        return f"\n{n:,} answer{'' if n == 1 else 's'} given and saved. {standing(self.source.status())}"

    def _next(self) -> bool:
        self._shown = self._waiting.pop() if self._waiting else self.source.ask()
        return self._shown is not None

    def _key(self) -> str:
        """The next key, "" where none came for a while: what is held is kept, as long as somebody may be thinking."""
        key = self.typed.press(RENEW)
        now = time.monotonic()
        if self._shown is not None and now - self._kept >= RENEW and now - self._since < THOUGHT:
            self.source.renew([shown.item for shown in (self._shown, *self._waiting)])
            self._kept = now
        return key or ""

    def _press(self, key: str) -> None:
        if self._shown is None and key not in ("backspace", "ctrl+z", "h", "?"):
            return
        if key in self._choices:
            self._choose(self._choices[key])
        elif key in ("enter", "a"):
            self._accept()
        elif key in ("space", "u", "f"):
            self._decide({"space": "skip", "u": "unsure", "f": "flag"}[key])
        elif key == "n" or key.startswith("n "):
            self._write(key[2:] or self._line("  note: "))
        elif key.startswith("/"):
            self._find(key[1:] or self._line("  class: "))
        elif key in ("backspace", "ctrl+z"):
            self._undo()
        elif key == "arrowdown":
            self._read_on()
        elif key == "h":
            self.paper.write(
                *(f"  {line}" for line in harmless(self.source.setup.guideline.strip() or GUIDE))
            )
        elif key == "?":
            self.paper.write(HELP, *([] if self.paper.live else [LINES]))
        elif key in self._names:
            self._choose(self._names.index(key))
        elif key not in ("", "escape"):
            self.paper.write((f"  {plain(key)} means nothing here; ? shows the keys", "dim"))

    def _line(self, prompt: str) -> str:
        self.paper.put(prompt)
        return self.typed.line()

    # -- answers

    def _choose(self, index: int) -> None:
        self._recent = [index, *(other for other in self._recent if other != index)]
        self._decide("label", index)

    def _accept(self) -> None:
        assert self._shown is not None
        if self._shown.proposed is None:
            self.paper.write(("  The model proposes nothing here: choose a class.", "dim"))
        else:
            self._choose(self._shown.proposed)

    def _decide(self, kind: str, index: int | None = None) -> None:
        """Save one answer; it is said to be saved once it is."""
        shown = self._shown
        assert shown is not None
        said = SAYS[kind] if index is None else self._names[index]
        key = str(uuid4())
        self.source.tell(
            Answer(
                key=key,
                item=shown.item,
                by=self.by,
                label=None if index is None else said,
                skip=kind == "skip",
                unsure=kind == "unsure",
                flag=kind == "flag",
                note=self._note,
                seconds=round(min(THOUGHT, time.monotonic() - self._since), 3),
                seen=None if shown.proposed is None else shown.model,
            )
        )
        self._shown = None
        self._done.append(Decision(key, shown, said, self._note))
        self._note = ""
        self._given.add(key)
        self.paper.write(f"  -> {plain(said)}, saved")

    def _undo(self) -> None:
        if not self._done:
            self.paper.write(("  There is nothing to take back.", "dim"))
            return
        last = self._done.pop()
        self.source.tell(Answer(undo=last.key, by=self.by))
        self._given.discard(last.key)
        self.paper.write(f"  taken back: {plain(last.said)}")
        self._waiting += [shown for shown in (self._shown, last.shown) if shown is not None]
        self._shown, self._note = None, last.note

    def _write(self, note: str) -> None:
        self._note = note.strip()
        self.paper.write(
            ("  The note goes with your answer." if self._note else "  No note goes with your answer.", "dim")
        )

    def _find(self, wanted: str) -> None:
        if not wanted.strip():
            return
        found = matches(self._names, wanted)
        if len(found) == 1:
            self._choose(found[0])
            return
        listed = ", ".join(plain(self._names[i]) for i in found[:LISTED])
        more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
        self.paper.write(
            (f"  {listed}{more}: write more of its name" if found else "  No class is called that.", "dim")
        )

    # -- on screen

    def _draw(self) -> None:
        """The question on screen; what was typed before it could be seen does not answer it."""
        shown = self._shown
        assert shown is not None
        status = self.source.status()
        lines: list[tuple[str, str] | str] = ["", (standing(status), "dim"), *self._advice(status), ""]
        lines += [*self._content(shown), "", (f"  why: {plain(shown.why)}", "dim"), *self._options(shown)]
        if self._note:
            lines.append(f"  note: {plain(self._note)}")
        self.typed.forget()
        self.paper.write(*lines)
        self._since = self._kept = time.monotonic()

    def _content(self, shown: Shown) -> list[tuple[str, str] | str]:
        content = shown.content
        if content["kind"] == "text":
            text = content["text"]
            text, self._unread = text[:LONG], text[LONG:]
            lines: list[tuple[str, str] | str] = [(line, "item") for line in harmless(text)]
            more = f"  {len(self._unread):,} more characters: the down arrow shows them"
            return [*lines, more] if self._unread else lines
        self._unread = ""
        if content["kind"] == "image":
            return [(f"image {plain(content['file'])}", "item")]
        return [
            (f"{plain(name)}: {'no value' if value is None or value == '' else plain(value)}", "item")
            for name, value in content["fields"]
        ]

    def _read_on(self) -> None:
        self.paper.write(*((line, "item") for line in harmless(self._unread)) if self._unread else "")
        self._unread = ""

    def _options(self, shown: Shown) -> list[tuple[str, str] | str]:
        """The classes with their keys, and what the model holds of them."""
        chances = shown.chances or (0.0,) * len(self._names)
        order = list(range(len(self._names)))
        given = assign(self._names)
        if len(self._names) > MANY:
            likely = sorted(order, key=lambda i: -chances[i])
            order = list(dict.fromkeys([*self._recent, *order])) if shown.chances is None else likely
            given = list(DIGITS)
        named = [(key, i) for key, i in zip(given, order, strict=False) if key]
        self._choices = dict(named)
        best = shown.proposed
        listed = []
        for key, i in named:
            chance = f" {percent(chances[i])}" if best is not None else ""
            listed.append(f"{key.upper()} {plain(self._names[i])}{chance}{' <- Enter' if i == best else ''}")
        line = "  " + "    ".join(listed)
        fits = len(line) < shutil.get_terminal_size().columns and len(listed) <= LISTED
        lines = [line] if fits or not self.paper.live else [f"  {choice}" for choice in listed]
        if len(named) < len(self._names):
            lines.append(f"  / finds any of the {len(self._names):,} classes by its name")
        return [(line, "bold") for line in lines]

    def _advice(self, status: dict[str, Any]) -> list[tuple[str, str] | str]:
        """Whether to go on, said once a model: it is advice, not news."""
        model, advice = status["model"], status["advice"]
        now = (model and model["version"], advice["stop"])
        if model is None or now == self._advised:
            return []
        self._advised = now
        verdict = "You can stop here" if advice["stop"] else "Worth going on"
        why = "; ".join(plain(why) for why in advice["why"])
        return [(f"{verdict}: {why}", "bold" if advice["stop"] else "dim")]

    def _recalled(self, past: dict[str, Any]) -> Decision:
        said = SAYS.get(past["kind"], str(past["label"]))
        shown = self.source.shown(past["item"], "you answered it before")
        return Decision(past["key"], shown, said, past["note"])
