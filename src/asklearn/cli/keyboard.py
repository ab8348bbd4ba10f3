"""What somebody types: single keys on a terminal, lines from anything else; and the signals that end both."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import FrameType
from typing import Any, Protocol

HELD = 0.1  # seconds; a key that is held down comes again within this, a finger that presses anew does not
SPLIT = 0.05  # seconds for the rest of an escape sequence, which a slow line may tear in two
ENDING = ("SIGINT", "SIGTERM", "SIGHUP")

# Other keys that send an escape sequence mean nothing: their last letter must not choose a label.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\x1b\[O])")
ARROWS = {
    "A": "arrowup",
    "B": "arrowdown",
    "C": "arrowright",
    "D": "arrowleft",
    "H": "home",
    "F": "end",
}
NAMES = {
    "\r": "enter",
    "\n": "enter",
    " ": "space",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x1a": "ctrl+z",
    "\x04": "q",
    "\t": "tab",
    "\x1b": "escape",
    "\x1b[3~": "delete",
    **{f"\x1b{begin}{end}": key for end, key in ARROWS.items() for begin in "[O"},
    **{f"\x1b[1;2{end}": f"shift+{key}" for end, key in ARROWS.items()},
    **{f"\x1b[{end.lower()}": f"shift+{key}" for end, key in ARROWS.items() if end in "ABCD"},  # rxvt
    **{f"\x1b[{number}~": key for number, key in {1: "home", 7: "home", 4: "end", 8: "end"}.items()},
}


class Ended(Exception):
    """Nothing more will be typed: the input is at its end, or `signal` says why (2 is Ctrl+C, 1 a closed terminal)."""

    def __init__(self, signal: int | None = None) -> None:
        super().__init__(signal)
        self.signal = signal


class Keys(Protocol):
    """What is typed, key by key; `whole` where each is a line, and may be a whole answer."""

    whole: bool

    def press(self, patience: float, repeats: Callable[[str], bool]) -> str | None:
        """The next key by its name ("1", "enter", "ctrl+z"), None when none came within `patience` seconds.

        A key that is held down counts once, unless it `repeats`. Raises `Ended`.
        """
        ...

    def line(self) -> str:
        """A line that somebody writes, without its end. Raises `Ended`."""
        ...

    def forget(self) -> None:
        """Drop what was typed so far: it cannot have been meant for what is shown next."""
        ...


class Watch:
    """Signals that end the work, held back until somebody waits for a key: none hits an answer half saved.

    The third Ctrl+C is obeyed at once.
    """

    def __init__(self) -> None:
        self._waiting = False
        self._heard: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Watch:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in ENDING if hasattr(signal, name)):
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants to survive the terminal
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Signals count at once in here, also one that came before."""
        self._waiting = True
        try:
            if self._heard:
                raise Ended(self._heard[0])
            yield
        finally:
            self._waiting = False

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._heard.append(number)
        if self._waiting:
            self._waiting = False
            raise Ended(number)
        if self._heard.count(signal.SIGINT) > 2:
            raise KeyboardInterrupt


def parse(typed: str) -> tuple[str, str]:
    """The name of the first key in what was typed ("" for one that means nothing here), and the rest.

    >>> parse("U2"), parse("\\x1b[Bx"), parse("\\x1b[1;5Dd")
    (('u', '2'), ('arrowdown', 'x'), ('', 'd'))
    """
    found = SEQUENCE.match(typed)
    sign = found.group() if found else typed[:1]
    plain = sign.lower() if sign.isprintable() else ""
    return NAMES.get(sign, plain), typed[len(sign) :]


def edited(line: str) -> str:
    """The line as the terminal would have edited it: what is typed ahead of a question for it comes as it is.

    >>> edited("nott\x7f su\x1b[Dre")
    'not sure'
    """
    signs: list[str] = []
    for sign in SEQUENCE.sub("", line):
        if sign in "\x7f\b":
            del signs[-1:]
        elif sign.isprintable() or sign == "\t":
            signs.append(sign)
    return "".join(signs)


class Source:
    """Text from a file descriptor, waited for with patience."""

    def __init__(self, file: int, watch: Watch, encoding: str = "utf-8") -> None:
        self._file, self._watch = file, watch
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def read(self, patience: float | None) -> str | None:
        """What has come, "" when nothing did in time, None at the end."""
        with self._watch.waiting():
            if not select.select([self._file], [], [], patience)[0]:
                return ""
            try:
                found = os.read(self._file, 4096)
            except OSError:  # the terminal is gone
                return None
        return self._decoder.decode(found) if found else None


class Lines:
    """Lines from a pipe or a file, as they are written; an empty one is enter."""

    whole = True

    def __init__(self, source: Source) -> None:
        self._source = source
        self._typed = ""
        self._over = False

    def press(self, patience: float, repeats: Callable[[str], bool]) -> str | None:
        line = self._next(patience)
        if line is None:
            return None
        text = line.strip()
        return text or ("space" if line else "enter")

    def line(self) -> str:
        line = self._next(None)
        assert line is not None
        return line

    def forget(self) -> None:
        """Nothing: who writes into a pipe cannot be early."""

    def _next(self, patience: float | None) -> str | None:
        while "\n" not in self._typed and not self._over:
            more = self._source.read(patience)
            if more == "":
                if patience is not None:
                    return None
            elif more is None:
                self._over = True
            else:
                self._typed += more
        if not self._typed:
            raise Ended
        line, _, self._typed = self._typed.partition("\n")
        return line.removesuffix("\r")


class Terminal:
    """Keys as they are pressed, on a POSIX terminal."""

    whole = False

    def __init__(self, file: int, source: Source) -> None:
        import termios

        self._file, self._source = file, source
        self._before = termios.tcgetattr(file)
        self._typed = ""
        self._came = 0.0  # when that was read, however long it takes until it is looked at
        self._last = ("", 0.0)

    def __enter__(self) -> Terminal:
        self._set(single=True)
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def press(self, patience: float, repeats: Callable[[str], bool]) -> str | None:
        if not self._typed and not self._more(patience):
            return None
        while self._typed.startswith("\x1b") and not SEQUENCE.match(self._typed) and self._more(SPLIT):
            pass
        key, self._typed = parse(self._typed)
        before, self._last = self._last, (key, self._came)
        held = key == before[0] and self._last[1] - before[1] < HELD
        return None if held and not repeats(key) else key

    def line(self) -> str:
        self._set(single=False)  # the terminal's own editing of lines
        try:
            while not (end := re.search(r"[\r\n]", self._typed)):
                more = self._source.read(None)
                if more is None:  # Ctrl+D; a closed terminal will say so once more
                    return ""
                self._typed += more
        finally:
            self._set(single=True)
        line, self._typed = self._typed[: end.start()], self._typed[end.end() :]
        return edited(line)

    def forget(self) -> None:
        while self._more(0):
            pass
        while self._typed:
            key, self._typed = parse(self._typed)
            self._last = (key, time.monotonic())  # one that is held down is known by it

    def _more(self, patience: float) -> bool:
        more = self._source.read(patience)
        if more is None:
            raise Ended(signal.SIGHUP)
        if more:
            self._typed, self._came = self._typed + more, time.monotonic()
        return bool(more)

    def _set(self, *, single: bool) -> None:
        """Every key at once and unseen, or whole lines; Ctrl+Z undoes here and must not stop the program."""
        import termios

        wanted = list(self._before)
        wanted[6] = list(self._before[6])
        wanted[6][termios.VSUSP] = bytes([os.fpathconf(self._file, "PC_VDISABLE") & 0xFF])
        if single:
            wanted[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
            wanted[6][termios.VMIN], wanted[6][termios.VTIME] = 1, 0
        try:
            termios.tcsetattr(self._file, termios.TCSADRAIN, wanted)
        except termios.error:
            raise Ended(signal.SIGHUP) from None


def keys(watch: Watch) -> AbstractContextManager[Keys]:
    """The keyboard where a person sits at a terminal, else lines from stdin."""
    file = sys.stdin.fileno()
    source = Source(file, watch, sys.stdin.encoding or "utf-8")
    if sys.stdin.isatty() and sys.stdout.isatty():
        return Terminal(file, source)
    return nullcontext(Lines(source))
