"""What somebody at a terminal reads: lines that stay, and below them a panel that is drawn anew in its place."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asklearn.cli.keyboard import Ended
from asklearn.cli.terminal import plain

# Joiners shape letters of several scripts and hide nothing.
KEPT = {"\t": "    ", "\u00a0": " ", "\u3000": "\u3000", "\u200c": "\u200c", "\u200d": "\u200d"}
WIDE = os.terminal_size((1_000_000, 1_000_000))  # where nobody looks: enough for everything


@dataclass(frozen=True)
class Row:
    """One line in parts, each a text and its style; already as wide as it should be."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


# A line without or with its style; the style "item" puts a bar before it, and before what does not fit in one row.
Line = str | tuple[str, str] | Row


def visible(sign: str) -> str:
    """One sign of a stranger's text as it may stand on a terminal.

    >>> visible("a"), visible("\\t"), visible("\\x1b")
    ('a', '    ', '\\\\x1b')
    """
    return KEPT.get(sign) or plain(sign)


def harmless(text: str) -> list[str]:
    """A text in lines; every other control sign becomes visible, so that nothing in it steers the terminal.

    >>> harmless("one\\ttwo\\r\\n\\x1b[2J")
    ['one    two', '\\\\x1b[2J']
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return ["".join(map(visible, line)) for line in lines]


class Paper:
    """stdout, written a piece at a time; on a terminal wrapped to its width, bold and dim where that is known."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self._steered = self.live and os.environ.get("TERM") != "dumb"
        self._panel: list[str] = []  # the rows that can still be drawn over
        self._size = os.terminal_size((0, 0))  # when they were drawn
        self._open = False  # the cursor stands behind a prompt
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Signs that the terminal cannot show must not end the work.
            sys.stdout.reconfigure(errors="backslashreplace")

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines."""
        return shutil.get_terminal_size() if self.live else WIDE

    def write(self, *lines: Line) -> None:
        """Lines that stay. Raises `Ended`."""
        if lines:
            self.put(self._close() + self._drawn(lines))

    def panel(self, lines: Sequence[Line], prompt: str = "") -> None:
        """Lines in the place of those drawn last, if nothing was written since; then the prompt. Raises `Ended`.

        A terminal that cannot go back gets the rows that are new.
        """
        size = self.size
        rows = self._drawn(lines).splitlines()
        if not self._steered:
            shown = [row for row in rows if row not in self._panel]
            back = "\n" if self._open else ""
        else:
            shown = rows
            above = len(self._panel)
            back = (
                f"\r\x1b[{above}A\x1b[J"
                if above and size == self._size and above < size.lines
                else self._close()
            )
        self._panel, self._size, self._open = rows, size, bool(prompt)
        self.put(back + "".join(f"{row}\n" for row in shown) + prompt)

    def ask(self, prompt: str) -> None:
        """What stands before a line that somebody writes. Raises `Ended`."""
        self.put(self._close() + prompt)

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

    def _close(self) -> str:
        """What has to be written so that the panel stays as it is."""
        end = "\n" if self._open else ""
        self._panel, self._open = [], False
        return end

    def _drawn(self, lines: Sequence[Line]) -> str:
        from rich.console import Console
        from rich.text import Text

        width = self.size.columns
        drawn = Console(file=io.StringIO(), width=width, force_terminal=self._steered, legacy_windows=False)
        for line in lines:
            if isinstance(line, Row):
                drawn.print(Text.assemble(*line.parts), soft_wrap=True)
                continue
            text, style = (line, "") if isinstance(line, str) else line
            if style == "item":
                for part in Text(text).wrap(drawn, max(width - 2, 1)) or [Text()]:
                    part.rstrip()
                    drawn.print(Text("│ ") + part, soft_wrap=True)
            else:
                drawn.print(Text(text, style=style), soft_wrap=not self.live)
        assert isinstance(drawn.file, io.StringIO)
        return drawn.file.getvalue()
